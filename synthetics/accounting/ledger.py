"""The history of every objective, kept up to date sample by sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from slo.budget import budget, burn_rate
from slo.budget_alerts import BudgetDecision, decide_budget
from slo.counts import Counts
from slo.history import History
from slo.policy import QUIET, Decision, State, decide
from slo.shares import TimeShares
from slo.spans import Spans
from slo.timeline import Timeline
from synthetics.accounting.accounts import MILLISECOND, Account, Key
from synthetics.accounting.counted import Counted, Pooled, SloComposite
from synthetics.accounting.maintenance import Aside
from synthetics.accounting.needs import counted_by, reaches
from synthetics.accounting.rounds import Reach, reach
from synthetics.accounting.standing import Standing
from synthetics.accounting.views import View, views
from synthetics.config.model import Composite, Config, Slo
from synthetics.sample import Sample
from synthetics.store.exclusions import Exclusion
from synthetics.store.reader import Reader

NO_STATES: Mapping[str, State] = MappingProxyType({})
"""Of tiers that never fired."""


class Ledger:
    """
    Counts and times of all SLOs of a configuration.

    Samples of the probes of an SLO, from every location, are pooled (R12), or come together in
    rounds or in slices of time; a composite has those of its parts.

    Knows no clock: whoever asks says what time it is.  Asking completes sums that
    are kept, so it is for one thread at a time.
    """

    def __init__(self, config: Config) -> None:
        self._accounts: dict[Key, Account] = {}
        self._views: dict[str, list[View]] = {}
        self._counted: dict[str, Counted] = {}
        self._touched: dict[Key, list[Counted]] = {}
        self._aside = Aside(config)
        self.adopt(config)

    def adopt(self, config: Config) -> frozenset[Key]:
        """
        Go by another configuration.

        What is known stays known as far as it is still needed.  Returns what is
        not known far enough back; the next `load` reads exactly that.
        """
        accounts: dict[Key, Account] = {}
        reach = reaches(config)
        for key, needs in reach.items():
            account = accounts[key] = self._accounts.get(key) or Account()
            if needs.reach_ms > account.reach_ms or needs.origin > account.asks_origin:
                account.since_ms = None
            account.reach_ms, account.asks_origin = needs.reach_ms, needs.origin
        self._config = config
        self._accounts = accounts
        self._views = defaultdict(list)
        for probe, view in accounts:
            self._views[probe].append(view)
        self._counted = {}
        self._touched = defaultdict(list)
        for slo in config.slos.values():
            self._count(slo)
        self._aside.adopt(config)
        self._reset()
        return self.unknown()

    def _count(self, slo: Slo) -> Counted:
        """What *slo* counts, made when it is first needed."""
        known = self._counted.get(slo.id)
        if known is not None:
            return known
        config = self._config
        if isinstance(slo.sli, Composite):
            parts = [self._count(config.slos[name]) for name in slo.sli.parts]
            counted: Counted = SloComposite(slo.sli, parts, self.excluded)
        else:
            keys = [(probe, View.of(slo)) for probe in slo.probes]
            accounts = [self._accounts[key] for key in keys]
            counted = counted_by(config, slo, accounts)
            if not isinstance(counted, Pooled):
                for key in keys:
                    self._touched[key].append(counted)
        self._counted[slo.id] = counted
        return counted

    def declare(self, exclusions: Sequence[Exclusion]) -> None:
        """Go by *exclusions*, all that commands have declared, beside what the file says (R2)."""
        self._aside.declare(exclusions)
        self._reset()

    def _reset(self) -> None:
        for counted in self._counted.values():
            counted.reset()

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
        reach_ms = max((account.reach_ms for account in self._accounts.values()), default=0)
        back_ms = at_ms - reach_ms
        self._aside.reach(back_ms if since_ms is None else min(back_ms, since_ms), at_ms)
        self.declare(reader.exclusions())
        missing: dict[tuple[View, int], dict[str, Account]] = defaultdict(dict)
        for (probe, view), account in self._accounts.items():
            start_ms = at_ms - account.reach_ms
            start_ms = start_ms if since_ms is None else min(start_ms, since_ms)
            if account.since_ms is None or account.since_ms > start_ms:
                missing[view, start_ms][probe] = account
        stored = {series.id: series for series in reader.series()} if missing else {}
        for (view, start_ms), accounts in missing.items():
            wanted = [each.id for each in stored.values() if each.probe in accounts]
            found = reader.runs(
                start_ms - 1,
                at_ms,
                wanted,
                marks=view.marks(),
                limit_us=view.limit_us,
                step=view.step,
            )
            for series_id, runs in found.items():
                series = stored[series_id]
                accounts[series.probe].put(series.location, Timeline(runs), at_ms)
            for account in accounts.values():
                account.since_ms = start_ms
            for each in stored.values():
                if each.probe in accounts and accounts[each.probe].asks_origin:
                    began_ms = reader.first_of(each.id, view.step)
                    if began_ms is not None and began_ms <= at_ms:
                        accounts[each.probe].began(began_ms)
        self._reset()

    def apply(self, sample: Sample) -> None:
        """Count *sample*; one of the same instant is replaced (R3)."""
        for view in self._views.get(sample.probe, ()):
            account, mark = self._accounts[sample.probe, view], view.mark_of(sample)
            timeline = account.timelines.get(sample.location)
            if mark is None:
                if timeline is not None:
                    timeline.remove(sample.scheduled_ms)
            else:
                if timeline is None:
                    timeline = account.timelines[sample.location] = Timeline()
                timeline.add(sample.scheduled_ms, mark)
                account.began(sample.scheduled_ms)
            for counted in self._touched.get((sample.probe, view), ()):
                counted.touch(sample.scheduled_ms)

    def trim(self, at_ms: int) -> None:
        """Forget what no window can reach at *at_ms* or later."""
        for account in self._accounts.values():
            account.trim(at_ms)
        self._aside.reach(at_ms, at_ms)
        self._reset()

    def first_ms(self, slo_id: str) -> int | None:
        """The oldest sample of an SLO that is known, good, bad or void; ``None`` without any."""
        found = (
            timeline.first_ms
            for probe, looked_at in views(self._config, self._config.slos[slo_id]).items()
            for view in looked_at
            for timeline in self._accounts[probe, view].timelines.values()
        )
        return min((first for first in found if first is not None), default=None)

    @property
    def declared(self) -> tuple[Exclusion, ...]:
        """What commands have declared, also what was taken back."""
        return self._aside.declared

    def excluded(self, slo_id: str) -> Spans:
        """What does not count for an SLO, in whole minutes (R2)."""
        return self._aside.of(slo_id)

    def history(self, slo_id: str) -> History:
        """
        The events of an SLO, for `slo.policy.decide`.

        Good until the next `adopt`, `declare`, `load` or `trim`, and where more than samples
        is counted until the next `apply`.
        """
        return self._counted[slo_id].history(self._aside.of(slo_id))

    def counts(self, slo_id: str, after_ms: int, until_ms: int) -> Counts:
        """Samples due in ``(after_ms, until_ms]``, or rounds or slices that ended."""
        return self.history(slo_id)(after_ms, until_ms)

    def reach(self, slo_id: str, after_ms: int, until_ms: int) -> Reach | None:
        """How several locations saw the probes of an SLO; ``None`` if only one had samples."""
        slo = self._config.slos[slo_id]
        if isinstance(slo.sli, Composite):
            return None
        return reach(
            [
                (
                    self._accounts[probe, View.of(slo)].timelines,
                    self._config.probes[probe].every // MILLISECOND,
                )
                for probe in slo.probes
            ],
            after_ms,
            until_ms,
            self._aside.of(slo_id),
        )

    def time(
        self, slo_id: str, from_ms: int, to_ms: int, until_ms: int | None = None
    ) -> TimeShares:
        """
        How ``[from_ms, to_ms)`` divides for an SLO (R9), not counting what lies after *until_ms*.
        """
        to_ms = to_ms if until_ms is None else min(to_ms, until_ms)
        if from_ms >= to_ms:
            return TimeShares()
        return self._counted[slo_id].time(from_ms, to_ms, self._aside.of(slo_id))

    def down_spans(self, slo_id: str, from_ms: int, to_ms: int) -> Spans:
        """When in ``[from_ms, to_ms)`` any series of an SLO was down."""
        return self._counted[slo_id].down_spans(from_ms, to_ms, self._aside.of(slo_id))

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
        aside_ms = self._aside.of(slo_id).length_ms(bounds.from_ms, bounds.to_ms)
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
