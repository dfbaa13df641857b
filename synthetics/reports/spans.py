"""Days, months, quarters and years of the calendar: what a report is of, and what it is told by."""

from __future__ import annotations

import calendar
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from synthetics import words
from synthetics.clock import millis

FIRST_YEAR, LAST_YEAR = 1970, 9998
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time ``[from_ms, to_ms)`` that is read on the clock of *zone*."""

    from_ms: int
    to_ms: int
    zone: ZoneInfo

    @property
    def length_ms(self) -> int:
        """Its true length."""
        return self.to_ms - self.from_ms


class Span(ABC):
    """
    A day, month, quarter or year; which stretch of time that is depends on the zone.

    Attributes:
        NOUN: What it is called, in JSON too.
        BEFORE: How many before it a report of it shows.
    """

    __slots__ = ()
    NOUN: ClassVar[str]
    BEFORE: ClassVar[int] = 0

    @abstractmethod
    def __str__(self) -> str:
        """As it is written on a command line: ``2026-10``, ``2026-Q4``, ``2026``."""

    @property
    @abstractmethod
    def first(self) -> date:
        """Its first day."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What people call it: ``October 2026``."""

    @property
    @abstractmethod
    def short(self) -> str:
        """The same in a table: ``Oct 2026``."""

    @property
    @abstractmethod
    def mark(self) -> str:
        """The same below a chart of what it is a part of: ``Oct``."""

    @abstractmethod
    def plus(self, number: int) -> Self:
        """The one so many later, or earlier if negative."""

    @abstractmethod
    def parts(self) -> tuple[Span, ...]:
        """What a report of it goes through: the days of a month, the months of what is longer."""

    def period(self, zone: ZoneInfo) -> Period:
        """The stretch of time that it is in *zone*, its true length over DST."""
        return Period(_midnight(self.first, zone), _midnight(self.plus(1).first, zone), zone)


@dataclass(frozen=True, slots=True, order=True)
class Day(Span):
    """A calendar day."""

    NOUN = "day"
    first: date

    def __str__(self) -> str:
        return self.first.isoformat()

    @property
    def title(self) -> str:
        """See `Span`."""
        return words.day(self.first)

    @property
    def short(self) -> str:
        """See `Span`."""
        return words.day(self.first)

    @property
    def mark(self) -> str:
        """See `Span`."""
        return str(self.first.day)

    def plus(self, number: int) -> Day:
        """See `Span`."""
        return Day(self.first + number * DAY)

    def parts(self) -> tuple[Day, ...]:
        """Nothing: no report is of a day."""
        return ()


@dataclass(frozen=True, slots=True, order=True)
class PartOfYear(Span):
    """
    The so-and-so-manieth of *PER_YEAR* equal parts of a calendar year, counted from 1.

    Attributes:
        PER_YEAR: Divides 12.
        PATTERN: How it is written.
    """

    PER_YEAR: ClassVar[int]
    PATTERN: ClassVar[str]
    year: int
    number: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read what ``str`` writes.

        Raises:
            ValueError: It is none; the message says how one is written.
        """
        match = re.fullmatch(cls.PATTERN, text)
        if match is None:
            raise ValueError(
                f"{text!r} is no {cls.NOUN}; write it as {cls(2026, min(10, cls.PER_YEAR))}"
            )
        found = cls(*map(int, match.groups()))
        if not (FIRST_YEAR <= found.year <= LAST_YEAR and 1 <= found.number <= cls.PER_YEAR):
            first, last = cls(FIRST_YEAR, 1), cls(LAST_YEAR, cls.PER_YEAR)
            raise ValueError(f"{text!r} is no {cls.NOUN} between {first} and {last}")
        return found

    @property
    def first(self) -> date:
        """See `Span`."""
        return date(self.year, (self.number - 1) * self._months + 1, 1)

    @property
    def short(self) -> str:
        """See `Span`."""
        return f"{self.mark} {self.year}"

    def plus(self, number: int) -> Self:
        """See `Span`."""
        year, part = divmod(self.year * self.PER_YEAR + self.number - 1 + number, self.PER_YEAR)
        return type(self)(year, part + 1)

    def parts(self) -> tuple[Span, ...]:
        """Its months."""
        first = Month(self.year, self.first.month)
        return tuple(first.plus(number) for number in range(self._months))

    @property
    def _months(self) -> int:
        return 12 // self.PER_YEAR


class Month(PartOfYear):
    """A calendar month: ``2026-10``."""

    __slots__ = ()
    NOUN = "month"
    BEFORE = 6
    PER_YEAR = 12
    PATTERN = "([0-9]{4})-([0-9]{2})"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def title(self) -> str:
        """See `Span`."""
        return words.month(self.year, self.number)

    @property
    def mark(self) -> str:
        """See `Span`."""
        return words.month_short(self.year, self.number).partition(" ")[0]

    def parts(self) -> tuple[Span, ...]:
        """Its days."""
        days = calendar.monthrange(self.year, self.number)[1]
        return tuple(Day(self.first + number * DAY) for number in range(days))


class Quarter(PartOfYear):
    """A quarter of a calendar year: ``2026-Q3``."""

    __slots__ = ()
    NOUN = "quarter"
    BEFORE = 4
    PER_YEAR = 4
    PATTERN = "([0-9]{4})-[Qq]([0-9])"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.mark}"

    @property
    def title(self) -> str:
        """See `Span`."""
        first, *_, last = self.parts()
        return f"{first.mark} to {last.short}"

    @property
    def mark(self) -> str:
        """See `Span`."""
        return f"Q{self.number}"


class Year(PartOfYear):
    """A calendar year: ``2026``."""

    __slots__ = ()
    NOUN = "year"
    BEFORE = 2
    PER_YEAR = 1
    PATTERN = "([0-9]{4})"

    def __str__(self) -> str:
        return f"{self.year:04d}"

    @property
    def title(self) -> str:
        """See `Span`."""
        return str(self)

    @property
    def short(self) -> str:
        """See `Span`."""
        return str(self)

    @property
    def mark(self) -> str:
        """See `Span`."""
        return str(self)


@lru_cache(maxsize=1000)
def _midnight(of: date, zone: ZoneInfo) -> int:
    return millis(datetime(of.year, of.month, of.day, tzinfo=zone))
