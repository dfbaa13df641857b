"""Runs of codes as they are read, put together as runs of marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import starmap

from slo.timeline import Mark, Run
from synthetics.store.days import Quad


class Joined:
    """Runs of one series, put together where one goes on as the one before."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._marks = marks
        self._runs: list[tuple[int, int, int, Mark]] = []

    def extend(self, runs: Iterable[Quad]) -> None:
        """Put *runs*, in order of time, after all others."""
        marks, known = self._marks, self._runs
        # The last run is in the hand, not in the list: it grows day by day.
        begin_ms, step, length, before = known.pop() if known else (0, 1, 0, None)
        for first_ms, step_ms, count, code in runs:
            mark = marks[code]
            if before is mark:
                gap = first_ms - (begin_ms + (length - 1) * step)
                if (length == 1 or step == gap) and (count == 1 or step_ms == gap):
                    step, length = gap, length + count
                    continue
            if before is not None:
                known.append((begin_ms, step, length, before))
            begin_ms, step, length, before = first_ms, step_ms, count, mark
        if before is not None:
            known.append((begin_ms, step, length, before))

    def runs(self) -> list[Run]:
        """As the accounting takes them."""
        return list(starmap(Run, self._runs))


def cut(runs: Iterable[Quad], first_ms: int, last_ms: int) -> Iterator[Quad]:
    """The parts of *runs* inside [first_ms, last_ms]."""
    for begin, step, count, code in runs:
        skipped = max(0, -((begin - first_ms) // step))
        kept = min(count - 1, (last_ms - begin) // step) - skipped + 1
        if kept > 0:
            yield begin + skipped * step, step, kept, code
