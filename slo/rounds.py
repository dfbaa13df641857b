"""
Several series as one (R12): what a round came to, from what each of them said in it.

Time is cut into slots as long as the interval that the series share, counted from the epoch.
A round is one slot: all samples that were due in it, wherever in the slot each series has its
place.  So series of equal intervals meet in rounds whatever their phases.

History is runs, and rounds are worked out run by run: where nobody changes, a year is one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

from slo.counts import Counts
from slo.history import Pool
from slo.runs import Mark, Run, joined
from slo.shares import TimeShares
from slo.spans import Spans
from slo.timeline import Timeline

_WORST_FIRST = (Mark.BAD, Mark.BLIP, Mark.GOOD, Mark.VOID)
"""What a series that was due more than once in a slot said: the worst, of what it knew."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    How many series said what in one round, each counted once; *silent* ones had no sample.
    """

    good: int = 0
    bad: int = 0
    blip: int = 0
    void: int = 0
    silent: int = 0

    @property
    def reported(self) -> int:
        """How many know something about the target."""
        return self.good + self.bad + self.blip


Rule = Callable[[Said], Mark]
"""What a round came to; asked only of rounds in which some series had a sample."""


def any_bad(said: Said) -> Mark:
    """
    ``combine: all``: bad if any series was bad, good only if every one was good.

    With one that did not report the rest may have been good by luck: nothing is known.
    """
    if said.bad:
        return Mark.BAD
    if said.blip:
        return Mark.BLIP
    return Mark.VOID if said.void or said.silent else Mark.GOOD


def bad_if(least: int) -> Rule:
    """
    ``bad_if: N``: bad if at least *least* of those that reported were bad.

    A round that fewer reported is unknown: it could not have been bad whatever they saw.
    """

    def rule(said: Said) -> Mark:
        if said.reported < least:
            return Mark.VOID
        if said.bad >= least:
            return Mark.BAD
        return Mark.BLIP if said.bad + said.blip >= least else Mark.GOOD

    return rule


def any_good(said: Said) -> Mark:
    """*Uptime*: good if anybody was served; bad if nobody who reported was."""
    if said.good:
        return Mark.GOOD
    if said.blip:
        return Mark.BLIP
    return Mark.BAD if said.bad else Mark.VOID


class Stretch(NamedTuple):
    """Slots from *first* to before *end* that came to the same."""

    first: int
    end: int
    mark: Mark


def slots(timeline: Timeline, interval_ms: int) -> list[Stretch]:
    """What one series said, slot by slot, in order; slots without a sample are left out."""
    return list(_worst(_pieces(timeline.runs(), interval_ms)))


def combined(series: Sequence[Sequence[Stretch]], rule: Rule) -> list[Stretch]:
    """What the rounds of *series* came to by *rule*; silent is who has no stretch there."""
    changes: dict[int, list[tuple[int, Mark]]] = {}
    for stretches in series:
        for first, end, mark in stretches:
            changes.setdefault(first, []).append((1, mark))
            changes.setdefault(end, []).append((-1, mark))
    found: list[Stretch] = []
    present = [0, 0, 0, 0]
    edges = sorted(changes)
    for slot, following in pairwise(edges):
        for step, mark in changes[slot]:
            present[mark] += step
        if any(present):
            good, bad, blip, void = present
            silent = len(series) - sum(present)
            mark = rule(Said(good, bad, blip, void, silent))
            _append(found, Stretch(slot, following, mark))
    return found


def mark_in(timeline: Timeline, slot: int, interval_ms: int) -> Mark | None:
    """What one series said in one slot; ``None`` if it had no sample there."""
    counts = timeline.counts(slot * interval_ms - 1, (slot + 1) * interval_ms - 1)
    return next((mark for mark in _WORST_FIRST if getattr(counts, mark.name.lower())), None)


def round_of(marks: Sequence[Mark | None], rule: Rule) -> Mark | None:
    """What a single round came to; ``None`` if nobody had a sample in it."""
    if all(mark is None for mark in marks):
        return None
    return rule(Said(*(marks.count(mark) for mark in (*Mark, None))))


def timeline_of(stretches: Iterable[Stretch], interval_ms: int) -> Timeline:
    """Rounds as a series that has its samples where the slots begin."""
    return Timeline(
        joined(
            Run(first * interval_ms, interval_ms, end - first, mark)
            for first, end, mark in stretches
        )
    )


class Rounds(Pool):
    """
    Rounds as events: each is counted where its slot ends, since only then all of it is known.

    A decision at a whole minute so sees the same rounds live and in a replay.

    Args:
        timelines: Of rounds, from `timeline_of`.
        interval_ms: How long their slots are.
        excluded: What does not count, in whole slots: `whole_slots`.
    """

    def __init__(
        self, timelines: Sequence[Timeline], interval_ms: int, excluded: Spans = Spans.EMPTY
    ) -> None:
        super().__init__(timelines, excluded)
        self._later_ms = interval_ms - 1

    def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
        """Counts of the rounds that ended in ``(after_ms, until_ms]``."""
        return super().__call__(after_ms - self._later_ms, until_ms - self._later_ms)

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        """When the last *most* of them that failed ended."""
        later_ms = self._later_ms
        found = super().failures(after_ms - later_ms, until_ms - later_ms, most)
        return [at_ms + later_ms for at_ms in found]


def time(
    rounds: Timeline,
    interval_ms: int,
    from_ms: int,
    to_ms: int,
    *,
    valid_for_ms: int,
    excluded: Spans = Spans.EMPTY,
) -> TimeShares:
    """
    How ``[from_ms, to_ms)`` divides: a round speaks from the beginning of its slot on (R9).

    That of a slot that is not over at *to_ms* is not known yet; the one before speaks on.
    """
    whole_ms = to_ms // interval_ms * interval_ms
    if whole_ms == to_ms:
        return rounds.time(from_ms, to_ms, valid_for_ms, excluded)
    spoke = (
        Run(at_ms, interval_ms, 1, mark)
        for at_ms in range(whole_ms - interval_ms, whole_ms - valid_for_ms, -interval_ms)
        if (mark := mark_in(rounds, at_ms // interval_ms, interval_ms)) is not None
    )
    last = Timeline(islice(spoke, 1))
    known = rounds.time(from_ms, max(from_ms, whole_ms), valid_for_ms, excluded)
    return known + last.time(max(from_ms, whole_ms), to_ms, valid_for_ms, excluded)


def whole_slots(spans: Spans, interval_ms: int) -> Spans:
    """*spans* cut outward to slots: a round that is partly left out is left out as a whole."""
    return Spans.of(
        (start // interval_ms * interval_ms, -(-end // interval_ms) * interval_ms)
        for start, end in spans
    )


def _pieces(runs: Iterable[Run], interval_ms: int) -> Iterator[Stretch]:
    """Slots in order, not yet each once: one that holds several samples comes several times."""
    for run in runs:
        if run.count == 1 or run.step_ms == interval_ms:
            first = run.first_ms // interval_ms
            yield Stretch(first, first + run.count, run.mark)
        elif run.step_ms < interval_ms:
            yield Stretch(run.first_ms // interval_ms, run.last_ms // interval_ms + 1, run.mark)
        else:
            for at_ms in range(run.first_ms, run.last_ms + 1, run.step_ms):
                slot = at_ms // interval_ms
                yield Stretch(slot, slot + 1, run.mark)


def _worst(pieces: Iterable[Stretch]) -> Iterator[Stretch]:
    """Each slot once; *pieces* overlap at most in the one slot where the next begins."""
    last: Stretch | None = None
    for piece in pieces:
        first, end, mark = piece
        if last is None or first >= last.end:
            if last is not None:
                yield last
            last = piece
            continue
        if last.first < first:
            yield Stretch(last.first, first, last.mark)
        last = Stretch(first, first + 1, min(last.mark, mark, key=_WORST_FIRST.index))
        if end > first + 1:
            yield last
            last = Stretch(first + 1, end, mark)
    if last is not None:
        yield last


def _append(found: list[Stretch], stretch: Stretch) -> None:
    """Add *stretch*, to the last one where it goes on with it."""
    if found and found[-1].end == stretch.first and found[-1].mark is stretch.mark:
        stretch = Stretch(found.pop().first, stretch.end, stretch.mark)
    found.append(stretch)
