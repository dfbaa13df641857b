"""Windows that come again every week, as the hours outside of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from synthetics.convert.draft import Draft
from synthetics.convert.written import identifier

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
_WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Window:
    """
    A time of the week that comes again.

    Attributes:
        days: On which it begins, 0 is Monday.
        start: Minutes after midnight, from 0 to 1439.
        minutes: How long it lasts, from 1 to a day.
        timezone: Whose clock, as an IANA name.
    """

    days: frozenset[int]
    start: int
    minutes: int
    timezone: str


def known(timezone: str) -> bool:
    """Whether there is a time zone of that name."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def outside(draft: Draft, windows: Iterable[Window], name: str) -> str:
    """
    The identifier of hours, made if they are new, that are open outside of *windows*.

    Args:
        draft: Written to.
        windows: At least one, all by the clock of one time zone.
        name: What to call them.

    Returns:
        Empty if they would never be open.
    """
    several = list(windows)
    closed = bytearray(_WEEK)
    for window in several:
        for day in window.days:
            begin = day * DAY + window.start
            for minute in range(begin, begin + window.minutes):
                closed[minute % _WEEK] = 1
    weekly: dict[str, list[str]] = {}
    for number, name_of_day in enumerate(DAYS):
        if spans := _open(closed[number * DAY : (number + 1) * DAY]):
            weekly[name_of_day] = spans
    if not weekly:
        return ""
    written = {"timezone": several[0].timezone, "weekly": _together(weekly)}
    for key, value in draft.hours.items():
        if value == written:
            return key
    chosen = identifier(name, draft.hours, "hours")
    draft.hours[chosen] = written
    return chosen


def _open(closed: bytearray) -> list[str]:
    """The spans of one day that are not *closed*."""
    spans = []
    begin: int | None = None
    for minute in range(DAY + 1):
        is_open = minute < DAY and not closed[minute]
        if is_open and begin is None:
            begin = minute
        elif not is_open and begin is not None:
            spans.append(f"{begin // 60:02}:{begin % 60:02}-{minute // 60:02}:{minute % 60:02}")
            begin = None
    return spans


def _together(weekly: dict[str, list[str]]) -> dict[str, str | list[str]]:
    """Days that follow each other with the same hours as one entry."""
    runs: list[tuple[str, str, list[str]]] = []
    for day, spans in weekly.items():
        if runs and runs[-1][2] == spans and DAYS.index(day) == DAYS.index(runs[-1][1]) + 1:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return {
        first if first == last else f"{first}-{last}": spans[0] if len(spans) == 1 else spans
        for first, last, spans in runs
    }
