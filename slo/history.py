"""The samples that one objective counts: what decisions are made from."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from typing import Protocol

from slo.counts import NOTHING, Counts
from slo.spans import Spans
from slo.timeline import Timeline


class History(Protocol):
    """Samples by instant; the maths of alerts asks nothing else of them."""

    def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
        """Counts of the samples due in ``(after_ms, until_ms]``."""
        ...

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        """When the last *most* of them that failed were due, in order of time."""
        ...

    def apart(self) -> Sequence[History]:
        """Those that it is made of and that fail each for itself; itself, if it is one."""
        ...


class Pool:
    """
    The samples of several series together (R12), with maintenance set aside (R2).

    Args:
        timelines: Each series; looked at when asked, so samples may still arrive.
        excluded: What does not count.
    """

    def __init__(self, timelines: Sequence[Timeline], excluded: Spans = Spans.EMPTY) -> None:
        self._timelines = timelines
        self._excluded = excluded

    def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
        """Counts of the samples due in ``(after_ms, until_ms]``."""
        if len(self._timelines) == 1:
            return self._timelines[0].counts(after_ms, until_ms, self._excluded)
        each = (line.counts(after_ms, until_ms, self._excluded) for line in self._timelines)
        return sum(each, NOTHING)

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        """When the last *most* of them that failed were due, in order of time."""
        each = [line.failures(after_ms, until_ms, most, self._excluded) for line in self._timelines]
        return each[0] if len(each) == 1 else list(merge(*each))[-most:]

    def apart(self) -> Sequence[History]:
        """It is one."""
        return (self,)


class Together:
    """Several histories as one."""

    def __init__(self, parts: Sequence[History]) -> None:
        self._parts = parts

    def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
        """Counts of all."""
        return sum((part(after_ms, until_ms) for part in self._parts), NOTHING)

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        """When the last *most* that failed in any were due, in order of time."""
        return list(merge(*(part.failures(after_ms, until_ms, most) for part in self._parts)))[
            -most:
        ]

    def apart(self) -> Sequence[History]:
        """It is one."""
        return (self,)
