"""Samples of one mark at equal distance, as one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Mark(IntEnum):
    """What a sample counts as; see `slo.counts.Counts`."""

    GOOD = 0
    BAD = 1
    BLIP = 2
    VOID = 3


@dataclass(frozen=True, slots=True)
class Run:
    """
    *count* samples of one *mark* at ``first_ms``, ``first_ms + step_ms``, …

    Attributes:
        step_ms: Distance between samples, >= 1; says nothing when *count* is 1.
        count: >= 1.
    """

    first_ms: int
    step_ms: int
    count: int
    mark: Mark

    def __post_init__(self) -> None:
        if self.step_ms < 1 or self.count < 1:
            raise ValueError(f"not a run of samples: {self}")

    @property
    def last_ms(self) -> int:
        """When its last sample was due."""
        return self.first_ms + (self.count - 1) * self.step_ms

    def join(self, later: Run) -> Run | None:
        """This run and a *later* one as one; ``None`` if they are not of a kind."""
        gap = later.first_ms - self.last_ms
        if self.mark is not later.mark:
            return None
        if (self.count > 1 and self.step_ms != gap) or (later.count > 1 and later.step_ms != gap):
            return None
        return Run(self.first_ms, gap, self.count + later.count, self.mark)

    def replace(self, at_ms: int, mark: Mark) -> list[Run]:
        """
        Itself with a sample of *mark* at *at_ms*, which lies within it.

        The sample replaces the one due at that instant, or stands between two.
        """
        before = -(-(at_ms - self.first_ms) // self.step_ms)
        after = self.count - 1 - (at_ms - self.first_ms) // self.step_ms
        runs = [Run(at_ms, 1, 1, mark)]
        if before:
            runs.insert(0, Run(self.first_ms, self.step_ms, before, self.mark))
        if after:
            first = self.last_ms - (after - 1) * self.step_ms
            runs.append(Run(first, self.step_ms, after, self.mark))
        return runs


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same samples in fewer runs, where neighbours are of a kind."""
    result: list[Run] = []
    for run in runs:
        same = result and run.mark is result[-1].mark
        longer = result[-1].join(run) if same else None
        if longer is None:
            result.append(run)
        else:
            result[-1] = longer
    return result
