"""How fast and how often: a token bucket, and pauses that grow."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0

Jitter = Callable[[float, float], float]
"""Picks a number between two, as `random.uniform`."""


class Bucket:
    """
    Keeps attempts below *per_minute* in every minute, wherever it begins.

    A quarter of them may be made at once; the rest trickles.

    Args:
        per_minute: The limit, > 0; ``None`` for none.
        now: The present on a clock that never goes back, in seconds.
    """

    def __init__(self, per_minute: float | None, now: float) -> None:
        self._capacity = float("inf") if per_minute is None else max(per_minute / 4, 1.0)
        self._per_second = 0.0 if per_minute is None else per_minute * 3 / 4 / 60
        self._tokens = self._capacity
        self._at = now

    def room(self, now: float) -> float:
        """How many attempts may be made at once."""
        if self._per_second:
            gained = (now - self._at) * self._per_second
            self._tokens = min(self._capacity, self._tokens + gained)
        self._at = now
        return self._tokens

    def take(self, count: int) -> None:
        """Count attempts, no more than there is `room` for."""
        self._tokens -= count

    def wait_s(self, now: float) -> float:
        """How long until there is room for one."""
        missing = 1.0 - self.room(now)
        return max(0.0, missing / self._per_second) if self._per_second else 0.0


def backoff_s(failures: int, asked_s: float | None, jitter: Jitter = random.uniform) -> float:
    """
    How long to leave a far side alone.

    Exponential with full jitter, so that many deliveries that failed together do not
    come back together.  What the far side asked for is the least, never cut short.

    Args:
        failures: In a row so far, >= 1.
        asked_s: Its ``Retry-After``, if it sent one.
        jitter: Picks the number.
    """
    ceiling = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))
    return (asked_s or 0.0) + jitter(0.0, ceiling)
