"""The clock that is handed in, so that tests can hold time still and replays can move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one that people read, and one that only goes forward."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z; may jump when the machine's clock is set."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        """See `Clock.now_ms`."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()


class HeldClock:
    """
    A clock that stands still until it is moved.

    Args:
        now_ms: Where it starts, in milliseconds since the epoch.
    """

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._monotonic = 0.0

    def now_ms(self) -> int:
        """See `Clock.now_ms`."""
        return self._now_ms

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass on both clocks."""
        self._now_ms += round(seconds * 1000)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back by *seconds*, as NTP or a human would."""
        self._now_ms += round(seconds * 1000)


def instant(ms: int) -> datetime:
    """The aware UTC datetime at *ms* milliseconds since the epoch."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def millis(moment: datetime) -> int:
    """
    Milliseconds since the epoch of an aware *moment*, rounded down.

    Raises:
        ValueError: *moment* carries no offset.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} carries no offset")
    delta = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return delta.days * 86_400_000 + delta.seconds * 1000 + delta.microseconds // 1000
