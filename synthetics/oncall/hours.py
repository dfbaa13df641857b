"""Hours that recur every week, such as those of an office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from slo.spans import Spans
from synthetics.oncall.wall import from_wall_ms, shows, stretches, wall_ms

DAY_MS = 86_400_000
MINUTE_MS = 60_000
MINUTES = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)

Piece = tuple[int, int]
"""Minutes from midnight to midnight, ``[from, to)``; *to* is at most 48 hours: past midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """
    Hours that recur every week: open whenever the clock on the wall shows one of them.

    Attributes:
        zone: Where the wall is.
        weekly: By day of the week, 0 is Monday: its pieces.  One that goes past midnight
            belongs to the day on which it begins.
        holidays: Days on which nothing begins.
    """

    zone: ZoneInfo
    weekly: Mapping[int, tuple[Piece, ...]]
    holidays: frozenset[date] = frozenset()

    def open(self, at_ms: int) -> bool:
        """Whether they are open at *at_ms*."""
        shown = shows(self.zone, at_ms)
        minute = shown.hour * 60 + shown.minute
        return any(
            begin <= minute + back * MINUTES < end
            for back in (0, 1)
            for begin, end in self._of(shown.date() - back * _DAY)
        )

    def spans(self, from_ms: int, to_ms: int) -> Spans:
        """When in ``[from_ms, to_ms)`` they are open, exactly."""
        found: list[tuple[int, int]] = []
        for start, end, lead_ms in stretches(self.zone, from_ms, to_ms):
            day = from_wall_ms(start + lead_ms).date() - _DAY
            last = from_wall_ms(end + lead_ms).date()
            while day <= last:
                midnight = wall_ms(datetime.combine(day, time())) - lead_ms
                for begin, over in self._of(day):
                    opens = max(midnight + begin * MINUTE_MS, start)
                    found.append((opens, min(midnight + over * MINUTE_MS, end)))
                day += _DAY
        return Spans.of(found)

    def __str__(self) -> str:
        """As one would write them: ``mon-fri 08:00-20:00 Asia/Tokyo``."""
        said: list[str] = []
        first = 0
        while first < len(DAYS):
            last = first
            while last + 1 < len(DAYS) and self.weekly.get(last + 1) == self.weekly.get(first):
                last += 1
            if pieces := self.weekly.get(first):
                days = DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
                said.append(f"{days} {','.join(map(_times, pieces))}")
            first = last + 1
        less = f" but for {len(self.holidays)} holidays" if self.holidays else ""
        return f"{', '.join(said)} {self.zone.key}{less}"

    def opens_ms(self, at_ms: int) -> int | None:
        """The first instant from *at_ms* on at which they are open; ``None`` if never again."""
        weeks = 2 + len(self.holidays)  # each holiday closes at most one day of a week
        for week in range(weeks):
            start = at_ms + week * 7 * DAY_MS
            for opens, _ in self.spans(start, start + 7 * DAY_MS):
                return opens
        return None

    def _of(self, day: date) -> tuple[Piece, ...]:
        return () if day in self.holidays else self.weekly.get(day.weekday(), ())


def _times(piece: Piece) -> str:
    begin, over = piece
    end = over if over <= MINUTES else over - MINUTES
    return f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """
    A limit to some hours.

    Attributes:
        hours: Which.
        outside: Whether it means the time when they are closed.
    """

    hours: Hours
    outside: bool = False

    def holds(self, at_ms: int) -> bool:
        """Whether it is such a time."""
        return self.hours.open(at_ms) is not self.outside

    def spans(self, from_ms: int, to_ms: int) -> Spans:
        """When in ``[from_ms, to_ms)`` it is."""
        spans = self.hours.spans(from_ms, to_ms)
        return spans.complement(from_ms, to_ms) if self.outside else spans

    def __str__(self) -> str:
        """In words."""
        return f"outside {self.hours}" if self.outside else str(self.hours)

    def begins_ms(self, at_ms: int) -> int | None:
        """The first instant from *at_ms* on that is such a time; ``None`` if there is none."""
        if self.holds(at_ms):
            return at_ms
        if not self.outside:
            return self.hours.opens_ms(at_ms)
        for days in (1, 8, 370):  # open without a break for a year, but for a holiday
            span = self.spans(at_ms, at_ms + days * DAY_MS)
            for begins, _ in span:
                return begins
        return None
