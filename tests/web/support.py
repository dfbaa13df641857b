"""A site over real rooms: a database, a ledger, a judge; only nothing is probed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from probes.result import Evidence, Facts, Outcome, Phases, Result, StepResult
from probes.watch import Mask
from slo.budget_alerts import BudgetAlert, BudgetWatch, Kind
from slo.policy import NoData, default_tiers
from slo.window import Rolling
from synthetics.accounting.ledger import Ledger
from synthetics.clock import HeldClock, instant
from synthetics.config.model import (
    Accounting,
    Availability,
    Config,
    Probe,
    Receiver,
    Service,
    Slo,
)
from synthetics.paging.courier import CourierStats
from synthetics.paging.judge import Judge
from synthetics.paging.lane import LaneStats
from synthetics.sample import Sample
from synthetics.schedule.stats import ScheduleStats
from synthetics.store import Reader, Store
from synthetics.web.board import Board, Phase
from synthetics.web.server import Site
from synthetics.web.status import Health, Sources

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
MINUTE = timedelta(minutes=1)


def a_probe(name: str, *, kind: str = "http", service: str = "shop") -> Probe:
    return Probe(
        id=name,
        name=name,
        service=service,
        kind=kind,
        options=None,
        every=MINUTE,
        timeout=timedelta(seconds=10),
    )


def an_slo(name: str = "home-ok", *, probe: str = "home", objective: str = "0.999") -> Slo:
    return Slo(
        id=name,
        name=name,
        service="shop",
        probes=(probe,),
        sli=Availability(),
        objective=Fraction(objective),
        window=Rolling(30 * DAY_MS),
        accounting=Accounting(),
        tiers=default_tiers(30 * DAY_MS, 60_000),
        no_data=NoData.HOLD,
        budget_watch=BudgetWatch(
            objective=Fraction(objective),
            window=Rolling(30 * DAY_MS),
            intervals_ms=(60_000,),
            alerts=(BudgetAlert(kind=Kind.EXHAUSTED, severity="ticket"),),
        ),
    )


def a_config(
    probes: Sequence[Probe] = (), slos: Sequence[Slo] = (), *, name: str = "本店"
) -> Config:
    return Config(
        services={"shop": Service(id="shop", name=name, runbook="https://wiki.example/shop")},
        probes={probe.id: probe for probe in probes or [a_probe("home")]},
        slos={slo.id: slo for slo in slos or [an_slo()]},
        receivers={"oncall": Receiver(id="oncall", kind="webhook", options=None)},
        routes=(),
        maintenance=(),
        location="tokyo",
        retention_raw=timedelta(days=30),
        denied=(),
        allowed=(),
        in_flight=1000,
        mask=Mask(),
        sources=(),
    )


def a_sample(
    probe: str = "home", due_ms: int = NOW_MS - 60_000, *, outcome: str = "good", reason: str = ""
) -> Sample:
    if outcome != "good" and not reason:
        reason = "status"
    result = Result(
        started_at=instant(due_ms),
        duration_s=0.084,
        outcome=Outcome(outcome),
        reason=reason,
        detail="status 500, expected 200" if reason else "",
        phases=Phases(
            resolve_s=0.001, connect_s=0.002, tls_s=0.03, first_byte_s=0.05, transfer_s=0.001
        ),
        facts=Facts(
            status=500 if outcome == "bad" else 200,
            protocol="HTTP/2",
            address="192.0.2.1",
            body_bytes=1234,
            certificate_expires_at=instant(NOW_MS + 30 * DAY_MS),
            url="https://shop.example/",
        ),
        evidence=Evidence(request="GET /") if reason else None,
    )
    return Sample(
        probe=probe,
        location="tokyo",
        scheduled_ms=due_ms,
        late_ms=3,
        result=result,
        confirmed=result.outcome,
        attempts=0 if outcome == "void" else 1,
    )


def a_journey(due_ms: int = NOW_MS - 60_000) -> Sample:
    result = Result(
        started_at=instant(due_ms),
        duration_s=0.5,
        outcome=Outcome.BAD,
        reason="status",
        failed_step="order",
        steps=(
            StepResult(name="login", outcome=Outcome.GOOD, duration_s=0.2),
            StepResult(name="order", outcome=Outcome.BAD, reason="status", duration_s=0.3),
            StepResult(name="thanks", outcome=Outcome.SKIPPED),
        ),
    )
    return Sample(
        probe="checkout",
        location="tokyo",
        scheduled_ms=due_ms,
        result=result,
        confirmed=Outcome.BAD,
    )


@dataclass
class Asked:
    """Stands where the service reloads; says what it was told to."""

    problems: str = ""
    times: int = 0

    async def __call__(self) -> str:
        self.times += 1
        return self.problems


@dataclass
class Rig:
    """A site that listens, and what it shows."""

    client: TestClient[web.Request, web.Application]
    board: Board
    site: Site
    ledger: Ledger
    store: Store
    reload: Asked
    clock: HeldClock
    schedule: ScheduleStats = field(default_factory=ScheduleStats)

    async def take(self, *samples: Sample) -> None:
        """What happens to samples in the service: stored, counted, shown."""
        await self.store.add(samples)
        for sample in samples:
            self.ledger.apply(sample)
        self.board.show(samples)

    async def text(self, path: str) -> str:
        async with self.client.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()


def some_health(store: Store, judge: Judge, schedule: ScheduleStats) -> Callable[[], Health]:
    def health() -> Health:
        return Health(
            schedule=schedule,
            store=store.stats(),
            in_flight=2,
            capacity=1000,
            waiting=0,
            waits=0,
            beats=1,
            clock_jumps=0,
            judge=judge.stats(),
            courier=CourierStats(receivers={"oncall": LaneStats()}, orphaned=0),
        )

    return health


@asynccontextmanager
async def a_rig(folder: Path, config: Config | None = None) -> AsyncIterator[Rig]:
    config = config or a_config()
    clock = HeldClock(NOW_MS)
    board, reload, schedule = Board(clock=clock, config=config), Asked(), ScheduleStats()
    site = Site(board=board, reload=reload)
    store = await Store.open(folder / "s.db", clock=clock, linger_s=0)
    ledger = Ledger(config)
    judge = await Judge.resume(store, ledger, config, clock=clock, wake=lambda: None)
    reader = Reader.open(store.path)
    ledger.load(reader, NOW_MS)
    site.sources = Sources(
        board=board,
        ledger=ledger,
        judge=judge,
        health=some_health(store, judge, schedule),
        reader=reader,
        books=asyncio.Lock(),
        reading=asyncio.Lock(),
    )
    board.phase = Phase.RUNNING
    async with TestClient(TestServer(site.application())) as client:
        yield Rig(
            client=client,
            board=board,
            site=site,
            ledger=ledger,
            store=store,
            reload=reload,
            clock=clock,
            schedule=schedule,
        )
    judge.close()
    reader.close()
    await store.close()
