"""
Scheduling and storing without the network: CPU per sample from beat to committed row.

The kind that is asked here answers at once with what an HTTP probe would have seen, so all
that remains is ours: beats, runner, sample, intake, queue and SQLite.

    python benchmarks/overhead.py [--probes 1000] [--seconds 10]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from machinery import stored, table

from probes.result import Facts, Phases, Result
from probes.watch import Mask, Shared, Watch
from synthetics.clock import SystemClock
from synthetics.config.model import Config, Probe, Service
from synthetics.sample import Sample
from synthetics.schedule.beats import Beats
from synthetics.schedule.runner import Runner
from synthetics.service.intake import Intake
from synthetics.store import Store


@dataclass(frozen=True)
class Instant:
    """A kind without a network."""

    act: Callable[[Any, Watch], Awaitable[Result]]


async def answer(_: object, watch: Watch) -> Result:
    return watch.good(
        phases=Phases(connect_s=0.001, first_byte_s=0.012, transfer_s=0.0002),
        facts=Facts(status=200, protocol="HTTP/1.1", address="127.0.0.1", url="http://shop/"),
    )


async def settle(_: Sequence[Sample]) -> None:
    """Counting is not measured here: what follows from a sample depends on the objectives."""


def configuration(probes: int) -> Config:
    second = timedelta(seconds=1)
    return Config(
        services={"shop": Service(id="shop", name="shop")},
        probes={
            name: Probe(
                id=name,
                name=name,
                service="shop",
                kind="instant",
                options=None,
                every=second,
                timeout=second,
            )
            for name in (f"p{number}" for number in range(probes))
        },
        slos={},
        receivers={},
        routes=(),
        maintenance=(),
        location="here",
        retention_raw=timedelta(days=30),
        denied=(),
        allowed=(),
        in_flight=probes,
        mask=Mask(),
        sources=(),
    )


async def measure(probes: int, seconds: float, database: Path) -> tuple[float, float]:
    """Microseconds of CPU a sample, and samples a second."""
    clock = SystemClock()
    config = configuration(probes)
    store = await Store.open(database, clock=clock)
    shared = Shared()

    intake = Intake(store, settle)
    working = asyncio.create_task(intake.work())
    runner = Runner(
        clock=clock,
        kinds={"instant": Instant(answer)},
        shared=shared,
        sink=intake.put,
        config=config,
    )
    beats = Beats(clock=clock, on_beat=runner.beat, on_gap=runner.gap)
    beats.set(config.probes.values())
    beats.start()
    await asyncio.sleep(2)  # warm
    cpu_before, wall_before = time.process_time(), time.monotonic()
    rows_before = store.stats().stored
    await asyncio.sleep(seconds)
    cpu, wall = time.process_time() - cpu_before, time.monotonic() - wall_before
    rows = store.stats().stored - rows_before
    beats.stop()
    await runner.drain()
    intake.close()
    await working
    await store.close()
    if stored(database) < rows:
        raise SystemExit("fewer rows than were counted")
    return cpu / rows * 1e6, rows / wall


def main() -> None:
    parser = argparse.ArgumentParser(description="Scheduling and storing, without the network.")
    parser.add_argument("--probes", type=int, default=1000, help="each asked once a second")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        us, rate = uvloop.run(
            measure(options.probes, options.seconds, Path(name) / "synthetics.db")
        )
    table(
        [
            ("scheduling and storing", "CPU a sample", "aim", "samples a second"),
            ("without the network", f"{us:.0f} us", "<= 60 us", f"{rate:.0f}"),
        ]
    )


if __name__ == "__main__":
    main()
