"""How everything stands, gathered once for the page, the API and the metrics."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from slo.policy import State
from synthetics.accounting.ledger import Ledger
from synthetics.accounting.rounds import Reach
from synthetics.accounting.standing import Standing
from synthetics.config.model import Config, Service, Slo
from synthetics.heartbeats.standing import JobStanding, PingStats
from synthetics.store import (
    Reader,
    StoreStats,
    acknowledgements,
    deliveries,
    incidents,
    silences,
)
from synthetics.store.acknowledgements import Acknowledgement
from synthetics.store.deliveries import Owed, Refused
from synthetics.store.incidents import Alert, Incident
from synthetics.store.silences import Silence
from synthetics.web.alerts import Told, gather

if TYPE_CHECKING:  # what sends pages takes 0.2 s to import, and `synthetics status` sends none
    from synthetics.paging.courier import CourierStats
    from synthetics.paging.heartbeat import HeartbeatStats
    from synthetics.paging.judge import Judge, JudgeStats
    from synthetics.schedule.stats import ScheduleStats
    from synthetics.web.board import Board
    from synthetics.web.probe_metrics import Seen

AT_ONCE = 20
"""SLOs that are reckoned before the loop is let go."""

RECENT_MS = 7 * 86_400_000
"""How far back incidents are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """
    What the service sees of itself.

    Attributes:
        firing: Alerts about the monitoring itself that fire, by tier.
        blind: Whether this location is.
        guards: Whether there are any.
        guard_rounds: How often they were asked before a failure was believed.
        given_up: Messages that were not delivered within their deadline.
        heartbeat: Of the dead man's switch; ``None`` without one.
    """

    firing: Mapping[str, int] = field(default_factory=dict)
    blind: bool = False
    guards: bool = False
    guard_rounds: int = 0
    given_up: int = 0
    heartbeat: HeartbeatStats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """
    How the service itself is doing.

    Attributes:
        in_flight: Runs that were begun and have not ended.
        capacity: Runs that may ask at once.
        waiting: Samples that wait to be stored.
        waits: How often a run had to wait because too many were waiting.
        beats: Groups of probes that start together.
        clock_jumps: How often the wall clock was set, or the machine slept.
        watched: What it sees of itself.
        pings: How many jobs have reported.
    """

    schedule: ScheduleStats
    store: StoreStats
    in_flight: int
    capacity: int
    waiting: int
    waits: int
    beats: int
    clock_jumps: int
    judge: JudgeStats
    courier: CourierStats
    watched: Watched = field(default_factory=Watched)
    pings: PingStats = field(default_factory=PingStats)


@dataclass(frozen=True, slots=True, kw_only=True)
class SloStatus:
    """
    One SLO and where it stands.

    Attributes:
        firing: Its tiers and alerts about the budget that fire.
        reach: How several locations saw it, where that was asked for; ``None`` if only one did.
    """

    slo: Slo
    standing: Standing
    firing: tuple[str, ...]
    reach: Reach | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """
    What on-call cares about.

    Attributes:
        incidents: Open ones first, and then the newest.
        alerts: Those that fire.
        silences: Those that hold now.
        owed: Messages that receivers have not got yet.
        refused: Those that receivers would not have, so that nobody was told.
        answers: Who took these incidents on, in order.
    """

    incidents: tuple[Incident, ...]
    alerts: tuple[Alert, ...]
    silences: tuple[Silence, ...]
    owed: tuple[Owed, ...]
    refused: tuple[Refused, ...]
    answers: tuple[Acknowledgement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """
    Everything at *at_ms*, so that it can be written in a thread.

    Attributes:
        board: The living one, for what never changes in part.
        config, seen: Of one and the same configuration.
        heartbeats: How each job stands that reports to us, by its probe.
    """

    at_ms: int
    board: Board
    config: Config
    seen: Mapping[str, Seen]
    slos: Sequence[SloStatus]
    pages: Pages
    health: Health
    heartbeats: Mapping[str, JobStanding] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Sources:
    """
    Where the pages read.

    Attributes:
        books: Held while *ledger* is written or replaced; take it to read.
        health: Reads the present figures.
        reader: Opened for the pages alone; used by one thread at a time, under *reading*.
        heartbeats: Reads how jobs stand.
    """

    board: Board
    ledger: Ledger
    judge: Judge
    health: Callable[[], Health]
    reader: Reader
    books: asyncio.Lock
    reading: asyncio.Lock
    heartbeats: Callable[[], Mapping[str, JobStanding]] = dict

    async def overview(self) -> Overview:
        """How everything stands now."""
        at_ms = self.board.clock.now_ms()
        pages = await self.pages(at_ms)
        # Last: a reload cannot come between these and the configuration.
        slos = await self.slos(at_ms, reach=True)
        return Overview(
            at_ms=at_ms,
            board=self.board,
            config=self.board.config,
            seen=self.board.seen,
            slos=slos,
            pages=pages,
            health=self.health(),
            heartbeats=self.heartbeats(),
        )

    async def slos(self, at_ms: int, *, reach: bool = False) -> list[SloStatus]:
        """Every SLO at *at_ms*, in the order of the configuration; with its *reach* if asked."""
        async with self.books:
            found = []
            for number, slo in enumerate(self.board.config.slos.values(), 1):
                status = slo_status(self.ledger, slo, at_ms, self.judge.states(slo.id))
                if reach:
                    bounds = status.standing.bounds
                    seen = self.ledger.reach(slo.id, bounds.after_ms, bounds.until_ms)
                    status = replace(status, reach=seen)
                found.append(status)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
            return found

    async def silences(self, at_ms: int) -> list[Silence]:
        """Those that hold or will, and those that ended of late, the oldest first."""
        async with self.reading:
            found = await asyncio.to_thread(self.reader.read, silences.every)
        return [one for one in found if one.end_ms > at_ms - RECENT_MS]

    async def pages(self, at_ms: int) -> Pages:
        """What on-call cares about, from the database."""

        def query(db: sqlite3.Connection) -> Pages:
            still = incidents.still_open(db)
            ended = [
                incident
                for incident in incidents.between(db, at_ms - RECENT_MS, at_ms)
                if incident.closed_ms is not None
            ]
            return Pages(
                incidents=(*reversed(still), *reversed(ended)),
                alerts=tuple(incidents.firing(db)),
                silences=tuple(silences.active(db, at_ms)),
                owed=tuple(deliveries.owed(db)),
                refused=tuple(deliveries.refused_since(db, at_ms - RECENT_MS)),
                answers=tuple(acknowledgements.since(db, at_ms - RECENT_MS)),
            )

        async with self.reading:
            return await asyncio.to_thread(self.reader.read, query)

    async def told(self, at_ms: int) -> list[Told]:
        """Open incidents and those of late, with their alerts and deliveries."""
        query = partial(gather, from_ms=at_ms - RECENT_MS, to_ms=at_ms)
        async with self.reading:
            return await asyncio.to_thread(self.reader.read, query)


def slo_status(ledger: Ledger, slo: Slo, at_ms: int, states: Mapping[str, State]) -> SloStatus:
    """Where *slo* stands at *at_ms*; *states* is what its tiers carry, by name."""
    names = [tier.name for tier in slo.tiers]
    if slo.budget_watch is not None:
        names += [alert.name for alert in slo.budget_watch.alerts]
    return SloStatus(
        slo=slo,
        standing=ledger.standing(slo.id, at_ms, states),
        firing=tuple(name for name in names if (state := states.get(name)) and state.firing),
    )


def by_service(
    services: Mapping[str, Service], slos: Sequence[SloStatus]
) -> list[tuple[Service, list[SloStatus]]]:
    """Services in the order of the configuration, each with its SLOs."""
    groups: dict[str, list[SloStatus]] = {name: [] for name in services}
    for one in slos:
        groups[one.slo.service].append(one)
    return [(services[name], group) for name, group in groups.items()]
