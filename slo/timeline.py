"""
One series of samples as runs: the history that decisions are made from.

A probe asks at a fixed interval and nearly always gets the same answer, so its
history is a few runs of equal samples at equal distance, however long it is.
Counting inside a run is a division, finding the run is a bisection, and nothing
is rounded to buckets: every window and every bound is exact to the millisecond.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from slo.counts import Counts
from slo.runs import Mark, Run, joined
from slo.shares import TimeShares
from slo.spans import Spans

__all__ = ["Mark", "Run", "Timeline"]

_GOOD, _BAD, _BLIP, _VOID = (int(mark) for mark in Mark)


class Timeline:
    """
    The samples of one series, at most one at an instant, in any order of arrival (R3).

    Runs are kept in parallel arrays.  Beside them stand sums over all runs
    *before* each one: samples by mark, and time up and down for each ``valid_for``
    that was asked about.  They are completed when they are needed, and cut back to
    the first run that a late sample has changed.

    Args:
        runs: Samples to begin with, in order of time.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._first = array("q")
        self._step = array("q")
        self._count = array("q")
        self._mark = array("b")
        self._marks_before = (array("q"), array("q"), array("q"), array("q"))
        self._time_before: dict[int, tuple[array[int], array[int]]] = {}
        self.extend(runs)

    def add(self, at_ms: int, mark: Mark) -> None:
        """
        Put the sample due at *at_ms*; one that was there is replaced.

        O(1) at the end, where samples arrive; elsewhere O(runs) to move what follows.
        """
        if self._first:
            count, step = self._count[-1], self._step[-1]
            gap = at_ms - (self._first[-1] + (count - 1) * step)
            if gap <= 0:
                self._put(at_ms, mark)
                return
            if mark == self._mark[-1] and (count == 1 or gap == step):
                self._step[-1] = gap
                self._count[-1] = count + 1
                return
        self._first.append(at_ms)
        self._step.append(1)
        self._count.append(1)
        self._mark.append(mark)

    def remove(self, at_ms: int) -> None:
        """Take the sample due at *at_ms* away, if there is one."""
        index = bisect_right(self._first, at_ms) - 1
        if index < 0:
            return
        run = self._run(index)
        if at_ms <= run.last_ms and not (at_ms - run.first_ms) % run.step_ms:
            others = [rest for rest in run.replace(at_ms, run.mark) if rest.first_ms != at_ms]
            self._splice(index, index + 1, others)

    def extend(self, runs: Iterable[Run]) -> None:
        """
        Append many samples at once.

        Raises:
            ValueError: A run begins before the one before it has ended.
        """
        end = len(self._first)
        known = [self._run(end - 1)] if end else []
        known.extend(runs)
        for before, after in pairwise(known):
            if after.first_ms <= before.last_ms:
                raise ValueError(f"{after} begins before {before} has ended")
        self._splice(max(end - 1, 0), end, joined(known))

    def trim(self, before_ms: int) -> None:
        """Forget all samples due before *before_ms*."""
        gone = bisect_left(self._first, before_ms)
        if not gone:
            return
        kept = []
        run = self._run(gone - 1)
        passed = min(-(-(before_ms - run.first_ms) // run.step_ms), run.count)
        if passed < run.count:
            first = run.first_ms + passed * run.step_ms
            kept = [Run(first, run.step_ms, run.count - passed, run.mark)]
        self._splice(0, gone, kept)

    def runs(self) -> Sequence[Run]:
        """All samples, in order of time."""
        return [self._run(index) for index in range(len(self._first))]

    def spanning(self, from_ms: int, to_ms: int) -> Sequence[Run]:
        """Runs that began before *to_ms* and had not ended before *from_ms*, whole."""
        first = max(bisect_right(self._first, from_ms) - 1, 0)
        found = [self._run(index) for index in range(first, bisect_left(self._first, to_ms))]
        return [run for run in found if run.last_ms >= from_ms]

    @property
    def first_ms(self) -> int | None:
        """When the first sample was due; ``None`` if there is none."""
        return self._first[0] if self._first else None

    @property
    def last_ms(self) -> int | None:
        """When the last sample was due; ``None`` if there is none."""
        return self._run(len(self._first) - 1).last_ms if self._first else None

    def __len__(self) -> int:
        return sum(self._count)

    def counts(self, after_ms: int, until_ms: int, excluded: Spans = Spans.EMPTY) -> Counts:
        """Samples due in ``(after_ms, until_ms]``; those in *excluded* are counted apart (R2)."""
        good, bad, blip, void = self._marks(after_ms, until_ms)
        if not excluded:
            return Counts(good=good, bad=bad, blip=blip, void=void)
        aside = 0
        for start, end in excluded.within(after_ms + 1, until_ms + 1):
            marks = self._marks(start - 1, end - 1)
            good -= marks[_GOOD]
            bad -= marks[_BAD]
            blip -= marks[_BLIP]
            void -= marks[_VOID]
            aside += sum(marks)
        return Counts(good=good, bad=bad, blip=blip, void=void, excluded=aside)

    def failures(
        self, after_ms: int, until_ms: int, most: int, excluded: Spans = Spans.EMPTY
    ) -> list[int]:
        """When the last *most* samples in ``(after_ms, until_ms]`` that failed were due."""
        found: list[int] = []  # the newest first
        for index in range(bisect_right(self._first, until_ms) - 1, -1, -1):
            first, step = self._first[index], self._step[index]
            last = first + (self._count[index] - 1) * step
            if last <= after_ms or len(found) >= most:
                break
            if self._mark[index] not in (_BAD, _BLIP):
                continue
            last -= max(-(-(last - until_ms) // step), 0) * step
            first += max((after_ms - first) // step + 1, 0) * step
            instants = range(last, first - 1, -step)
            if excluded:
                found.extend(at_ms for at_ms in instants if not excluded.contains(at_ms))
            else:
                found.extend(instants[: most - len(found)])
        return found[most - 1 :: -1] if len(found) >= most else found[::-1]

    def time(
        self,
        from_ms: int,
        to_ms: int,
        valid_for_ms: int,
        excluded: Spans = Spans.EMPTY,
        until_ms: int | None = None,
    ) -> TimeShares:
        """
        How ``[from_ms, to_ms)`` divides (R9).

        A sample speaks from its instant until the next one, or for *valid_for_ms*
        if that is shorter.  A void sample speaks for nothing, and it too ends
        what the one before it said: we tried to ask and could not, so from there
        on we do not know.

        Args:
            from_ms: Start.
            to_ms: End.
            valid_for_ms: How long a sample speaks at most, > 0.
            excluded: Time that does not count, whoever speaks in it.
            until_ms: The present; what lies after it is not counted at all.
        """
        if until_ms is not None:
            to_ms = min(to_ms, until_ms)
        if from_ms >= to_ms:
            return TimeShares()
        up, down = self._spoken(from_ms, to_ms, valid_for_ms)
        aside = 0
        for start, end in excluded.within(from_ms, to_ms):
            up_aside, down_aside = self._spoken(start, end, valid_for_ms)
            up -= up_aside
            down -= down_aside
            aside += end - start
        return TimeShares(
            up_ms=up,
            down_ms=down,
            excluded_ms=aside,
            unknown_ms=to_ms - from_ms - aside - up - down,
        )

    def down_spans(
        self, from_ms: int, to_ms: int, valid_for_ms: int, excluded: Spans = Spans.EMPTY
    ) -> Spans:
        """When in ``[from_ms, to_ms)`` it was down: `time` says how long, this says when."""
        pairs: list[tuple[int, int]] = []
        for index in range(max(bisect_right(self._first, from_ms) - 1, 0), len(self._first)):
            run = self._run(index)
            if run.first_ms >= to_ms:
                break
            if run.mark not in (Mark.BAD, Mark.BLIP):
                continue
            final = index + 1 == len(self._first)
            ends = run.last_ms + valid_for_ms
            ends = ends if final else min(ends, self._first[index + 1])
            if valid_for_ms >= run.step_ms or run.count == 1:
                pairs.append((run.first_ms, ends))
                continue
            pairs.extend(
                (at_ms, at_ms + valid_for_ms)
                for at_ms in range(run.first_ms, run.last_ms, run.step_ms)
            )
            pairs.append((run.last_ms, ends))
        return Spans.of(pairs).intersect(excluded.complement(from_ms, to_ms))

    def _run(self, index: int) -> Run:
        return Run(
            self._first[index], self._step[index], self._count[index], Mark(self._mark[index])
        )

    def _put(self, at_ms: int, mark: Mark) -> None:
        """Put a sample that is not at the end."""
        index = bisect_right(self._first, at_ms) - 1
        before, after = max(index - 1, 0), min(index + 2, len(self._first))
        around: list[Run] = []
        if index < 0:
            around.append(Run(at_ms, 1, 1, mark))
        for near in range(before, after):
            run = self._run(near)
            if near != index:
                around.append(run)
            elif at_ms <= run.last_ms:
                around.extend(run.replace(at_ms, mark))
            else:
                around.extend([run, Run(at_ms, 1, 1, mark)])
        self._splice(before, after, joined(around))

    def _splice(self, start: int, stop: int, runs: Sequence[Run]) -> None:
        """Put *runs* in the place of those from *start* to *stop*, and cut the sums back."""
        self._first[start:stop] = array("q", [run.first_ms for run in runs])
        self._step[start:stop] = array("q", [run.step_ms for run in runs])
        self._count[start:stop] = array("q", [run.count for run in runs])
        self._mark[start:stop] = array("b", [run.mark for run in runs])
        for sums in (
            *self._marks_before,
            *(each for pair in self._time_before.values() for each in pair),
        ):
            del sums[start:]

    def _marks(self, after_ms: int, until_ms: int) -> list[int]:
        """Samples due in ``(after_ms, until_ms]``, by mark."""
        if after_ms >= until_ms:
            return [0, 0, 0, 0]
        left, before = self._place(after_ms)
        right, upto = self._place(until_ms)
        if left == right:
            marks = [0, 0, 0, 0]
        else:
            if len(self._marks_before[0]) <= right:
                self._complete_marks()
            marks = [sums[right] - sums[left] for sums in self._marks_before]
        if upto:
            marks[self._mark[right]] += upto
        if before:
            marks[self._mark[left]] -= before
        return marks

    def _place(self, at_ms: int) -> tuple[int, int]:
        """The run that *at_ms* falls into or behind, and how many of it were due by then."""
        index = bisect_right(self._first, at_ms) - 1
        if index < 0:
            return 0, 0
        passed = (at_ms - self._first[index]) // self._step[index] + 1
        count = self._count[index]
        return index, min(count, passed)

    def _complete_marks(self) -> None:
        done = len(self._marks_before[0])
        if not done:
            for sums in self._marks_before:
                sums.append(0)
            done = 1
        passed = slice(done - 1, len(self._first) - 1)
        for mark, sums in enumerate(self._marks_before):
            so_far = sums[-1]
            for of_run, count in zip(self._mark[passed], self._count[passed], strict=True):
                if of_run == mark:
                    so_far += count
                sums.append(so_far)

    def _spoken(self, from_ms: int, to_ms: int, valid_for_ms: int) -> tuple[int, int]:
        """Milliseconds up and down in ``[from_ms, to_ms)``."""
        up_from, down_from = self._spoken_until(from_ms, valid_for_ms)
        up_to, down_to = self._spoken_until(to_ms, valid_for_ms)
        return up_to - up_from, down_to - down_from

    def _spoken_until(self, at_ms: int, valid_for_ms: int) -> tuple[int, int]:
        """Milliseconds up and down before *at_ms*."""
        index = bisect_right(self._first, at_ms) - 1
        if index < 0:
            return 0, 0
        up, down = self._time_before.setdefault(valid_for_ms, (array("q"), array("q")))
        if not up:
            up.append(0)
            down.append(0)
        if len(up) <= index:
            self._complete_time(up, down, index, valid_for_ms)
        run_up, run_down = self._speech(index, at_ms, valid_for_ms)
        return up[index] + run_up, down[index] + run_down

    def _complete_time(
        self, up: array[int], down: array[int], index: int, valid_for_ms: int
    ) -> None:
        """Bring the sums up to run *index*: each run before it has spoken until the next one."""
        these = slice(len(up) - 1, index)
        next_ones = self._first[len(up) : index + 1]
        so_far_up, so_far_down = up[-1], down[-1]
        for first, step, count, mark, after in zip(
            self._first[these],
            self._step[these],
            self._count[these],
            self._mark[these],
            next_ones,
            strict=True,
        ):
            others = count - 1
            spoken = others * min(step, valid_for_ms)
            spoken += min(after - first - others * step, valid_for_ms)
            if mark == _GOOD:
                so_far_up += spoken
            elif mark != _VOID:
                so_far_down += spoken
            up.append(so_far_up)
            down.append(so_far_down)

    def _speech(self, index: int, at_ms: int, valid_for_ms: int) -> tuple[int, int]:
        """For how long run *index* had spoken, up and down, by *at_ms*, before the next run."""
        mark = self._mark[index]
        if mark == _VOID:
            return 0, 0
        first, step = self._first[index], self._step[index]
        passed = min((at_ms - first) // step, self._count[index] - 1)
        spoken = passed * min(step, valid_for_ms) + min(at_ms - first - passed * step, valid_for_ms)
        return (spoken, 0) if mark == _GOOD else (0, spoken)
