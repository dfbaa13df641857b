"""The judge: decides which tiers fire, and writes what changed together with all it owes."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from slo.policy import Decision, State
from synthetics.accounting.ledger import Ledger
from synthetics.clock import Clock
from synthetics.config.model import Config, Severity, Slo
from synthetics.config.model_watch import SYNTHETICS
from synthetics.paging import budgets
from synthetics.paging.drafts import Drafts
from synthetics.paging.holds import Quiet
from synthetics.paging.remedies import Remedies
from synthetics.paging.routing import audience
from synthetics.paging.settle import Cleared, Fired, settle
from synthetics.paging.sights import Newest, Sights, last_bad_ms
from synthetics.sample import Sample
from synthetics.store import incidents
from synthetics.store.reader import Reader
from synthetics.store.store import Store

logger = logging.getLogger(__name__)

_AT_A_TIME = 50
"""SLOs decided before the event loop gets a turn."""

_OVERTAKEN_MS = 60_000

_Firing = dict[str, dict[str, str]]
"""By SLO and tier that fires: the severity."""

_States = dict[str, dict[str, State]]
"""By SLO and tier that ever fired: what its decisions carry on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeStats:
    """
    What the judge has done since the process began.

    Attributes:
        passes: How often it decided.
        decided_ms: The newest instant it decided at; ``None`` before the first.
        last_pass_s: How long the latest pass took, in seconds.
        firing: Alerts that fire, by severity.
    """

    passes: int
    decided_ms: int | None
    last_pass_s: float
    firing: dict[str, int]


class Judge:
    """
    Decides alerts by the ledger's counts and writes every change with what it owes.

    The state of each tier is the store's: its newest alert, with or without an end.  The
    copy here is read from there at the start and follows each commit.

    Args:
        store: Where alerts, incidents and deliveries are written.
        reader: Where the samples are looked up that a page speaks of.
        ledger: The counts; whoever applies samples to it does so before calling.
        config: SLOs, services and routes.
        clock: The present, for decisions as samples arrive (R8).
        wake: Called after a commit that may owe something; the courier's `wake`.

    Attributes:
        remedies: What is tried before anybody is paged.
    """

    def __init__(
        self,
        store: Store,
        reader: Reader,
        ledger: Ledger,
        config: Config,
        *,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._wake = wake
        self._lock = asyncio.Lock()
        self._firing: _Firing = {}
        self._states: _States = {}
        self._newest = Newest()
        self._passes = 0
        self._decided_ms: int | None = None
        self._last_pass_s = 0.0
        self._next_ms: int | None = None
        self._drafts = Drafts(reader, ledger)
        self.remedies = Remedies(store, clock, wake)
        self._adopt(config)

    @classmethod
    async def resume(
        cls,
        store: Store,
        ledger: Ledger,
        config: Config,
        *,
        clock: Clock,
        wake: Callable[[], None],
    ) -> Self:
        """
        A judge that goes on where the last process stopped.

        What fires goes on firing without being told again; what is no longer
        configured is resolved, and routes are followed as they are now.
        """
        reader = Reader.open(store.path)
        judge = cls(store, reader, ledger, config, clock=clock, wake=wake)
        await judge.remedies.resume()
        await judge.reload(config)
        return judge

    def close(self) -> None:
        """Let go of the database, and of what is tried."""
        self.remedies.close()
        self._reader.close()

    async def on_samples(self, samples: Sequence[Sample]) -> None:
        """Decide the SLOs that *samples* count for; they are stored and in the ledger already."""
        probes = dict.fromkeys(sample.probe for sample in samples)
        self._newest.see(samples)
        async with self._lock:
            self.remedies.see(self._config, samples)
            touched = dict.fromkeys(slo for probe in probes for slo in self._slos_of.get(probe, ()))
            await self._pass(list(touched), self._clock.now_ms(), samples)

    async def on_minute(self, at_ms: int) -> None:
        """Decide all SLOs at the whole minute *at_ms* (R8), and what time alone makes due."""
        async with self._lock:
            await self._pass(list(self._config.slos), at_ms, all_open=True)

    async def look_again(self) -> None:
        """Tell what may be told now: a command has declared or ended a silence."""
        async with self._lock:
            await self._settle([], [], self._clock.now_ms(), all_open=True)

    async def reload(self, config: Config) -> None:
        """
        Go by *config*, which the ledger has adopted.

        An alert whose SLO, tier, severity or service is gone is resolved and says so;
        the others go on, told to whom the routes name now.
        """
        async with self._lock:
            newest = await self._store.write(incidents.newest)
            latest = await asyncio.to_thread(self._reader.latest)
            self._newest.see(stored.sample for stored in latest.values())
            self._adopt(config)
            self._firing = {}
            self._states = {}
            alerts = [alert for alert in newest if alert.resolved_ms is None]
            for alert in newest:
                self._states.setdefault(alert.slo, {})[alert.tier] = alert.state
            for alert in alerts:
                self._firing.setdefault(alert.slo, {})[alert.tier] = alert.severity
            gone = [
                Cleared(alert.slo, alert.tier, reason)
                for alert in alerts
                if (reason := _why_gone(alert, config))
            ]
            await self._settle([], gone, self._clock.now_ms(), all_open=True)

    def stats(self) -> JudgeStats:
        """What was done so far."""
        firing = {severity.value: 0 for severity in Severity}
        for tiers in self._firing.values():
            for fires in tiers.values():
                firing[fires] += 1
        return JudgeStats(
            passes=self._passes,
            decided_ms=self._decided_ms,
            last_pass_s=self._last_pass_s,
            firing=firing,
        )

    def firing(self, slo: str) -> frozenset[str]:
        """Names of the tiers of *slo* that fire."""
        return frozenset(self._firing.get(slo, ()))

    def states(self, slo: str) -> Mapping[str, State]:
        """What the tiers of *slo* that ever fired carry from one decision to the next."""
        return self._states.get(slo, {})

    def _adopt(self, config: Config) -> None:
        self._config = config
        self._quiet = Quiet.of(config)
        self._slos_of: dict[str, list[str]] = {}
        for slo in config.slos.values():
            for probe in slo.probes:
                self._slos_of.setdefault(probe, []).append(slo.id)

    async def _pass(
        self,
        slos: Sequence[str],
        at_ms: int,
        fresh: Sequence[Sample] = (),
        *,
        all_open: bool = False,
    ) -> None:
        began = self._clock.monotonic()
        # A whole minute that waited while samples were decided just after it is not gone back to.
        if self._decided_ms is not None and 0 < self._decided_ms - at_ms < _OVERTAKEN_MS:
            at_ms = self._decided_ms
        fires: list[tuple[Slo, Decision]] = []
        spent: list[Fired] = []
        cleared: list[Cleared] = []
        for number, slo_id in enumerate(slos):
            if number % _AT_A_TIME == _AT_A_TIME - 1:
                await asyncio.sleep(0)
            before = self._firing.get(slo_id, {})
            for decision in self._ledger.decisions(slo_id, at_ms, self.states(slo_id)):
                tier = decision.tier.name
                if decision.firing and tier not in before:
                    fires.append((self._config.slos[slo_id], decision))
                elif tier in before and not decision.firing:
                    cleared.append(Cleared(slo_id, tier, decision.cause.value))
            for of_budget in self._ledger.budget_decisions(slo_id, at_ms, self.states(slo_id)):
                name = of_budget.alert.name
                if of_budget.firing and name not in before:
                    slo = self._config.slos[slo_id]
                    spent.append(budgets.fired(self._config, self._ledger, slo, of_budget))
                elif name in before and not of_budget.firing:
                    cleared.append(Cleared(slo_id, name, of_budget.why.value))
        all_open = all_open or (self._next_ms is not None and self._next_ms <= at_ms)
        if fires or spent or cleared or all_open:
            fired = [
                Fired(message, decision.state.began_ms)
                for message, (_, decision) in zip(
                    await self._drafts.of(self._config, fires, fresh), fires, strict=True
                )
            ]
            fired = await self._weigh(fired, slos, at_ms)
            await self._settle([*fired, *spent], cleared, at_ms, all_open=all_open)
        elif self.remedies.busy:
            await self._weigh([], slos, at_ms)
        self._decided_ms = at_ms
        self._passes += 1
        self._last_pass_s = self._clock.monotonic() - began

    async def _weigh(self, fired: Sequence[Fired], slos: Sequence[str], at_ms: int) -> list[Fired]:
        """Those that are told now; others may wait for what is tried."""

        def paged(service: str) -> bool:
            return any(
                Severity.PAGE in self._firing.get(slo.id, {}).values()
                for slo in self._config.slos.values()
                if slo.service == service
            )

        return await self.remedies.weigh(
            self._config, fired, decided=slos, paged=paged, at_ms=at_ms
        )

    def _sights(self, begun: Sequence[str], at_ms: int) -> Sights:
        """What the newest samples say of what fires, or begins to."""
        graph = self._quiet.dependencies
        firing = [slo for slo, tiers in self._firing.items() if tiers]
        known = {slo for slo in (*firing, *begun) if slo in self._config.slos and graph}
        return Sights(
            failing=self._newest.failing(),
            last_bad_ms={slo: last_bad_ms(self._ledger.history(slo), at_ms) for slo in known},
        )

    async def _settle(
        self,
        fired: Sequence[Fired],
        cleared: Sequence[Cleared],
        at_ms: int,
        *,
        all_open: bool = False,
    ) -> None:
        """One transaction; what fires is known anew only once it is committed."""
        config = self._config
        sights = self._sights([one.draft.slo for one in fired], at_ms)
        # What begins or ends here may hold or release what is elsewhere.
        all_open = all_open or bool(self._quiet.dependencies)
        change = partial(
            settle,
            fired=fired,
            cleared=cleared,
            routes=partial(audience, config),
            receivers=config.receivers.keys(),
            quiet=replace(self._quiet, sights=sights),
            at_ms=at_ms,
            public_url=config.public_url,
            all_open=all_open,
        )

        def settled(db: sqlite3.Connection) -> int | None:
            next_ms: int | None = change(db)
            self.remedies.attach(db, fired, at_ms)
            return next_ms

        next_ms = await self._store.write(settled)
        known = [] if all_open or self._next_ms is None else [self._next_ms]
        self._next_ms = min([*known, *([] if next_ms is None else [next_ms])], default=None)
        for one in fired:
            told = one.draft
            self._firing.setdefault(told.slo, {})[told.tier] = told.severity
            self._states.setdefault(told.slo, {})[told.tier] = State(
                firing=True, since_ms=told.detected_ms, began_ms=one.began_ms
            )
            _log("alert_fired", told.slo, told.tier, told.summary)
        for end in cleared:
            del self._firing[end.slo][end.tier]
            self._states[end.slo][end.tier] = State(firing=False, since_ms=at_ms)
            _log("alert_resolved", end.slo, end.tier, end.resolution)
        self._wake()


def _why_gone(alert: incidents.Alert, config: Config) -> str:
    """
    Why *alert* cannot go on under *config*, as a slug; empty if it can.

    Those about the monitoring itself are another's; see `synthetics.paging.watch`.
    """
    if alert.service == SYNTHETICS:
        return ""
    slo = config.slos.get(alert.slo)
    if slo is None:
        return "slo-removed"
    if slo.service != alert.service:
        return "slo-moved"
    severities = {tier.name: tier.severity for tier in slo.tiers}
    if slo.budget_watch is not None:
        severities |= {each.name: each.severity for each in slo.budget_watch.alerts}
    return "" if severities.get(alert.tier) == alert.severity else "policy-changed"


def _log(action: str, slo: str, tier: str, why: str) -> None:
    logger.info(
        "%s: %s/%s: %s", action, slo, tier, why, extra={"action": action, "slo": slo, "tier": tier}
    )
