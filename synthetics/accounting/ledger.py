"""The history of every objective, kept up to date sample by sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from types import MappingProxyType

from slo.budget import budget, burn_rate
from slo.budget_alerts import BudgetDecision, decide_budget
from slo.counts import NOTHING, Counts
from slo.history import History, Pool
from slo.policy import QUIET, Decision, State, decide
from slo.shares import TimeShares, averaged
from slo.spans import Spans
from slo.timeline import Timeline
from synthetics.accounting.maintenance import excluded_by_slo
from synthetics.accounting.rounds import Reach, SloRounds, reach
from synthetics.accounting.standing import Standing
from synthetics.accounting.views import View
from synthetics.config.model import Config
from synthetics.sample import Sample
from synthetics.store.exclusions import Exclusion
from synthetics.store.reader import Reader


@dataclass(slots=True)
class _Account:
    """
    One probe in one view: a timeline by location, shared by the SLOs that look so.

    Attributes:
        reach_ms: How far back the windows of those SLOs can look.
        since_ms: How far back its timelines are complete; ``None`` until loaded.
    """

    reach_ms: int = 0
    since_ms: int | None = None
    timelines: dict[str, Timeline] = field(default_factory=dict)

    def put(self, location: str, timeline: Timeline, until_ms: int) -> None:
        """Know *timeline* up to *until_ms*, and keep what was applied of later samples."""
        known = self.timelines.get(location)
        if known is not None:
            known.trim(until_ms + 1)
            timeline.extend(known.runs())
        self.timelines[location] = timeline


@dataclass(frozen=True, slots=True)
class _Share:
    """An account as one SLO uses it: *valid_for_ms* is how long a sample speaks (R9)."""

    account: _Account
    valid_for_ms: int


Key = tuple[str, View]
"""A probe, and how it is looked at."""

MILLISECOND = timedelta(milliseconds=1)
NO_STATES: Mapping[str, State] = MappingProxyType({})
"""Of tiers that never fired."""
NEVER_ASKED = Timeline()


class Ledger:
    """
    Counts and times of all SLOs of a configuration.

    Samples of the probes of an SLO, from every location, are pooled (R12) or come together in
    rounds: events are added up, and shares of time are averaged over the series.

    Knows no clock: whoever asks says what time it is.  Asking completes sums that
    are kept, so it is for one thread at a time.
    """

    def __init__(self, config: Config) -> None:
        self._accounts: dict[Key, _Account] = {}
        self._pools: dict[str, list[_Share]] = {}
        self._views: dict[str, list[View]] = {}
        self._rounds: dict[str, SloRounds] = {}
        self._combined: dict[Key, list[SloRounds]] = {}
        self._excluded: Mapping[str, Spans] = {}
        self._declared: tuple[Exclusion, ...] = ()
        self.adopt(config)

    def adopt(self, config: Config) -> frozenset[Key]:
        """
        Go by another configuration.

        What is known stays known as far as it is still needed.  Returns what is
        not known far enough back; the next `load` reads exactly that.
        """
        accounts: dict[Key, _Account] = {}
        pools: dict[str, list[_Share]] = {}
        reach: dict[Key, int] = defaultdict(int)
        for slo in config.slos.values():
            looks_back_ms = max(
                [slo.window.longest_ms, *(tier.looks_back_ms for tier in slo.tiers)]
            )
            pools[slo.id] = []
            in_rounds = slo.accounting.in_rounds
            for probe in slo.probes:
                key = probe, View.of(slo)
                valid_for = slo.accounting.valid_for or 2 * config.probes[probe].every
                valid_for_ms = valid_for // MILLISECOND
                slot_ms = config.probes[probe].every // MILLISECOND if in_rounds else 0
                reach[key] = max(reach[key], looks_back_ms + valid_for_ms + slot_ms)
                account = accounts.setdefault(key, self._accounts.get(key) or _Account())
                pools[slo.id].append(_Share(account, valid_for_ms))
        for key, account in accounts.items():
            if reach[key] > account.reach_ms:
                account.since_ms = None
            account.reach_ms = reach[key]
        self._config = config
        self._accounts = accounts
        self._pools = pools
        self._views = defaultdict(list)
        for probe, view in accounts:
            self._views[probe].append(view)
        self._combine()
        self._excluded = excluded_by_slo(config, self._declared)
        return self.unknown()

    def _combine(self) -> None:
        """Bring those SLOs together that count rounds (R12)."""
        self._rounds = {}
        self._combined = defaultdict(list)
        for slo in self._config.slos.values():
            if not slo.accounting.in_rounds:
                continue
            keys = [(probe, View.of(slo)) for probe in slo.probes]
            self._rounds[slo.id] = SloRounds(
                self._config, slo, [self._accounts[key].timelines for key in keys]
            )
            for key in keys:
                self._combined[key].append(self._rounds[slo.id])

    def declare(self, exclusions: Sequence[Exclusion]) -> None:
        """Go by *exclusions*, all that commands have declared, beside what the file says (R2)."""
        self._declared = tuple(exclusions)
        self._excluded = excluded_by_slo(self._config, self._declared)

    def unknown(self) -> frozenset[Key]:
        """What `load` has not read yet."""
        return frozenset(key for key, account in self._accounts.items() if account.since_ms is None)

    def forget(self, probes: Collection[str]) -> None:
        """Read all of *probes* anew with the next `load`: more was stored than was applied."""
        for (probe, _), account in self._accounts.items():
            if probe in probes:
                account.since_ms = None

    def load(self, reader: Reader, at_ms: int, since_ms: int | None = None) -> None:
        """
        Read what is not known yet, up to and including *at_ms*, and what was declared.

        Args:
            reader: Where samples are kept.
            at_ms: The present.
            since_ms: Know everything at least back to here; by default no further
                than the windows reach.
        """
        self.declare(reader.exclusions())
        missing: dict[tuple[View, int], dict[str, _Account]] = defaultdict(dict)
        for (probe, view), account in self._accounts.items():
            start_ms = at_ms - account.reach_ms
            start_ms = start_ms if since_ms is None else min(start_ms, since_ms)
            if account.since_ms is None or account.since_ms > start_ms:
                missing[view, start_ms][probe] = account
        stored = {series.id: series for series in reader.series()} if missing else {}
        for (view, start_ms), accounts in missing.items():
            wanted = [each.id for each in stored.values() if each.probe in accounts]
            found = reader.runs(
                start_ms - 1, at_ms, wanted, marks=view.marks(), limit_us=view.limit_us
            )
            for series_id, runs in found.items():
                series = stored[series_id]
                accounts[series.probe].put(series.location, Timeline(runs), at_ms)
            for account in accounts.values():
                account.since_ms = start_ms
        for rounds in self._rounds.values():
            rounds.reset()

    def apply(self, sample: Sample) -> None:
        """Count *sample*; one of the same instant is replaced (R3)."""
        for view in self._views.get(sample.probe, ()):
            timelines = self._accounts[sample.probe, view].timelines
            timeline = timelines.get(sample.location)
            if timeline is None:
                timeline = timelines[sample.location] = Timeline()
            timeline.add(sample.scheduled_ms, view.mark_of(sample))
            for rounds in self._combined.get((sample.probe, view), ()):
                rounds.touch(sample.scheduled_ms)

    def trim(self, at_ms: int) -> None:
        """Forget what no window can reach at *at_ms* or later."""
        for account in self._accounts.values():
            since_ms = at_ms - account.reach_ms
            for timeline in account.timelines.values():
                timeline.trim(since_ms)
            if account.since_ms is not None:
                account.since_ms = max(account.since_ms, since_ms)
        for rounds in self._rounds.values():
            rounds.reset()

    def first_ms(self, slo_id: str) -> int | None:
        """The oldest sample of an SLO that is known, good, bad or void; ``None`` without any."""
        found = (
            timeline.first_ms
            for share in self._pools[slo_id]
            for timeline in share.account.timelines.values()
        )
        return min((first for first in found if first is not None), default=None)

    @property
    def declared(self) -> tuple[Exclusion, ...]:
        """What commands have declared, also what was taken back."""
        return self._declared

    def excluded(self, slo_id: str) -> Spans:
        """What does not count for an SLO, in whole minutes (R2)."""
        return self._excluded[slo_id]

    def history(self, slo_id: str) -> History:
        """
        The samples or rounds of an SLO, for `slo.policy.decide`.

        Good until the next `adopt`, `load` or `trim`, and where rounds are counted until the
        next `apply`.
        """
        excluded = self._excluded[slo_id]
        if slo_id in self._rounds:
            return self._rounds[slo_id].history(excluded)
        timelines = [
            timeline
            for share in self._pools[slo_id]
            for timeline in share.account.timelines.values()
        ]
        return Pool(timelines, excluded)

    def counts(self, slo_id: str, after_ms: int, until_ms: int) -> Counts:
        """Samples of an SLO that were due in ``(after_ms, until_ms]``, or rounds that ended."""
        return self.history(slo_id)(after_ms, until_ms)

    def reach(self, slo_id: str, after_ms: int, until_ms: int) -> Reach | None:
        """How several locations saw an SLO; ``None`` if only one had samples (R12)."""
        probes = self._config.slos[slo_id].probes
        return reach(
            [
                (share.account.timelines, self._config.probes[probe].every // MILLISECOND)
                for probe, share in zip(probes, self._pools[slo_id], strict=True)
            ],
            after_ms,
            until_ms,
            self._excluded[slo_id],
        )

    def time(
        self, slo_id: str, from_ms: int, to_ms: int, until_ms: int | None = None
    ) -> TimeShares:
        """
        How ``[from_ms, to_ms)`` divides for an SLO (R9), not counting what lies after *until_ms*.

        The mean of its series.  A location that is not the configured one takes
        part where it has anything to say, so one that was given up long ago does
        not make the SLO look blind.
        """
        excluded = self._excluded[slo_id]
        if slo_id in self._rounds:
            to_ms = to_ms if until_ms is None else min(to_ms, until_ms)
            return self._rounds[slo_id].time(from_ms, to_ms, excluded)
        return averaged(
            [
                timeline.time(from_ms, to_ms, valid_for_ms, excluded, until_ms)
                for timeline, valid_for_ms in self._series(slo_id, from_ms, to_ms)
            ]
        )

    def down_spans(self, slo_id: str, from_ms: int, to_ms: int) -> Spans:
        """When in ``[from_ms, to_ms)`` any series of an SLO was down."""
        excluded = self._excluded[slo_id]
        if slo_id in self._rounds:
            return self._rounds[slo_id].down_spans(from_ms, to_ms, excluded)
        return Spans.of(
            pair
            for timeline, valid_for_ms in self._series(slo_id, from_ms, to_ms)
            for pair in timeline.down_spans(from_ms, to_ms, valid_for_ms, excluded)
        )

    def decisions(
        self, slo_id: str, at_ms: int, states: Mapping[str, State] = NO_STATES
    ) -> tuple[Decision, ...]:
        """Each tier of an SLO at *at_ms* (R7); *states* is what they carry, by name."""
        slo = self._config.slos[slo_id]
        history = self.history(slo_id)
        return tuple(
            decide(
                tier,
                slo.objective,
                history,
                at_ms,
                state=states.get(tier.name, QUIET),
                no_data=slo.no_data,
                reset=slo.reset,
            )
            for tier in slo.tiers
        )

    def budget_decisions(
        self, slo_id: str, at_ms: int, states: Mapping[str, State] = NO_STATES
    ) -> tuple[BudgetDecision, ...]:
        """Each alert about the budget of an SLO at *at_ms*; *states* as for `decisions`."""
        watch = self._config.slos[slo_id].budget_watch
        if watch is None or not watch.alerts:
            return ()
        history = self.history(slo_id)
        return tuple(
            decide_budget(watch, alert, history, at_ms, state=states.get(alert.name, QUIET))
            for alert in watch.alerts
        )

    def standing(
        self, slo_id: str, at_ms: int, states: Mapping[str, State] = NO_STATES
    ) -> Standing:
        """Where an SLO stands at *at_ms*; *states* is what its tiers carry, by name."""
        slo = self._config.slos[slo_id]
        bounds = slo.window.bounds(at_ms)
        counts = self.counts(slo_id, bounds.after_ms, bounds.until_ms)
        time = self.time(slo_id, bounds.from_ms, bounds.known_to_ms)
        aside_ms = self._excluded[slo_id].length_ms(bounds.from_ms, bounds.to_ms)
        return Standing(
            slo=slo_id,
            at_ms=at_ms,
            bounds=bounds,
            counts=counts,
            burn=burn_rate(counts, slo.objective),
            budget=budget(
                counts,
                slo.objective,
                length_ms=bounds.length_ms - aside_ms,
                passed=Fraction(bounds.known_ms, bounds.length_ms),
                down_ms=time.down_ms,
            ),
            time=time,
            decisions=self.decisions(slo_id, at_ms, states),
            budget_decisions=self.budget_decisions(slo_id, at_ms, states),
        )

    def _series(self, slo_id: str, from_ms: int, to_ms: int) -> Iterator[tuple[Timeline, int]]:
        """The timelines of an SLO that count for a stretch of time, and how long each speaks."""
        here = self._config.location
        for share in self._pools[slo_id]:
            timelines, valid_for_ms = share.account.timelines, share.valid_for_ms
            yield timelines.get(here, NEVER_ASKED), valid_for_ms
            for location, timeline in timelines.items():
                if location != here and timeline.counts(from_ms - valid_for_ms, to_ms) != NOTHING:
                    yield timeline, valid_for_ms
