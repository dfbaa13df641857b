"""A service in small: a real store, a real receiver on loopback, a clock that is held."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from aiohttp import web

from probes.fields import Secret
from probes.result import Evidence, Facts, Outcome, Result, StepResult
from probes.watch import Mask
from slo.policy import NoData, Tier
from slo.window import Rolling
from synthetics.accounting.ledger import Ledger
from synthetics.clock import HeldClock, instant
from synthetics.config.model import (
    Accounting,
    Availability,
    Config,
    Maintenance,
    Probe,
    Receiver,
    Route,
    Service,
    Severity,
    Sli,
    Slo,
)
from synthetics.paging.judge import Judge
from synthetics.paging.lane import Line
from synthetics.receivers import webhook
from synthetics.sample import Sample
from synthetics.store import deliveries, incidents
from synthetics.store.deliveries import Delivery
from synthetics.store.incidents import Alert, Incident
from synthetics.store.store import Store

MINUTE_MS = 60_000
NOON_MS = 1_791_201_600_000
"""2026-10-05T12:00:00Z"""

FAST = Tier(
    name="fast",
    severity="page",
    long_ms=60 * MINUTE_MS,
    short_ms=5 * MINUTE_MS,
    factor=Fraction("14.4"),
)
DRIFT = Tier(
    name="drift",
    severity="ticket",
    long_ms=30 * MINUTE_MS,
    short_ms=5 * MINUTE_MS,
    factor=Fraction(3),
)


def slo(
    name: str = "checkout",
    *,
    service: str = "shop",
    probes: tuple[str, ...] = ("checkout",),
    tiers: tuple[Tier, ...] = (FAST,),
    sli: Sli | None = None,
    objective: str = "0.999",
) -> Slo:
    return Slo(
        id=name,
        name=name,
        service=service,
        probes=probes,
        sli=sli or Availability(),
        objective=Fraction(objective),
        window=Rolling(30 * 24 * 60 * MINUTE_MS),
        accounting=Accounting(),
        tiers=tiers,
        no_data=NoData.HOLD,
    )


def config(
    *slos: Slo,
    routes: Sequence[Route] = (
        Route(severity=Severity.PAGE, to=("oncall", "team")),
        Route(severity=Severity.TICKET, to=("team",)),
    ),
    maintenance: tuple[Maintenance, ...] = (),
) -> Config:
    slos = slos or (slo(),)
    services = {one.service for one in slos}
    names = {"shop": "本店"}
    probes = {probe: one.service for one in slos for probe in one.probes}
    receivers = dict.fromkeys(receiver for route in routes for receiver in route.to)
    return Config(
        services={
            id_: Service(id=id_, name=names.get(id_, id_), runbook=f"https://wiki.example/{id_}")
            for id_ in services
        },
        probes={
            id_: Probe(
                id=id_,
                name=id_,
                service=service,
                kind="http",
                options=None,
                every=timedelta(minutes=1),
                timeout=timedelta(seconds=10),
            )
            for id_, service in probes.items()
        },
        slos={one.id: one for one in slos},
        receivers={id_: Receiver(id=id_, kind="webhook", options=None) for id_ in receivers},
        routes=tuple(routes),
        maintenance=maintenance,
        location="tokyo",
        retention_raw=timedelta(days=30),
        denied=(),
        allowed=(),
        in_flight=100,
        mask=Mask(),
        sources=(),
    )


def sample(at_ms: int, *, bad: bool = False, probe: str = "checkout") -> Sample:
    outcome = Outcome.BAD if bad else Outcome.GOOD
    result = Result(
        started_at=instant(at_ms),
        duration_s=0.1,
        outcome=outcome,
        reason="status" if bad else "",
        detail="answered 500 Internal Server Error, 201 expected" if bad else "",
        trace_id="0123456789abcdef0123456789abcdef",
        failed_step="order" if bad else "",
        facts=Facts(status=500 if bad else 201),
        steps=(
            StepResult(
                name="order",
                outcome=outcome,
                reason="status" if bad else "",
                facts=Facts(status=500 if bad else 201),
                request_id="req-7",
            ),
        ),
        evidence=Evidence(request="POST https://shop.example/orders") if bad else None,
    )
    return Sample(
        probe=probe, location="tokyo", scheduled_ms=at_ms, result=result, confirmed=outcome
    )


@dataclass
class Desk:
    """A judge at work on a store of its own."""

    store: Store
    clock: HeldClock
    config: Config
    ledger: Ledger
    judge: Judge = field(init=False)
    woken: list[int] = field(default_factory=list)
    wakes: list[Callable[[], None]] = field(default_factory=list)

    def wake(self) -> None:
        self.woken.append(self.clock.now_ms())
        for each in self.wakes:
            each()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, configured: Config | None = None) -> AsyncIterator[Desk]:
        """With an hour of good samples behind it."""
        configured = configured or config()
        clock = HeldClock(NOON_MS)
        store = await Store.open(path / "synthetics.db", clock=clock, linger_s=0.0)
        ledger = Ledger(configured)
        desk = cls(store, clock, configured, ledger)
        desk.judge = await Judge.resume(store, ledger, configured, clock=clock, wake=desk.wake)
        past = [
            sample(NOON_MS - minute * MINUTE_MS, probe=probe)
            for minute in range(60)
            for probe in configured.probes
        ]
        await store.add(past)
        for one in past:
            ledger.apply(one)
        try:
            yield desk
        finally:
            desk.judge.close()
            await store.close()

    async def see(self, *samples: Sample) -> None:
        """Samples arrive."""
        await self.store.add(samples)
        for one in samples:
            self.ledger.apply(one)
        await self.judge.on_samples(samples)

    async def minutes(self, count: int, *, bad: bool, probes: Sequence[str] = ()) -> None:
        """So many minutes pass, with one sample of each probe in each."""
        for _ in range(count):
            self.clock.advance(60)
            now = self.clock.now_ms()
            await self.see(
                *(sample(now, bad=bad, probe=probe) for probe in probes or self.config.probes)
            )
            await self.judge.on_minute(now)

    async def restart(self) -> None:
        """The process dies and another begins on the same file."""
        self.judge.close()
        self.judge = await Judge.resume(
            self.store,
            self.ledger,
            self.config,
            clock=self.clock,
            wake=self.wake,
        )

    async def reload(self, configured: Config) -> None:
        """Another configuration takes over."""
        self.config = configured
        self.ledger.adopt(configured)
        await self.judge.reload(configured)

    async def told(self, receiver: str = "oncall") -> list[Delivery]:
        """Everything that *receiver* was ever owed."""
        every = await self.store.write(all_deliveries)
        return [one for one in every if one.receiver == receiver]

    async def events(self, receiver: str = "oncall") -> list[tuple[str, str]]:
        """The same, as event and state."""
        return [(one.event, one.state.value) for one in await self.told(receiver)]

    async def incidents(self) -> list[Incident]:
        """Every incident there was."""
        return await self.store.write(lambda db: incidents.between(db, 0, 2**60))

    async def firing(self) -> list[Alert]:
        """Every alert that fires."""
        return await self.store.write(incidents.firing)


@dataclass
class Call:
    """One request that a `Phone` took."""

    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        found = json.loads(self.raw)
        assert isinstance(found, dict)
        return found


class Phone:
    """
    A real receiver on loopback.

    Attributes:
        answers: Status and headers for the calls to come, in order; then 202.
        silent: While set, calls get no answer.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.text = ""
        self.silent = False
        self.port = 0
        self._changed = asyncio.Condition()
        self._let_go = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> Secret:
        return Secret(f"http://127.0.0.1:{self.port}/hook")

    @property
    def line(self) -> Line:
        return Line(webhook.send, webhook.Options(url=self.url))

    async def __aenter__(self) -> Phone:
        await self.plug_in()
        return self

    async def __aexit__(self, *_exit: object) -> None:
        await self.unplug()

    async def plug_in(self) -> None:
        """Listen; on the same port as before."""
        app = web.Application(client_max_size=1 << 22)
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def unplug(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def let_go(self) -> None:
        """Answer, also the calls that are waiting."""
        self.silent = False
        self._let_go.set()

    async def heard(self, count: int) -> list[Call]:
        """The calls, once there are *count*."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.calls) >= count)
        return self.calls

    async def _take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        async with self._changed:
            self.calls.append(Call(dict(request.headers), raw))
            self._changed.notify_all()
        if self.silent:
            await self._let_go.wait()
        status, headers = self.answers.pop(0) if self.answers else (202, {})
        return web.Response(status=status, headers=headers, text=self.text)


def all_deliveries(db: sqlite3.Connection) -> list[Delivery]:
    """Everything that was ever owed, in order."""
    every = [
        delivery
        for incident in incidents.between(db, 0, 2**60)
        for delivery in deliveries.of_incident(db, incident.id)
    ]
    return sorted(every, key=lambda one: one.id)


def maintenance(from_ms: int, to_ms: int) -> Maintenance:
    return Maintenance(
        start=datetime.fromtimestamp(from_ms / 1000, tz=UTC),
        end=datetime.fromtimestamp(to_ms / 1000, tz=UTC),
        reason="upgrade",
    )


def renamed(tier: Tier, **changes: Any) -> Tier:
    return replace(tier, **changes)
