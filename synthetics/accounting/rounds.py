"""The rounds of an SLO (R12), kept up to date as its samples are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slo.counts import NOTHING
from slo.history import History, Pool, Together
from slo.rounds import (
    One,
    Stretch,
    any_bad,
    any_good,
    bad_if,
    combined,
    counts_at,
    events_of,
    round_of,
    said_in,
    slots,
    time,
    timeline_of,
    whole_slots,
)
from slo.shares import TimeShares, averaged
from slo.spans import Spans
from slo.timeline import Timeline
from synthetics.accounting.accounts import MILLISECOND, Places
from synthetics.config.model import Combine, Config, Slo

NEVER = 1 << 62
"""Later than any slot."""

Asked = Sequence[Sequence[Timeline]]
"""For each probe, the series that say what it came to; none if it was not asked there."""


@dataclass(frozen=True, slots=True)
class Line:
    """
    A series of rounds.

    Attributes:
        spoken: Them where their slots begin.
        events: Them where they count; see `slo.rounds.events_of`.
    """

    spoken: Timeline
    events: Timeline

    def put(self, slot: int, interval_ms: int, one: One | None) -> None:
        """What the round of *slot* comes to now."""
        at_ms = slot * interval_ms
        before = said_in(self.events, slot, interval_ms)
        if before is not None and before != one:
            self.events.remove(counts_at(slot, before.due_ms, interval_ms))
        if one is None:
            self.spoken.remove(at_ms)
        else:
            self.spoken.add(at_ms, one.mark)
            self.events.add(counts_at(slot, one.due_ms, interval_ms), one.mark)


class Combination:
    """
    Samples of probes that come together as series of rounds.

    Locations come together first, probe by probe, then the probes.  Where locations stay
    apart, each has rounds of its own: those of the configured one are of all the probes, those
    of another of the probes that it has samples of.

    Args:
        places: The samples of each probe; looked at when asked, so they may still grow.
        interval_ms: Of all these probes.
        here: The configured location.
        least: How many bad locations make a probe bad; ``None`` if they stay apart.
    """

    def __init__(
        self, places: Sequence[Places], *, interval_ms: int, here: str, least: int | None
    ) -> None:
        self.interval_ms = interval_ms
        self._places = places
        self._here = here
        self._across = None if least is None else bad_if(least)
        self._begun: list[dict[str, int]] = []
        self._asked: dict[str, Asked] = {}
        self._rounds: dict[str, Line] = {}
        self._fresh: set[int] = set()

    def touch(self, at_ms: int) -> None:
        """A sample of one of the probes, due at *at_ms*, has come."""
        self._fresh.add(at_ms // self.interval_ms)

    def reset(self) -> None:
        """More has changed than `touch` was told."""
        self._begun = []

    def rounds(self) -> Mapping[str, Line]:
        """The series of rounds as they are now, by location; that of all of them is `here`'s."""
        begun = [
            {name: self._begun_by(line) for name, line in places.items()} for places in self._places
        ]
        if begun != self._begun:
            self._asked = dict(self._by_location())
            self._rounds = {
                name: self._line(self._worked_out(asked)) for name, asked in self._asked.items()
            }
            self._begun = begun
        else:
            for slot in sorted(self._fresh):
                for name, asked in self._asked.items():
                    self._rounds[name].put(slot, self.interval_ms, self._round(asked, slot))
        self._fresh.clear()
        return self._rounds

    def _begun_by(self, line: Timeline) -> int:
        """The first slot in which a series said something."""
        return NEVER if line.first_ms is None else line.first_ms // self.interval_ms

    def _line(self, stretches: Sequence[Stretch]) -> Line:
        return Line(
            timeline_of(stretches, self.interval_ms), events_of(stretches, self.interval_ms)
        )

    def _by_location(self) -> Iterator[tuple[str, Asked]]:
        if self._across is not None:
            yield self._here, [list(places.values()) for places in self._places]
            return
        yield self._here, [[p[self._here]] if self._here in p else [] for p in self._places]
        for name in dict.fromkeys(name for places in self._places for name in places):
            if name != self._here:
                yield name, [[places[name]] for places in self._places if name in places]

    def _worked_out(self, asked: Asked) -> list[Stretch]:
        """All rounds."""
        probes = []
        for series in asked:
            each = [slots(one, self.interval_ms) for one in series]
            if self._across is None:
                probes.append(each[0] if each else [])
            else:
                probes.append(combined(each, self._across))
        return combined(probes, any_bad)

    def _round(self, asked: Asked, slot: int) -> One | None:
        """One round, without looking at any other."""
        probes: list[One | None] = []
        expected = 0
        for series in asked:
            begun = sum(self._begun_by(one) <= slot for one in series)
            expected += begun > 0
            said = [said_in(one, slot, self.interval_ms) for one in series]
            if self._across is None:
                probes.append(said[0] if said else None)
            else:
                probes.append(round_of(said, self._across, begun))
        return round_of(probes, any_bad, expected)


class SloRounds:
    """
    The rounds of one SLO.

    Args:
        config: The probes.
        slo: One that counts rounds.
        places: The samples of each of its probes.
    """

    def __init__(self, config: Config, slo: Slo, places: Sequence[Places]) -> None:
        every_ms = [config.probes[probe].every // MILLISECOND for probe in slo.probes]
        together = slo.accounting.combine is Combine.ALL
        groups = [places] if together else [[one] for one in places]
        self._here = config.location
        valid_for = slo.accounting.valid_for
        self._valid_for_ms = None if valid_for is None else valid_for // MILLISECOND
        self._combinations = [
            Combination(
                group, interval_ms=interval_ms, here=config.location, least=slo.accounting.bad_if
            )
            for group, interval_ms in zip(groups, every_ms, strict=False)
        ]

    def touch(self, at_ms: int) -> None:
        """A sample of one of the probes, due at *at_ms*, has come."""
        for combination in self._combinations:
            combination.touch(at_ms)

    def reset(self) -> None:
        """Samples have come or gone in bulk."""
        for combination in self._combinations:
            combination.reset()

    def lines(self) -> Sequence[Timeline]:
        """The series of rounds as they are now."""
        return [line.spoken for each in self._combinations for line in each.rounds().values()]

    def history(self, excluded: Spans) -> History:
        """Its rounds as events; *excluded* is cut outward to whole rounds."""
        return Together(
            [
                Pool(
                    [line.events for line in each.rounds().values()],
                    whole_slots(excluded, each.interval_ms),
                )
                for each in self._combinations
            ]
        )

    def time(self, from_ms: int, to_ms: int, excluded: Spans) -> TimeShares:
        """How ``[from_ms, to_ms)``, which lies in the past, divides."""
        if from_ms >= to_ms:
            return TimeShares()
        return averaged(
            [
                time(
                    rounds.spoken,
                    slot_ms,
                    from_ms,
                    to_ms,
                    valid_for_ms=valid_for_ms,
                    excluded=whole_slots(excluded, slot_ms),
                    events=rounds.events,
                )
                for rounds, valid_for_ms, slot_ms in self._series(from_ms, to_ms)
            ]
        )

    def down_spans(self, from_ms: int, to_ms: int, excluded: Spans) -> Spans:
        """When in ``[from_ms, to_ms)`` any series of rounds was down."""
        return Spans.of(
            pair
            for rounds, valid_for_ms, slot_ms in self._series(from_ms, to_ms)
            for pair in rounds.spoken.down_spans(
                from_ms, to_ms, valid_for_ms, whole_slots(excluded, slot_ms)
            )
        )

    def _series(self, from_ms: int, to_ms: int) -> Iterator[tuple[Line, int, int]]:
        """The rounds that count for a stretch of time, how long each speaks, and their slots."""
        for each in self._combinations:
            slot_ms = each.interval_ms
            valid_for_ms = self._valid_for_ms or 2 * slot_ms
            for location, rounds in each.rounds().items():
                spoke = rounds.spoken.counts(from_ms - valid_for_ms, to_ms) != NOTHING
                if spoke or location == self._here:
                    yield rounds, valid_for_ms, slot_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    How several locations saw the probes of an SLO.

    Attributes:
        locations: How many had samples.
        uptime: Share of the rounds that anybody reported in which somebody was served.
        reachability: Share of all samples that were good.
    """

    locations: int
    uptime: Fraction | None
    reachability: Fraction | None


def reach(
    places: Sequence[tuple[Places, int]], after_ms: int, until_ms: int, excluded: Spans
) -> Reach | None:
    """
    What several locations saw in ``(after_ms, until_ms]``; ``None`` if there was only one.

    Args:
        places: The samples of each probe, and its interval.
        after_ms: Later than this.
        until_ms: Not later than this.
        excluded: What does not count.
    """
    seen = {
        name
        for timelines, _ in places
        for name, timeline in timelines.items()
        if timeline.counts(after_ms, until_ms) != NOTHING
    }
    if len(seen) < 2:
        return None
    pooled, served = NOTHING, NOTHING
    for timelines, slot_ms in places:
        each = [slots(one, slot_ms) for one in timelines.values()]
        rounds = events_of(combined(each, any_good), slot_ms)
        served += rounds.counts(after_ms, until_ms, whole_slots(excluded, slot_ms))
        pooled += Pool(list(timelines.values()), excluded)(after_ms, until_ms)
    return Reach(locations=len(seen), uptime=served.sli, reachability=pooled.sli)
