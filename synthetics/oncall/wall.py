"""
What the clock on a wall shows, and when.

Twice a year it skips an hour or shows one twice.  What is said here by a time of day holds
whenever the clock shows that time; what happens *at* a time of day happens once, when the clock
shows it first, or has just skipped it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - what a wall shows has no zone
_MS = timedelta(milliseconds=1)
_APART_MS = 6 * 3_600_000
"""No zone sets its clock twice within so long."""


def shows(zone: ZoneInfo, at_ms: int) -> datetime:
    """What a clock on a wall in *zone* shows at *at_ms*, without a zone."""
    return from_wall_ms(at_ms + _offset_ms(zone, at_ms))


def first_ms(zone: ZoneInfo, shown: datetime) -> int:
    """The first instant at which the clock in *zone* shows *shown*, or has just skipped it."""
    earlier, later = (
        (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC))
        // _MS
        for fold in (0, 1)
    )
    if earlier <= later:
        return earlier
    # It is never shown: by the offset before the clock was set this is after that, and reversed.
    return _set_ms(zone, later, earlier)


def stretches(zone: ZoneInfo, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, int]]:
    """``[from_ms, to_ms)`` cut where the clock is set: from, to, and its lead over UTC in ms."""
    start, offset = from_ms, _offset_ms(zone, from_ms)
    at = from_ms
    while at < to_ms:
        ahead = min(at + _APART_MS, to_ms)
        there = _offset_ms(zone, ahead)
        if there != offset:
            cut = _set_ms(zone, at, ahead)
            yield start, cut, offset
            start, offset = cut, there
        at = ahead
    if start < to_ms:
        yield start, to_ms, offset


def wall_ms(shown: datetime) -> int:
    """*shown* as milliseconds since the clock showed 1970-01-01T00:00."""
    return (shown - _EPOCH) // _MS


def from_wall_ms(ms: int) -> datetime:
    """What `wall_ms` read."""
    return _EPOCH + ms * _MS


def _offset_ms(zone: ZoneInfo, at_ms: int) -> int:
    lead = datetime.fromtimestamp(at_ms / 1000, tz=zone).utcoffset() or timedelta()
    return lead // _MS


def _set_ms(zone: ZoneInfo, before: int, after: int) -> int:
    """When, in ``(before, after]``, the clock is set."""
    offset = _offset_ms(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset_ms(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after
