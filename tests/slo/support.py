"""The slow, obvious way to count, and histories to count with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from slo.counts import Counts
from slo.history import History, Pool
from slo.runs import Mark, Run
from slo.shares import TimeShares
from slo.spans import Spans
from slo.timeline import Timeline

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Plain:
    """The reference: a dict of samples, gone through one by one, millisecond by millisecond."""

    def __init__(self, samples: Mapping[int, Mark]) -> None:
        self.samples = dict(sorted(samples.items()))

    def counts(self, after_ms: int, until_ms: int, excluded: Iterable[tuple[int, int]]) -> Counts:
        pairs = list(excluded)
        tally = dict.fromkeys(["good", "bad", "blip", "void", "excluded"], 0)
        for at_ms, mark in self.samples.items():
            if after_ms < at_ms <= until_ms:
                aside = any(start <= at_ms < end for start, end in pairs)
                tally["excluded" if aside else mark.name.lower()] += 1
        return Counts(**tally)

    def spoken(self, valid_for_ms: int) -> list[tuple[int, int, Mark]]:
        """From when to when each sample speaks."""
        instants = list(self.samples)
        spoken = []
        for index, at_ms in enumerate(instants):
            end = at_ms + valid_for_ms
            if index + 1 < len(instants):
                end = min(end, instants[index + 1])
            spoken.append((at_ms, end, self.samples[at_ms]))
        return spoken

    def time(
        self, from_ms: int, to_ms: int, valid_for_ms: int, excluded: Iterable[tuple[int, int]]
    ) -> TimeShares:
        pairs = list(excluded)
        spoken = self.spoken(valid_for_ms)
        tally = dict.fromkeys(["up_ms", "down_ms", "excluded_ms", "unknown_ms"], 0)
        for moment in range(from_ms, to_ms):
            if any(start <= moment < end for start, end in pairs):
                tally["excluded_ms"] += 1
                continue
            said = [mark for start, end, mark in spoken if start <= moment < end]
            match said:
                case [Mark.GOOD]:
                    tally["up_ms"] += 1
                case [Mark.BAD | Mark.BLIP]:
                    tally["down_ms"] += 1
                case _:
                    tally["unknown_ms"] += 1
        return TimeShares(**tally)


def expanded(timeline: Timeline) -> dict[int, Mark]:
    """Every sample of *timeline*."""
    return {
        run.first_ms + index * run.step_ms: run.mark
        for run in timeline.runs()
        for index in range(run.count)
    }


def history_of(timeline: Timeline, excluded: Spans = Spans.EMPTY) -> History:
    return Pool([timeline], excluded)


def every_minute(marks: str, first_ms: int = 0) -> Timeline:
    """One sample a minute: ``.`` good, ``x`` bad, ``b`` blip, ``o`` void, a space for none."""
    letters = {".": Mark.GOOD, "x": Mark.BAD, "b": Mark.BLIP, "o": Mark.VOID}
    timeline = Timeline()
    for index, letter in enumerate(marks):
        if letter != " ":
            timeline.add(first_ms + index * MINUTE, letters[letter])
    return timeline


def steady(mark: Mark, count: int, *, first_ms: int = 0, step_ms: int = MINUTE) -> Run:
    return Run(first_ms, step_ms, count, mark)


marks = st.sampled_from(Mark)
# Few instants on a coarse grid with some off it, so that runs form, break and touch.
instants = st.one_of(st.integers(0, 12).map(lambda index: index * 5), st.integers(0, 60))
arrivals = st.lists(st.tuples(instants, marks), max_size=40)
moments = st.integers(-10, 80)
pairs = st.lists(
    st.tuples(st.integers(-5, 70), st.integers(0, 20)).map(lambda pair: (pair[0], sum(pair))),
    max_size=3,
)
