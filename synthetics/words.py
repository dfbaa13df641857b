"""
How numbers are said to people: the only place that rounds.

Rounding always goes against us.  Availability, coverage, and what is left of a budget are
rounded down; downtime and what was used are rounded up.  So a missed objective never reads
like a met one, and nothing reads 100 % that was not whole.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from slo.window import PARTS_OF_YEARS, Rolling, Window
from synthetics.clock import instant

UNKNOWN: Final = "unknown"
MOST_DIGITS: Final = 12
"""Digits after the point of a percentage, at most; one event in ten thousand million."""

MILLISECOND: Final = timedelta(milliseconds=1)
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def objective(ratio: Fraction) -> str:
    """An objective as it was written: ``99.9%``, every digit and no more."""
    digits = written_digits(ratio)
    return _fixed(_floor(ratio, digits), digits) + "%"


def written_digits(ratio: Fraction) -> int:
    """How many digits after the point *ratio* needs as a percentage, at most `MOST_DIGITS`."""
    for digits in range(MOST_DIGITS):
        if (ratio * 10 ** (digits + 2)).denominator == 1:
            return digits
    return MOST_DIGITS


def availability(ratio: Fraction | None, against: Fraction) -> str:
    """
    A share of good, rounded down, with the digits that tell it from the objective *against*.

    At least two digits, and one more than the objective has.  A ratio that is not the
    objective gets as many as it takes to be read apart from it; ``100%`` is said only of
    exactly 1.
    """
    if ratio is None:
        return UNKNOWN
    if ratio == 1:
        return "100%"
    for digits in range(max(2, written_digits(against) + 1), MOST_DIGITS):
        if ratio == against or _floor(ratio, digits) != _floor(against, digits):
            break
    else:
        digits = MOST_DIGITS
    return _fixed(_floor(ratio, digits), digits) + "%"


def covered(ratio: Fraction | None) -> str:
    """A share of time that is known, or of budget that is left; rounded down to one digit."""
    if ratio is None:
        return UNKNOWN
    if ratio.denominator == 1:
        return f"{ratio * 100}%"
    return _fixed(_floor(ratio, 1), 1) + "%"


def used(ratio: Fraction | float | None) -> str:
    """A share of budget that was used; rounded up to one digit; of nothing, ``all``."""
    if ratio is None:
        return UNKNOWN
    if isinstance(ratio, float):
        return "all"
    if ratio.denominator == 1:
        return f"{ratio * 100}%"
    return _fixed(-_floor(-ratio, 1), 1) + "%"


def left(remaining: Fraction | float | None) -> str:
    """What is left of a budget: ``61.2% left``, ``overspent: 142.5% used``."""
    if remaining is None:
        return UNKNOWN
    if isinstance(remaining, float):
        return "none was allowed, and some failed"
    if remaining < 0:
        return f"overspent: {used(1 - remaining)} used"
    return f"{covered(remaining)} left"


def lost(ms: Fraction | int) -> str:
    """A length of time that was lost or used: ``23m``, ``1h5m``; rounded up to a second."""
    return _duration(-(-ms // 1000))


def allowed(ms: Fraction | int) -> str:
    """A length of time that is allowed or left: ``43m12s``; rounded down to a second."""
    return _duration(int(ms // 1000))


def exactly(ms: int) -> str:
    """A length of time from a configuration, to the millisecond: ``90s`` reads ``1m30s``."""
    seconds, rest = divmod(ms, 1000)
    if not rest:
        return _duration(seconds)
    tail = f"{rest}ms"
    return tail if not seconds else _duration(seconds) + tail


def about(ms: int) -> str:
    """A length of time at a glance: its two largest units, ``3h20m``, ``1d10h``; rounded down."""
    seconds = ms // 1000
    for (size, _), (below, _) in pairwise(UNITS):
        if seconds >= size:
            return _duration(seconds - seconds % below)
    return _duration(seconds)


def took(duration_s: float) -> str:
    """How long an answer took: ``312ms``, ``1s250ms``; rounded up to a millisecond."""
    return exactly(math.ceil(round(duration_s * 1_000_000) / 1000))


def bound(us: int) -> str:
    """A latency bound, to the microsecond: ``500ms``, ``1.5ms``."""
    return exactly(us // 1000) if us % 1000 == 0 else f"{Decimal(us) / 1000}ms"


def factor(rate: Fraction) -> str:
    """A burn rate's threshold: ``14.4×``; rounded up to three digits after the point."""
    digits = next((some for some in range(3) if (rate * 10**some).denominator == 1), 3)
    return _fixed(-int(-rate * 10**digits // 1), digits) + "×"


def burn(rate: Fraction) -> str:
    """A burn rate that was measured: ``57.2×``, ``600×``; rounded up, below 100 to one digit."""
    digits = 0 if rate >= 100 or rate.denominator == 1 else 1
    return _fixed(-int(-rate * 10**digits // 1), digits) + "×"


def count(number: int) -> str:
    """A count with its thousands apart: ``44,640``."""
    return f"{number:,}"


def many(number: int, one: str, more: str = "") -> str:
    """A count and its noun: ``1 incident``, ``2 incidents``."""
    return f"{count(number)} {one if number == 1 else more or one + 's'}"


def month(year: int, number: int) -> str:
    """``October 2026``."""
    return f"{MONTHS[number - 1]} {year}"


def month_short(year: int, number: int) -> str:
    """``Oct 2026``."""
    return f"{MONTHS[number - 1][:3]} {year}"


def day(of: date) -> str:
    """``Wed 14 Oct``."""
    return f"{WEEKDAYS[of.weekday()]} {of.day} {MONTHS[of.month - 1][:3]}"


def moment(ms: int, zone: ZoneInfo) -> str:
    """A moment on the clock of *zone*: ``Wed 14 Oct 2026 09:31 JST``, seconds if there are any."""
    local = instant(ms).astimezone(zone)
    return f"{WEEKDAYS[local.weekday()]} {_day(local)} {_clock(local)} {_zone_name(local)}"


def span(from_ms: int, to_ms: int | None, zone: ZoneInfo) -> str:
    """
    A stretch of time on the clock of *zone*: ``14 Oct 09:31 – 09:54 JST``.

    The day is said again where it changes, the zone where the clock was set between.
    """
    start = instant(from_ms).astimezone(zone)
    opening = f"{_day(start, year=False)} {_clock(start)}"
    if to_ms is None:
        return f"{opening} {_zone_name(start)} – not over"
    end = instant(to_ms).astimezone(zone)
    if start.utcoffset() != end.utcoffset():
        opening += f" {_zone_name(start)}"
    closing = f"{_clock(end)} {_zone_name(end)}"
    if start.date() != end.date():
        closing = f"{_day(end, year=False)} {closing}"
    return f"{opening} – {closing}"


def window(of: Window) -> str:
    """What an objective is judged over: ``30d``, ``a calendar month in Asia/Tokyo``."""
    if isinstance(of, Rolling):
        return exactly(of.length_ms)
    if of.unit not in PARTS_OF_YEARS or (of.unit != "fiscal-year" and of.starts == 1):
        period = f"a calendar {of.unit}"
    elif of.unit == "fiscal-year":
        period = f"a fiscal year from {MONTHS[of.starts - 1]}"
    else:
        period = f"a {of.unit} of years from {MONTHS[of.starts - 1]}"
    return f"{period} in {of.timezone.key}"


def iso(ms: int, zone: ZoneInfo | None = None) -> str:
    """A moment for programs: ISO 8601, ``Z`` in UTC, milliseconds only if there are any."""
    local = instant(ms) if zone is None else instant(ms).astimezone(zone)
    text = local.isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def decimal(ratio: Fraction) -> str:
    """An objective for programs, as a decimal string: ``0.999``."""
    digits = written_digits(ratio) + 2
    return _fixed(_floor(ratio, digits - 2), digits).rstrip("0").rstrip(".")


def machine(ratio: Fraction | float | None) -> float | str | None:
    """A ratio for programs: the nearest float, ``"inf"``, or ``None`` where it is unknown."""
    if ratio is None:
        return None
    if ratio in {math.inf, -math.inf}:
        return "inf" if ratio > 0 else "-inf"
    return float(ratio)


def seconds(ms: Fraction | int) -> float | int:
    """Milliseconds as seconds for programs; whole ones stay whole."""
    whole, rest = divmod(ms, 1000)
    return int(whole) if not rest else float(Fraction(ms) / 1000)


def _floor(ratio: Fraction, digits: int) -> int:
    """*ratio* in units of the last of *digits* after the point of a percentage, rounded down."""
    return int(ratio * 10 ** (digits + 2) // 1)


def _fixed(units: int, digits: int) -> str:
    """*units* of the last of *digits* after the point, written out."""
    sign, units = ("−", -units) if units < 0 else ("", units)
    whole, rest = divmod(units, 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def _duration(seconds: int) -> str:
    said = ""
    for size, unit in UNITS:
        some, seconds = divmod(seconds, size)
        if some:
            said += f"{some}{unit}"
    return said or "0s"


def _day(local: datetime, *, year: bool = True) -> str:
    said = f"{local.day} {MONTHS[local.month - 1][:3]}"
    return f"{said} {local.year}" if year else said


def _clock(local: datetime) -> str:
    return local.strftime("%H:%M:%S" if local.second else "%H:%M")


def _zone_name(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name
