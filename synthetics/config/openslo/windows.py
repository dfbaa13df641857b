"""Windows and durations in OpenSLO's shorthand: one number, one unit."""

from __future__ import annotations

import re
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slo.window import DAY_MS, Calendar, Rolling, Unit, Window

SHORT_MS: Final = {"w": 7 * DAY_MS, "d": DAY_MS, "h": 3_600_000, "m": 60_000}
_SHORTHAND = re.compile(r"([1-9][0-9]{0,8})([mhdwMQY])")
# 2024 began on a Monday, so that its first midnight begins a period of every kind.
_UNITS: Final[dict[Unit, str]] = {
    "day": "1d",
    "week": "1w",
    "month": "1M",
    "quarter": "1Q",
    "half-year": "6M",
    "year": "1Y",
    "fiscal-year": "1Y",
}
_PERIODS: Final[dict[str, Unit]] = {
    text: unit for unit, text in _UNITS.items() if unit != "fiscal-year"
}
_STARTS = re.compile(r"[0-9]{4}-([0-9]{2})-([0-9]{2})([T ]00:00(:00)?)?")
MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)


class CannotSay(Exception):
    """Something that one of the two has no words for; the message says what."""


def short(ms: int) -> str:
    """
    *ms* as one number and one unit: ``90m`` for an hour and a half.

    Raises:
        CannotSay: It is no whole number of minutes.
    """
    for unit, size in SHORT_MS.items():
        if unit != "w" and ms % size == 0:
            return f"{ms // size}{unit}"
    raise CannotSay(f"a time of {ms / 1000:g}s, as OpenSLO knows whole minutes")


def milliseconds(text: object) -> int:
    """
    What ``5m`` means.

    Raises:
        CannotSay: It is no shorthand of a fixed length.
    """
    found = _SHORTHAND.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[2] not in SHORT_MS:
        raise CannotSay(f"{text!r} is no time such as 5m, 1h or 30d")
    return int(found[1]) * SHORT_MS[found[2]]


def said(window: Window) -> dict[str, Any]:
    """
    *window* as an item of ``timeWindow``.

    Raises:
        CannotSay: OpenSLO has no word for its length.
    """
    if isinstance(window, Rolling):
        return {"duration": short(window.length_ms), "isRolling": True}
    return {
        "duration": _UNITS[window.unit],
        "isRolling": False,
        "calendar": {
            "startTime": f"2024-{window.starts:02d}-01 00:00:00",
            "timeZone": window.timezone.key,
        },
    }


def read(duration: object, *, rolling: bool, start: object, zone: object) -> Window:
    """
    The window that an item of ``timeWindow`` says.

    Raises:
        CannotSay: There is no such window.
    """
    if rolling:
        return Rolling(milliseconds(duration))
    unit = _PERIODS.get(str(duration))
    if unit is None:
        raise CannotSay(f"a calendar window of {duration}; there are {', '.join(_PERIODS)}")
    begins = _STARTS.fullmatch(str(start))
    if begins is None or (unit not in {"day", "week"} and begins[2] != "01"):
        raise CannotSay(f"periods that begin at {start}; they begin at midnight, on the first")
    try:
        timezone = ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError):
        raise CannotSay(f"the time zone {zone}") from None
    month = int(begins[1])
    if not 1 <= month <= 12:
        raise CannotSay(f"a month {month}")
    if unit == "year" and month != 1:
        return Calendar("fiscal-year", timezone, month)
    if unit in {"quarter", "half-year"}:
        return Calendar(unit, timezone, month)
    return Calendar(unit, timezone)
