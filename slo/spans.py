"""Stretches of time: maintenance, corrections, downtime."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import ClassVar

MINUTE_MS = 60_000


class Spans:
    """
    A set of instants as sorted, disjoint, half-open intervals ``[from_ms, to_ms)``.

    Immutable.  Intervals that touch or overlap are one, so two sets of the same
    instants are equal.
    """

    __slots__ = ("_ends", "_starts")

    EMPTY: ClassVar[Spans]

    def __init__(self, starts: tuple[int, ...], ends: tuple[int, ...]) -> None:
        """For `of` and the operations here, which see to it that the intervals are in order."""
        self._starts = starts
        self._ends = ends

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Spans:
        """The instants of all *pairs* ``(from_ms, to_ms)``, in any order; empty ones vanish."""
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(pairs):
            if start >= end:
                continue
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return cls(tuple(starts), tuple(ends))

    @classmethod
    def minutes_outward(cls, pairs: Iterable[tuple[int, int]]) -> Spans:
        """
        Like `of`, with bounds cut outward to whole UTC minutes (R2).

        Decisions and replays look at whole minutes: a half-excluded one would
        be judged on whichever samples happened to fall into its other half.
        """
        return cls.of(
            (start // MINUTE_MS * MINUTE_MS, -(-end // MINUTE_MS) * MINUTE_MS)
            for start, end in pairs
            if start < end
        )

    def union(self, other: Spans) -> Spans:
        """Instants in either."""
        if not self:
            return other
        return Spans.of([*self, *other]) if other else self

    def intersect(self, other: Spans) -> Spans:
        """Instants in both."""
        return Spans.of(pair for start, end in self for pair in other.within(start, end))

    def complement(self, from_ms: int, to_ms: int) -> Spans:
        """Instants of ``[from_ms, to_ms)`` that are not in this set."""
        inside = list(self.within(from_ms, to_ms))
        edges = [(from_ms, from_ms), *inside, (to_ms, to_ms)]
        return Spans.of((end, start) for (_, end), (start, _) in pairwise(edges))

    def within(self, from_ms: int, to_ms: int) -> Iterator[tuple[int, int]]:
        """Its intervals, cut to ``[from_ms, to_ms)``, in order; O(log n) to find the first."""
        starts, ends = self._starts, self._ends
        for index in range(bisect_right(ends, from_ms), len(starts)):
            if max(starts[index], from_ms) >= to_ms:
                return
            yield max(starts[index], from_ms), min(ends[index], to_ms)

    def contains(self, at_ms: int) -> bool:
        """Whether the instant *at_ms* is in the set."""
        index = bisect_right(self._starts, at_ms) - 1
        return index >= 0 and at_ms < self._ends[index]

    def length_ms(self, from_ms: int, to_ms: int) -> int:
        """How much of ``[from_ms, to_ms)`` it covers."""
        return sum(end - start for start, end in self.within(from_ms, to_ms))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    def __len__(self) -> int:
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spans):
            return NotImplemented
        return self._starts == other._starts and self._ends == other._ends

    def __hash__(self) -> int:
        return hash((self._starts, self._ends))

    def __repr__(self) -> str:
        return f"Spans.of({list(self)!r})"


Spans.EMPTY = Spans((), ())
