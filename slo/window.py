"""
What an objective is judged over: the last so many days, or a period of the calendar (R1).

Samples are instants and downtime is a length, so one window has two readings:
events are counted in ``(after_ms, until_ms]`` and time in ``[from_ms, known_to_ms)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Unit = Literal["day", "week", "month", "quarter", "half-year", "year", "fiscal-year"]

NOMINAL_DAYS: dict[Unit, int] = {
    "day": 1,
    "week": 7,
    "month": 30,
    "quarter": 91,
    "half-year": 182,
    "year": 365,
    "fiscal-year": 365,
}
LONGEST_DAYS: dict[Unit, int] = {
    "day": 1,
    "week": 7,
    "month": 31,
    "quarter": 92,
    "half-year": 184,
    "year": 366,
    "fiscal-year": 366,
}
MONTHS: dict[Unit, int] = {
    "month": 1,
    "quarter": 3,
    "half-year": 6,
    "year": 12,
    "fiscal-year": 12,
}
"""How many months are in those periods that are made of months."""

PARTS_OF_YEARS: frozenset[Unit] = frozenset({"quarter", "half-year", "fiscal-year"})
"""Periods that depend on the month in which a year begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """
    One window as it stands at one instant.

    Attributes:
        from_ms: Start of the window.
        to_ms: Its end; in the future for a period of the calendar in progress.
        after_ms: Events count from just after here ...
        until_ms: ... up to and including here.
        known_to_ms: Where time stops being counted: the end, or the instant asked about
            if that is earlier.  The future is never counted.
    """

    from_ms: int
    to_ms: int
    after_ms: int
    until_ms: int
    known_to_ms: int

    @property
    def length_ms(self) -> int:
        """True length of the whole window: 743 or 745 hours for some months of 31 days."""
        return self.to_ms - self.from_ms

    @property
    def known_ms(self) -> int:
        """How much of it has passed."""
        return self.known_to_ms - self.from_ms

    @property
    def finished(self) -> bool:
        """Whether nothing more can happen in it."""
        return self.known_to_ms == self.to_ms


@dataclass(frozen=True, slots=True)
class Rolling:
    """
    The last *length_ms* milliseconds, > 0.

    At instant *t* it covers ``(t − length, t]``: the sample due exactly at *t*
    is in, the one due exactly a length ago is out, so a window of 30 intervals
    holds 30 samples wherever it stands.
    """

    length_ms: int

    def __post_init__(self) -> None:
        if self.length_ms <= 0:
            raise ValueError(f"a window of {self.length_ms} ms holds nothing")

    @property
    def nominal_length_ms(self) -> int:
        """Its length."""
        return self.length_ms

    @property
    def longest_ms(self) -> int:
        """Its length."""
        return self.length_ms

    def bounds(self, at_ms: int) -> Bounds:
        """The window that ends at *at_ms*."""
        start = at_ms - self.length_ms
        return Bounds(from_ms=start, to_ms=at_ms, after_ms=start, until_ms=at_ms, known_to_ms=at_ms)


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    The period of the calendar that it is in *timezone*; a week begins on Monday.

    A period covers ``[start, end)`` and is as long as it really is there: a day
    on which clocks go forward has 23 hours.

    Attributes:
        starts: Month in which the year of `PARTS_OF_YEARS` begins, 1 to 12: half-years
            from April end with September.  1 for other periods.
    """

    unit: Unit
    timezone: ZoneInfo
    starts: int = 1

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ValueError(f"unknown period of the calendar: {self.unit!r}")
        if not 1 <= self.starts <= 12:
            raise ValueError(f"there is no month {self.starts}")
        if self.starts != 1 and self.unit not in PARTS_OF_YEARS:
            raise ValueError(f"a {self.unit} does not depend on when a year begins")

    @property
    def nominal_length_ms(self) -> int:
        """Length to reckon factors with, the same all year: a month is 30 days."""
        return NOMINAL_DAYS[self.unit] * DAY_MS

    @property
    def longest_ms(self) -> int:
        """No period is longer; a day more than its days, for clocks that go back."""
        return (LONGEST_DAYS[self.unit] + 1) * DAY_MS

    def bounds(self, at_ms: int) -> Bounds:
        """The period that *at_ms* falls into, known up to and including *at_ms*."""
        first = self._first_day((EPOCH + timedelta(milliseconds=at_ms)).astimezone(self.timezone))
        start = self._midnight_ms(first)
        # Where clocks went back over midnight, a local date can come twice; the
        # period is the one between two first midnights that holds the instant.
        while (end := self._midnight_ms(following := self._next(first))) <= at_ms:
            first, start = following, end
        return Bounds(
            from_ms=start,
            to_ms=end,
            after_ms=start - 1,
            until_ms=min(at_ms, end - 1),
            known_to_ms=min(at_ms, end),
        )

    def _first_day(self, day: date) -> date:
        """First day of the period of *day*."""
        whole = date(day.year, day.month, day.day)
        if self.unit not in MONTHS:
            return whole - timedelta(days=day.weekday()) if self.unit == "week" else whole
        months = day.year * 12 + day.month - 1
        months -= (day.month - self.starts) % MONTHS[self.unit]
        return date(months // 12, months % 12 + 1, 1)

    def _next(self, first: date) -> date:
        """First day of the period after the one that begins on *first*."""
        return self._first_day(first + timedelta(days=LONGEST_DAYS[self.unit]))

    def _midnight_ms(self, day: date) -> int:
        """
        The instant at which *day* begins in the time zone.

        Of a midnight that comes twice, the first; of one that is skipped, the
        moment of the skip, which is what `datetime` means by ``fold=0``.
        """
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.timezone)
        return (midnight.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


Window = Rolling | Calendar
