"""Maintenance of Uptime Kuma: what comes every week as hours, what comes once as it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from synthetics.convert import hours
from synthetics.convert.draft import Draft
from synthetics.convert.hours import DAY, Window
from synthetics.convert.tree import Item
from synthetics.convert.written import plain

_TO_DO = "let cron run `synthetics maintenance add` whenever it begins"


def read(listed: Item, draft: Draft) -> str:
    """
    Add what comes once to *draft*.

    Returns:
        The identifier of the hours outside of what comes every week, empty if nothing does.
    """
    windows: list[Window] = []
    for each in listed.items():
        title = each["title"].text() or "maintenance"
        each.skip(
            "id", "timeslotList", "timezoneOption", "timezoneOffset", "status", "duration",
            "durationMinutes", "description", "intervalDay", "daysOfMonth", "weekdays",
        )  # fmt: skip
        if not each["active"].flag(default=True):
            draft.note(each, f"maintenance {title!r} is left out: it is not active")
        elif each["strategy"].text() == "single":
            _once(each, title, draft)
        elif (window := _weekly(each)) is None:
            what = f"maintenance {title!r} is left out: it does not come every week; {_TO_DO}"
            draft.note(each, what)
        elif windows and windows[0].timezone != window.timezone:
            what = (
                f"maintenance {title!r} is left out: it goes by the clock of {window.timezone}, "
                f"and there is {windows[0].timezone} too"
            )
            draft.note(each, what)
        else:
            windows.append(window)
            what = f"maintenance {title!r}: for all monitors, as the file does not say for which"
            draft.note(each, what)
    return hours.outside(draft, windows, "outside-maintenance") if windows else ""


def _once(item: Item, title: str, draft: Draft) -> None:
    try:
        zone = ZoneInfo(item["timezone"].text("UTC"))
        begin, end = (
            datetime.fromisoformat(each.text().replace("Z", "")).replace(tzinfo=zone)
            for each in item["dateRange"].items()
        )
    except (ValueError, OSError, KeyError):
        draft.note(item, f"maintenance {title!r} is left out: it has no beginning and end")
        return
    written = {"from": begin.isoformat(), "to": end.isoformat(), "reason": plain(title)}
    if begin < end:
        draft.maintenance.append(written)
        what = f"maintenance {title!r}: for all monitors, as the file does not say for which"
        draft.note(item, what)
    else:
        draft.note(item, f"maintenance {title!r} is left out: it ends before it begins")


def _weekly(item: Item) -> Window | None:
    strategy = item["strategy"].text()
    timezone = item["timezone"].text("UTC")
    if not hours.known(timezone):
        return None
    if strategy == "cron":
        return _of_cron(item["cron"].text(), int(item["durationMinutes"].number()), timezone)
    times = [_minutes(each.value) for each in item["timeRange"].items()]
    if len(times) != 2 or None in times:
        return None
    begin, end = (minute or 0 for minute in times)
    days = {int(day.number()) for day in item["weekdays"].items()}
    if strategy == "recurring-interval" and int(item["intervalDay"].number()) == 1:
        days = set(range(7))
    elif strategy != "recurring-weekday" or not days:
        return None
    numbers = frozenset((day - 1) % 7 for day in days)  # Sunday is 0 there, Monday is 0 here
    return Window(days=numbers, start=begin, minutes=(end - begin) % DAY or DAY, timezone=timezone)


def _minutes(value: object) -> int | None:
    if not isinstance(value, Mapping):
        return None
    clock, minute = value.get("hours"), value.get("minutes", 0)
    if not isinstance(clock, int) or not isinstance(minute, int):
        return None
    return (clock * 60 + minute) % DAY


def _of_cron(cron: str, minutes: int, timezone: str) -> Window | None:
    """One time of the day, on some days of the week."""
    fields = cron.split()
    if len(fields) != 5 or fields[2:4] != ["*", "*"] or not 0 < minutes <= DAY:
        return None
    if not (fields[0].isdecimal() and fields[1].isdecimal()):
        return None
    days: set[int] = set()
    for part in fields[4].split(","):
        first, _, last = part.partition("-")
        if part == "*":
            days |= set(range(7))
        elif first.isdecimal() and (last or first).isdecimal():
            days |= {day % 7 for day in range(int(first), int(last or first) + 1)}
        else:
            return None
    start = int(fields[1]) * 60 + int(fields[0])
    numbers = frozenset((day - 1) % 7 for day in days)
    return Window(days=numbers, start=start % DAY, minutes=minutes, timezone=timezone)
