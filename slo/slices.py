"""
Slices of time as events: what each came to, from the samples in it.

Time is cut into slices of one length, counted from the epoch, so that slices of whole minutes
begin on whole minutes of UTC.  A slice is judged when it has ended, by the samples that count
(R2), and is an event at its last millisecond.

History is runs, and slices are worked out run by run: where nothing changes, a year is one step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from slo.counts import NOTHING, Counts
from slo.history import History
from slo.rounds import time as time_of_rounds
from slo.runs import Mark, Run
from slo.shares import TimeShares
from slo.spans import Spans
from slo.timeline import Timeline


class Gaps(StrEnum):
    """What a slice is of which there is no sample."""

    UNKNOWN = "unknown"
    """No event at all."""
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Ratio:
    """
    A slice is good if at least *share* of its valid samples are, 0 < share <= 1.

    With samples that are good when they are fast, this is a bound for a percentile: by nearest
    rank, the 95th is under a bound exactly if at least 95 % of the samples are.
    """

    share: Fraction

    def mark(self, counts: Counts) -> Mark:
        """What valid *counts* come to; a blip where those confirmed alone leave enough good."""
        enough = self.share * counts.valid
        if counts.good >= enough:
            return Mark.GOOD
        return Mark.BLIP if counts.good + counts.blip >= enough else Mark.BAD


@dataclass(frozen=True, slots=True)
class Age:
    """
    A slice is good if at its end a good sample is no older than *most_ms*, > 0.

    Time that does not count does not age.
    """

    most_ms: int

    def mark(self, counts: Counts) -> Mark:
        """What valid *counts* of samples that are young enough come to."""
        if counts.good:
            return Mark.GOOD
        return Mark.BAD if counts.bad else Mark.BLIP


class Slices:
    """
    The slices of several series, pooled, as a history.

    Args:
        timelines: The series; looked at when asked, so samples may still arrive.
        length_ms: How long a slice is, > 0.
        rule: When it is good.
        gaps: What it is without a sample.
        excluded: What does not count.
        since_ms: From here on a slice without a sample is a gap; without it, from the first
            sample on.
    """

    def __init__(
        self,
        timelines: Sequence[Timeline],
        length_ms: int,
        rule: Ratio | Age,
        *,
        gaps: Gaps = Gaps.UNKNOWN,
        excluded: Spans = Spans.EMPTY,
        since_ms: int | None = None,
    ) -> None:
        self._timelines = timelines
        self._length_ms = length_ms
        self._rule = rule
        self._gaps = gaps
        self._excluded = excluded
        self._since_ms = since_ms
        self.reset()

    def reset(self) -> None:
        """More has changed than `touch` was told."""
        self._counted = Timeline()
        self._aside = Timeline()
        self._first: int | None = None
        self._next = 0
        self._stale: set[int] = set()

    def touch(self, at_ms: int) -> None:
        """A sample due at *at_ms* has come, or gone."""
        if self._first is None:
            return
        first = at_ms // self._length_ms
        if first < self._first:
            self.reset()
        elif first < self._next:
            last = first
            if isinstance(self._rule, Age):
                last = self._aged(at_ms, self._rule.most_ms) // self._length_ms
            self._stale.update(range(first, min(last + 1, self._next)))

    def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
        """Counts of the slices that ended in ``(after_ms, until_ms]``."""
        self._know(until_ms)
        later_ms = self._length_ms - 1
        after_ms, until_ms = after_ms - later_ms, until_ms - later_ms
        counts = self._counted.counts(after_ms, until_ms)
        aside = self._aside.counts(after_ms, until_ms).good
        return counts + Counts(excluded=aside) if aside else counts

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        """When the last *most* of them that failed ended."""
        self._know(until_ms)
        later_ms = self._length_ms - 1
        found = self._counted.failures(after_ms - later_ms, until_ms - later_ms, most)
        return [at_ms + later_ms for at_ms in found]

    def apart(self) -> Sequence[History]:
        """It is one."""
        return (self,)

    def time(self, from_ms: int, to_ms: int, valid_for_ms: int | None = None) -> TimeShares:
        """
        How ``[from_ms, to_ms)`` divides: a slice speaks from its beginning on (R9).

        Until the next one, for at most twice its length unless *valid_for_ms* says otherwise.
        One that is not over at *to_ms* is not known yet; the one before speaks on.
        """
        if from_ms >= to_ms:
            return TimeShares()
        self._know(to_ms - 1)
        valid_for_ms = valid_for_ms or 2 * self._length_ms
        return time_of_rounds(
            self._counted,
            self._length_ms,
            from_ms,
            to_ms,
            valid_for_ms=valid_for_ms,
            excluded=self._excluded,
        )

    def down_spans(self, from_ms: int, to_ms: int, valid_for_ms: int | None = None) -> Spans:
        """When in ``[from_ms, to_ms)`` slices were bad."""
        self._know(to_ms - 1)
        valid_for_ms = valid_for_ms or 2 * self._length_ms
        return self._counted.down_spans(from_ms, to_ms, valid_for_ms, self._excluded)

    def _know(self, until_ms: int) -> None:
        """Judge every slice that ended by *until_ms* and was not judged with all its samples."""
        end = (until_ms + 1) // self._length_ms
        if self._first is None:
            known = [each.first_ms for each in self._timelines if each.first_ms is not None]
            if self._since_ms is not None:
                known.append(self._since_ms)
            if not known or min(known) // self._length_ms >= end:
                return
            self._first = self._next = min(known) // self._length_ms
        for number in sorted(self._stale):
            at_ms = number * self._length_ms
            self._counted.remove(at_ms)
            self._aside.remove(at_ms)
            self._put(number, number + 1)
        self._stale.clear()
        if end > self._next:
            few = end - self._next <= _FEW
            cuts = range(self._next, end + 1) if few else self._changes(end)
            for number, following in pairwise(cuts):
                self._put_all(number, following)
            self._next = end

    def _put_all(self, number: int, end: int) -> None:
        """Judge slices from *number* on; at once those that are all alike."""
        if self._alike(number, end):
            self._put(number, end)
            return
        for each in range(number, end):
            self._put(each, each + 1)

    def _put(self, number: int, end: int) -> None:
        """Judge slice *number*; those after it, to before *end*, come to the same."""
        mark, aside = self._judged(number)
        if mark is None:
            return
        line = self._aside if aside else self._counted
        first_ms, step_ms = number * self._length_ms, self._length_ms
        if end - number == 1:
            line.add(first_ms, mark)
        else:
            line.extend([Run(first_ms, step_ms, end - number, mark)])

    def _judged(self, number: int) -> tuple[Mark | None, bool]:
        """What a slice came to, ``None`` if it is no event, and whether it does not count."""
        start_ms = number * self._length_ms
        end_ms = start_ms + self._length_ms
        excluded = self._excluded
        if isinstance(self._rule, Age):
            if excluded.contains(end_ms - 1):
                return Mark.GOOD, True
            start_ms = self._young(end_ms, self._rule.most_ms)
        counts = NOTHING
        for timeline in self._timelines:
            counts += timeline.counts(start_ms - 1, end_ms - 1, excluded)
        if counts.valid:
            return self._rule.mark(counts), False
        if isinstance(self._rule, Ratio) and excluded.length_ms(start_ms, end_ms):
            return Mark.GOOD, True
        if counts.void:
            return Mark.VOID, False
        return _OF_GAPS[self._gaps], False

    def _young(self, at_ms: int, most_ms: int) -> int:
        """The first instant that is no more than *most_ms* of counted time before *at_ms*."""
        young_ms = at_ms - most_ms
        while (wanted_ms := at_ms - most_ms - self._excluded.length_ms(young_ms, at_ms)) < young_ms:
            young_ms = wanted_ms
        return young_ms

    def _aged(self, at_ms: int, most_ms: int) -> int:
        """The last instant at which *at_ms* is no more than *most_ms* of counted time ago."""
        aged_ms = at_ms + most_ms
        while (wanted_ms := at_ms + most_ms + self._excluded.length_ms(at_ms, aged_ms)) > aged_ms:
            aged_ms = wanted_ms
        return aged_ms

    def _changes(self, end: int) -> list[int]:
        """Slices from the next one to *end*, cut where runs and what is excluded begin and end."""
        length_ms = self._length_ms
        cuts = {self._next, end}
        for timeline in self._timelines:
            for run in timeline.runs():
                for at_ms in (run.first_ms, run.last_ms):
                    slices = [at_ms // length_ms]
                    if isinstance(self._rule, Age):
                        slices.append(self._aged(at_ms, self._rule.most_ms) // length_ms)
                    for number in slices:
                        cuts.update((number, number + 1))
        for start_ms, end_ms in self._excluded:
            edges = [start_ms, end_ms]
            if isinstance(self._rule, Age):
                edges.append(self._aged(end_ms, self._rule.most_ms))
            for at_ms in edges:
                cuts.update((at_ms // length_ms, at_ms // length_ms + 1))
        ordered = sorted(cuts)
        return ordered[bisect_left(ordered, self._next) : bisect_left(ordered, end) + 1]

    def _alike(self, number: int, end: int) -> bool:
        """
        Whether slices from *number* to before *end*, which `_changes` does not cut, are all alike.

        Each series is in one run there or has no sample.
        """
        if end - number == 1:
            return True
        length_ms, most_ms = self._length_ms, 0
        from_ms, to_ms = number * length_ms, end * length_ms
        if isinstance(self._rule, Age):
            most_ms = self._rule.most_ms
            from_ms = self._young(from_ms + length_ms, most_ms)
            if self._excluded.length_ms(from_ms, to_ms):
                return False
        runs = [run for line in self._timelines for run in line.spanning(from_ms, to_ms)]
        if most_ms:
            return all(run.count == 1 or run.step_ms <= most_ms for run in runs)
        if all(length_ms % run.step_ms == 0 for run in runs):
            return True
        return (
            len({run.mark for run in runs}) == 1 and min(run.step_ms for run in runs) <= length_ms
        )


_FEW = 4
"""So many new slices are judged one by one sooner than it is found out which are alike."""

_OF_GAPS = {Gaps.UNKNOWN: None, Gaps.GOOD: Mark.GOOD, Gaps.BAD: Mark.BAD}
