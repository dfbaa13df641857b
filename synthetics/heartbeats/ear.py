"""When something was heard, and when nothing could be: the record of our own uptime."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from synthetics.clock import Clock

DEAF_MS = 5_000
"""We look at the clock each second, so after a longer time the machine slept or stood still."""

Span = tuple[int, int]
"""From when until when, in milliseconds since the epoch."""


class Ear:
    """
    Listens from now on.

    Args:
        clock: The wall clock.
        listened: When we listened before, in order.

    Attributes:
        deaf: When we could not, since the first of *listened*.
        spans: When we listened, as far as that is not saved yet.
    """

    def __init__(self, clock: Clock, listened: Sequence[Span]) -> None:
        self._clock = clock
        self._now_ms = max([clock.now_ms(), *(until_ms for _, until_ms in listened[-1:])])
        self.spans: list[Span] = [(self._now_ms, self._now_ms)]
        self.deaf = list(gaps([*listened, *self.spans]))

    def look(self) -> tuple[int, Span | None]:
        """
        What time it is, and since when we could not hear until now, if that is so.

        Time never goes back: while a clock that was set back comes up again, it stands still.
        """
        before_ms = self._now_ms
        now_ms = self._now_ms = max(before_ms, self._clock.now_ms())
        if now_ms - before_ms <= DEAF_MS:
            self.spans[-1] = (self.spans[-1][0], now_ms)
            return now_ms, None
        self.spans.append((now_ms, now_ms))
        self.deaf.append((before_ms, now_ms))
        return now_ms, self.deaf[-1]

    def saved(self, spans: Sequence[Span]) -> None:
        """*spans* are on the disk; the last one goes on."""
        self.spans = [span for span in self.spans if span not in spans] or [self.spans[-1]]


def gaps(spans: Iterable[Span]) -> Iterable[Span]:
    """What lies between *spans*, which are in order."""
    return (
        (until_ms, from_ms) for (_, until_ms), (from_ms, _) in pairwise(spans) if until_ms < from_ms
    )
