"""
Several series as one (R12): what a round came to, from what each of them said in it.

Time is cut into slots as long as the interval that the series share, counted from the epoch.
A round is one slot: all samples that were due in it, wherever in the slot each series has its
place.  So series of equal intervals meet in rounds whatever their phases.

History is runs, and rounds are worked out run by run: where nobody changes, a year is one step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

from slo.counts import NOTHING
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
    """
    Slots from *first* to before *end* that came to the same.

    *due_ms* says how far into its slot each was due, where all of it was due at one instant.
    """

    first: int
    end: int
    mark: Mark
    due_ms: int | None = None


class One(NamedTuple):
    """What one slot came to; *due_ms* as of a `Stretch`."""

    mark: Mark
    due_ms: int | None


def slots(timeline: Timeline, interval_ms: int) -> list[Stretch]:
    """What one series said, slot by slot, in order; slots without a sample are left out."""
    return list(_worst(_pieces(timeline.runs(), interval_ms)))


def combined(series: Sequence[Sequence[Stretch]], rule: Rule) -> list[Stretch]:
    """
    What the rounds of *series* came to by *rule*; silent is who has no stretch there.

    A round was due at one instant if so was all that each series said, and each said something
    that had ever said anything before: then nothing more is waited for.
    """
    changes: dict[int, list[tuple[int, Stretch]]] = {}
    begun: dict[int, int] = {}
    for stretches in series:
        for stretch in stretches:
            changes.setdefault(stretch.first, []).append((1, stretch))
            changes.setdefault(stretch.end, []).append((-1, stretch))
        if stretches:
            begun[stretches[0].first] = begun.get(stretches[0].first, 0) + 1
    found: list[Stretch] = []
    present = [0, 0, 0, 0]
    due: Counter[int | None] = Counter()
    expected = 0
    for slot, following in pairwise(sorted(changes)):
        for step, stretch in changes[slot]:
            present[stretch.mark] += step
            due[stretch.due_ms] += step
        due = +due
        expected += begun.get(slot, 0)
        if any(present):
            good, bad, blip, void = present
            said = sum(present)
            mark = rule(Said(good, bad, blip, void, silent=len(series) - said))
            at_once = said == expected and len(due) == 1
            _append(found, Stretch(slot, following, mark, next(iter(due)) if at_once else None))
    return found


def said_in(timeline: Timeline, slot: int, interval_ms: int) -> One | None:
    """What one series said in one slot; ``None`` if it had no sample there."""
    from_ms, to_ms = slot * interval_ms, (slot + 1) * interval_ms
    counts = timeline.counts(from_ms - 1, to_ms - 1)
    mark = next((mark for mark in _WORST_FIRST if getattr(counts, mark.name.lower())), None)
    if mark is None:
        return None
    due = {_due_ms(run, slot, interval_ms) for run in timeline.spanning(from_ms, to_ms)}
    single = counts.valid + counts.void == 1
    return One(mark, next(each for each in due if each is not None) if single else None)


def round_of(said: Sequence[One | None], rule: Rule, begun: int) -> One | None:
    """
    What a single round came to; ``None`` if nobody had a sample in it.

    Args:
        said: By each series.
        rule: What makes a round bad.
        begun: How many of them had a sample by the end of the slot.
    """
    some = [one for one in said if one is not None]
    if not some:
        return None
    marks = [one.mark for one in some]
    good, bad, blip, void = (marks.count(mark) for mark in Mark)
    mark = rule(Said(good, bad, blip, void, silent=len(said) - len(some)))
    due = {one.due_ms for one in some}
    at_once = len(some) == begun and len(due) == 1
    return One(mark, due.pop() if at_once else None)


def timeline_of(stretches: Iterable[Stretch], interval_ms: int) -> Timeline:
    """Rounds as a series that has its samples where the slots begin: where they speak from."""
    return Timeline(
        joined(
            Run(each.first * interval_ms, interval_ms, each.end - each.first, each.mark)
            for each in stretches
        )
    )


def events_of(stretches: Iterable[Stretch], interval_ms: int) -> Timeline:
    """
    Rounds as a series that has its samples where they count; see `counts_at`.

    A decision at a whole minute so sees the same rounds live and in a replay.
    """
    return Timeline(
        joined(
            Run(
                counts_at(each.first, each.due_ms, interval_ms),
                interval_ms,
                each.end - each.first,
                each.mark,
            )
            for each in stretches
        )
    )


def counts_at(slot: int, due_ms: int | None, interval_ms: int) -> int:
    """
    The instant at which the round of *slot* counts.

    The one at which all of it was due; else where the slot ends, since only then all is known.
    """
    return slot * interval_ms + (interval_ms - 1 if due_ms is None else due_ms)


def time(
    rounds: Timeline,
    interval_ms: int,
    from_ms: int,
    to_ms: int,
    *,
    valid_for_ms: int,
    excluded: Spans = Spans.EMPTY,
    events: Timeline | None = None,
) -> TimeShares:
    """
    How ``[from_ms, to_ms)`` divides: a round speaks from the beginning of its slot on (R9).

    That of a slot that is not over at *to_ms* is not known yet, unless it counts already
    (*events*, from `events_of`); the one before speaks on.
    """
    whole_ms = to_ms // interval_ms * interval_ms
    counted = events is not None and events.counts(whole_ms - 1, to_ms) != NOTHING
    if whole_ms == to_ms or counted:
        return rounds.time(from_ms, to_ms, valid_for_ms, excluded)
    spoke = (
        Run(at_ms, interval_ms, 1, said.mark)
        for at_ms in range(whole_ms - interval_ms, whole_ms - valid_for_ms, -interval_ms)
        if (said := said_in(rounds, at_ms // interval_ms, interval_ms)) is not None
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
        first, last = run.first_ms // interval_ms, run.last_ms // interval_ms
        if run.count == 1 or run.step_ms == interval_ms:
            yield Stretch(first, first + run.count, run.mark, run.first_ms % interval_ms)
        elif run.step_ms > interval_ms:
            for at_ms in range(run.first_ms, run.last_ms + 1, run.step_ms):
                slot = at_ms // interval_ms
                yield Stretch(slot, slot + 1, run.mark, at_ms % interval_ms)
        elif 2 * run.step_ms > interval_ms:
            for slot in range(first, last + 1):
                yield Stretch(slot, slot + 1, run.mark, _due_ms(run, slot, interval_ms))
        else:  # all but the first and the last slot hold several
            yield Stretch(first, first + 1, run.mark, _due_ms(run, first, interval_ms))
            if first + 1 < last:
                yield Stretch(first + 1, last, run.mark)
            if first < last:
                yield Stretch(last, last + 1, run.mark, _due_ms(run, last, interval_ms))


def _due_ms(run: Run, slot: int, interval_ms: int) -> int | None:
    """How far into *slot* the only sample of *run* in it was due; ``None`` if not just one was."""
    from_ms, to_ms = slot * interval_ms, (slot + 1) * interval_ms
    passed = max(-(-(from_ms - run.first_ms) // run.step_ms), 0)
    at_ms = run.first_ms + passed * run.step_ms
    following_ms = at_ms + run.step_ms
    if not from_ms <= at_ms <= min(run.last_ms, to_ms - 1):
        return None
    return None if following_ms <= min(run.last_ms, to_ms - 1) else at_ms - from_ms


def _worst(pieces: Iterable[Stretch]) -> Iterator[Stretch]:
    """Each slot once; *pieces* overlap at most in the one slot where the next begins."""
    last: Stretch | None = None
    for piece in pieces:
        first, end, mark, due_ms = piece
        if last is None or first >= last.end:
            if last is not None:
                yield last
            last = piece
            continue
        if last.first < first:
            yield Stretch(last.first, first, last.mark, last.due_ms)
        last = Stretch(first, first + 1, min(last.mark, mark, key=_WORST_FIRST.index))
        if end > first + 1:
            yield last
            last = Stretch(first + 1, end, mark, due_ms)
    if last is not None:
        yield last


def _append(found: list[Stretch], stretch: Stretch) -> None:
    """Add *stretch*, to the last one where it goes on with it."""
    if found and found[-1].end == stretch.first and found[-1][2:] == stretch[2:]:
        stretch = stretch._replace(first=found.pop().first)
    found.append(stretch)
