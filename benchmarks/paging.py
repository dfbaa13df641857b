"""
How soon a page is out: from the sample that makes a tier fire to the receiver's socket.

    python benchmarks/paging.py [--slos 1000] [--outages 300] [--seconds 70]

Everything between is real: the queue, the database on disk, the judge, the outbox, the courier
and HTTP on the loopback to receivers in a process of their own.  Samples are handed to the queue
as the runner does; all SLOs are decided every few seconds besides, as at each whole minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machinery import table

from probes.result import Outcome, Result
from synthetics.accounting.ledger import Ledger
from synthetics.clock import SystemClock, instant
from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.paging.courier import Courier, lines
from synthetics.paging.judge import Judge
from synthetics.sample import Sample
from synthetics.service.books import Books
from synthetics.service.intake import Intake
from synthetics.service.loop import new_event_loop
from synthetics.store import Reader, Store
from synthetics.web.board import Board

MINUTE_MS = 60_000
KEY = "0123456789abcdef0123456789abcdef"

RECEIVER = """
import asyncio, json, sys, time
from aiohttp import web
came = []
async def hook(request):
    at = time.monotonic()
    body = await request.json()
    data = body.get("data") or body.get("payload", {})
    came.append([at, data.get("service") or data.get("group"), data.get("severity")])
    return web.Response(status=202)
async def times(_):
    taken, came[:] = list(came), []
    return web.json_response(taken)
app = web.Application()
app.router.add_post("/hook", hook)
app.router.add_get("/times", times)
async def main():
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def configuration(
    slos: int, url: str, receivers: str, routes: str, policy: Callable[[int], str] = lambda _: ""
) -> str:
    """So many services with a probe and an SLO each."""
    services = "\n".join(f"  s{n}: {{}}" for n in range(slos))
    probes = "\n".join(
        f"  p{n}: {{service: s{n}, http: {{get: 'http://127.0.0.1:9/'}}}}" for n in range(slos)
    )
    objectives = "\n".join(
        f"  o{n}: {{service: s{n}, probes: [p{n}], objective: 99.9%, window: 30d{policy(n)}}}"
        for n in range(slos)
    )
    return (
        f"services:\n{services}\nprobes:\n{probes}\nslos:\n{objectives}\n"
        f"receivers:\n{receivers.format(url=url, key=KEY)}\nroutes:\n{routes}\n"
    )


def sample(probe: str, at_ms: int, *, bad: bool) -> Sample:
    """One sample as the runner makes it."""
    outcome = Outcome.BAD if bad else Outcome.GOOD
    reason = "status" if bad else ""
    result = Result(started_at=instant(at_ms), duration_s=0.1, outcome=outcome, reason=reason)
    return Sample(
        probe=probe, location="local", scheduled_ms=at_ms, result=result, confirmed=outcome
    )


@dataclass
class Service:
    """The part of the service between a sample and a page."""

    config: Config
    store: Store
    books: Books
    intake: Intake
    courier: Courier

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, text: str) -> AsyncIterator[Service]:
        """With an hour of good samples behind it."""
        written = folder / "synthetics.yaml"
        written.write_text(text)
        config, clock = load(written, environ={}), SystemClock()
        now_ms = clock.now_ms()
        async with AsyncExitStack() as stack:
            store = await Store.open(folder / "synthetics.db", clock=clock)
            stack.push_async_callback(store.close)
            for minute in range(60, 0, -1):
                at_ms = now_ms - minute * MINUTE_MS
                await store.add([sample(probe, at_ms, bad=False) for probe in config.probes])
            reader = Reader.open(store.path)
            stack.callback(reader.close)
            ledger = Ledger(config)
            ledger.load(reader, now_ms)
            courier = await stack.enter_async_context(Courier(store, lines(config), clock=clock))
            judge = await Judge.resume(store, ledger, config, clock=clock, wake=courier.wake)
            stack.callback(judge.close)
            board = Board(clock=clock, config=config)
            books = Books(ledger=ledger, board=board, judge=judge, reader=reader, clock=clock)
            intake = Intake(store, books.settle)
            working = asyncio.create_task(intake.work())
            yield cls(config, store, books, intake, courier)
            intake.close()
            await working


@dataclass
class Receiver:
    """A receiver in a process of its own, on the same monotonic clock."""

    process: subprocess.Popen[str]
    url: str

    @classmethod
    def start(cls) -> Receiver:
        process = subprocess.Popen(
            [sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        return cls(process, f"http://127.0.0.1:{process.stdout.readline().strip()}")

    async def came(self) -> list[list[Any]]:
        """When what came since the last call, for which service, how severe."""

        def ask() -> list[list[Any]]:
            with urllib.request.urlopen(f"{self.url}/times", timeout=10) as answer:
                found: list[list[Any]] = json.load(answer)
                return found

        return await asyncio.to_thread(ask)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


WEBHOOK = "  oncall: {{webhook: {{url: '{url}/hook'}}}}"
TO_ONCALL = "  - {severity: page, to: [oncall]}"
TWO_OF_ONE_KEY = (
    "  oncall: {{pagerduty: {{routing_key: '{key}', url: '{url}/hook'}}}}\n"
    "  team: {{pagerduty: {{routing_key: '{key}', url: '{url}/hook'}}}}"
)
TO_BOTH = "  - {severity: page, to: [oncall]}\n  - {severity: ticket, to: [team]}"


async def latency(slos: int, outages: int, receiver: Receiver) -> list[float]:
    """Seconds from the firing sample to the socket, one outage after the other."""
    dice = random.Random(4)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        text = configuration(slos, receiver.url, WEBHOOK, TO_ONCALL)
        async with Service.open(Path(folder), text) as service:
            failing = dice.sample(range(slos), outages)
            fine = [f"p{n}" for n in range(slos) if n not in failing]
            steady = asyncio.create_task(_steady(service, fine, dice))
            for n in failing:
                now_ms = SystemClock().now_ms()
                await service.intake.put([sample(f"p{n}", now_ms - 1000, bad=True)])
                await asyncio.sleep(dice.uniform(0.02, 0.15))
                found[f"s{n}"] = time.monotonic()
                await service.intake.put([sample(f"p{n}", now_ms, bad=True)])
            await asyncio.sleep(2)
            steady.cancel()
            came = {service_id: at for at, service_id, _ in await receiver.came()}
    lost = found.keys() - came.keys()
    if lost:
        sys.exit(f"never came: {sorted(lost)}")
    return sorted(came[name] - at for name, at in found.items())


async def _steady(service: Service, names: Sequence[str], dice: random.Random) -> None:
    """Good samples at the pace of one a minute each, and all SLOs decided every three seconds."""
    for turn in range(1_000_000):
        now_ms = SystemClock().now_ms()
        some = dice.sample(names, max(1, len(names) // 600))
        await service.intake.put([sample(name, now_ms - 1, bad=False) for name in some])
        if turn % 30 == 29:
            await service.books.minute(now_ms)
        await asyncio.sleep(0.1)


async def at_once(slos: int, receiver: Receiver) -> tuple[float, float, int]:
    """Seconds until all are owed and until all have come, of as many alerts as SLOs; how many."""
    with tempfile.TemporaryDirectory() as folder:
        text = configuration(slos, receiver.url, WEBHOOK, TO_ONCALL)
        async with Service.open(Path(folder), text) as service:
            now_ms = SystemClock().now_ms()
            names = list(service.config.probes)
            await service.intake.put([sample(name, now_ms - 1000, bad=True) for name in names])
            await asyncio.sleep(3)
            await receiver.came()
            began = time.monotonic()
            await service.intake.put([sample(name, now_ms, bad=True) for name in names])
            owed = 0.0
            came: dict[str, float] = {}
            while len(came) < slos and time.monotonic() < began + 120:
                await asyncio.sleep(0.05)
                if not owed and await _owed(service) >= slos:
                    owed = time.monotonic() - began
                came |= {name: at for at, name, _ in await receiver.came()}
            return owed, max(came.values(), default=0.0) - began, len(came)


async def _owed(service: Service) -> int:
    def ever(db: Any) -> int:
        return int(db.execute("SELECT count(*) FROM deliveries").fetchone()[0])

    return await service.store.write(ever)


async def one_key(receiver: Receiver, seconds: float) -> tuple[int, int, int]:
    """
    Two PagerDuty receivers with one routing key that owe far more than it takes.

    Returns the most events in any minute, how many pages there were, and how many tickets came
    before the last page.
    """
    pages, tickets = 20, 200

    def policy(n: int) -> str:
        severity = "page" if n < pages else "ticket"
        tier = f"{{name: x, severity: {severity}, factor: 2, long: 1h, short: 5m}}"
        return f", alerting: {{tiers: [{tier}]}}"

    with tempfile.TemporaryDirectory() as folder:
        text = configuration(pages + tickets, receiver.url, TWO_OF_ONE_KEY, TO_BOTH, policy)
        async with Service.open(Path(folder), text) as service:
            now_ms = SystemClock().now_ms()
            names = list(service.config.probes)
            both = [sample(name, now_ms - back, bad=True) for back in (1000, 0) for name in names]
            await service.intake.put(both)
            await asyncio.sleep(seconds)
            came = sorted(await receiver.came())
    most = max(sum(1 for at, _, _ in came if since <= at < since + 60) for since, _, _ in came)
    last_page = max(at for at, _, severity in came if severity == "critical")
    found = sum(1 for _, _, severity in came if severity == "critical")
    before = sum(1 for at, _, severity in came if severity != "critical" and at < last_page)
    return most, found, before


def at(share: float, numbers: Sequence[float]) -> float:
    """The percentile of sorted *numbers*."""
    return numbers[min(int(share * len(numbers)), len(numbers) - 1)]


async def measure(slos: int, outages: int, seconds: float) -> list[list[str]]:
    receiver = Receiver.start()
    try:
        took = await latency(slos, outages, receiver)
        owed, delivered, count = await at_once(slos, receiver)
        most, pages, before = await one_key(receiver, seconds) if seconds else (0, 0, 0)
    finally:
        receiver.end()
    rows = [
        [f"{slos} SLOs, sample to socket", "measured", "aim"],
        ["p50", f"{1000 * at(0.5, took):.0f} ms", ""],
        ["p99", f"{1000 * at(0.99, took):.0f} ms", "<= 1 s"],
        ["slowest", f"{1000 * took[-1]:.0f} ms", ""],
        [f"{slos} alerts at once: all owed", f"{owed:.1f} s", ""],
        ["  all delivered", f"{delivered:.1f} s", "<= 60 s"],
        ["  of them came", str(count), str(slos)],
    ]
    if seconds:
        rows += [
            ["two receivers, one routing key: most a minute", str(most), "<= 120"],
            ["  pages that came", str(pages), "20"],
            ["  tickets before the last page", str(before), "<= 8"],
        ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--slos", type=int, default=1000)
    parser.add_argument("--outages", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=70, help="of the pace, 0 leaves it out")
    words = parser.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        rows = runner.run(measure(words.slos, words.outages, words.seconds))
    table(rows)


if __name__ == "__main__":
    main()
