"""Runs of codes as they are read, put together as runs of marks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap

from slo.timeline import Mark, Run
from synthetics.store.days import CodeRun


class Joined:
    """Runs of one series, put together where one goes on as the one before."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._marks = marks
        self._runs: list[tuple[int, int, int, Mark]] = []

    def __bool__(self) -> bool:
        return bool(self._runs)

    def append(self, first_ms: int, step_ms: int, count: int, code: int) -> None:
        """Put a run after all others."""
        mark = self._marks[code]
        if self._runs:
            begin_ms, step, length, before = self._runs[-1]
            gap = first_ms - (begin_ms + (length - 1) * step)
            if before is mark and (length == 1 or step == gap) and (count == 1 or step_ms == gap):
                self._runs[-1] = begin_ms, gap, length + count, mark
                return
        self._runs.append((first_ms, step_ms, count, mark))

    def runs(self) -> list[Run]:
        """As the accounting takes them."""
        return list(starmap(Run, self._runs))


def cut(run: CodeRun, first_ms: int, last_ms: int) -> CodeRun | None:
    """The part of *run* inside [first_ms, last_ms]."""
    begin, step, count, code = run
    skipped = max(0, -((begin - first_ms) // step))
    kept = min(count - 1, (last_ms - begin) // step) - skipped + 1
    return CodeRun(begin + skipped * step, step, kept, code) if kept > 0 else None
