"""How fast and how often: a token bucket, and pauses that grow."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0

Jitter = Callable[[float, float], float]
"""Picks a number between two, as `random.uniform`."""


BLOCKED_S = 0.1
"""Between two looks whether a lane that has more severe messages is done with them."""


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


class Pace:
    """
    The limit of one far side, kept by all lanes that lead there, the most severe first.

    Args:
        per_minute: The limit, > 0; ``None`` for none.
        now: The present on a clock that never goes back, in seconds.
    """

    def __init__(self, per_minute: float | None, now: float) -> None:
        self.per_minute = per_minute
        self._bucket = Bucket(per_minute, now)
        self._wants: dict[str, int] = {}

    def want(self, lane: str, rank: int) -> None:
        """How severe the worst is that *lane* could send now; 0 if it has nothing to send."""
        self._wants[lane] = rank

    def room(self, lane: str, now: float) -> float:
        """How many attempts *lane* may make at once."""
        return 0.0 if self._outranked(lane) else self._bucket.room(now)

    def take(self, count: int) -> None:
        """Count attempts, no more than there is `room` for."""
        self._bucket.take(count)

    def wait_s(self, lane: str, now: float) -> float:
        """How long until *lane* should look again whether there is room for one."""
        wait_s = self._bucket.wait_s(now)
        return max(wait_s, BLOCKED_S) if self._outranked(lane) else wait_s

    def _outranked(self, lane: str) -> bool:
        if self.per_minute is None:
            return False
        own = self._wants.get(lane, 0)
        return any(rank > own for other, rank in self._wants.items() if other != lane)


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
