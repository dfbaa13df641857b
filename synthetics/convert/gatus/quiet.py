"""Maintenance of Gatus, which comes again, as the hours outside of it."""

from __future__ import annotations

from synthetics.convert import hours
from synthetics.convert.draft import Draft
from synthetics.convert.gatus.fill import seconds
from synthetics.convert.hours import Window
from synthetics.convert.tree import Item

_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SAID = (
    "nothing is asked in maintenance here, and it does not count; Gatus asks, counts and is silent"
)


def windows(item: Item, draft: Draft) -> list[Window]:
    """Those in *item*, one or a list; what cannot be said is named."""
    found = []
    for each in item.items():
        if not each["enabled"].flag(default=True):
            draft.note(each, "maintenance is left out: it is not enabled")
            continue
        window = _window(each)
        if window is None:
            what = (
                "maintenance is left out: it has no `start` as hh:mm, no `duration` up to a day, "
                "or a day or a time zone that is none"
            )
            draft.note(each, what)
            continue
        draft.note(each.line, _SAID)
        found.append(window)
    return found


def only(draft: Draft, several: list[Window], line: int) -> str:
    """The hours outside of *several*, to write as ``only``; empty if there are none."""
    zone = several[0].timezone if several else ""
    if odd := [window for window in several if window.timezone != zone]:
        what = f"maintenance by the clock of {odd[0].timezone} is left out: there is {zone} too"
        draft.note(line, what)
    same = [window for window in several if window.timezone == zone]
    if not same:
        return ""
    chosen = hours.outside(draft, same, "outside-maintenance")
    if not chosen:
        draft.note(line, "maintenance is left out: there would be no time without")
    return chosen


def _window(item: Item) -> Window | None:
    start, days = item["start"].text(), [day.text() for day in item["every"].items()]
    clock, _, minute = start.partition(":")
    minutes = int(seconds(item["duration"], 0) // 60)
    timezone = item["timezone"].text("UTC")
    if not (len(start) == 5 and clock.isdecimal() and minute.isdecimal()):
        return None
    begin = int(clock) * 60 + int(minute)
    fits = 0 <= begin < hours.DAY and 0 < minutes <= hours.DAY and int(minute) < 60
    if not fits or not set(days) <= set(_LONG) or not hours.known(timezone):
        return None
    numbers = frozenset(_LONG.index(day) for day in days) or frozenset(range(7))
    return Window(days=numbers, start=begin, minutes=minutes, timezone=timezone)
