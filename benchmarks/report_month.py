"""
What the report of a month costs: 100 probes every 60 s, 4.5 million samples stored.

    python benchmarks/report_month.py [--probes 100] [--into FOLDER]

Samples go in through the store and are archived by it, as the service does.  Each
figure is a whole new process, ``synthetics report``, from exec to exit.  With --into
the database is kept there, and found there the next time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from probes.result import Outcome, Result
from synthetics.clock import instant
from synthetics.reports.spans import Month
from synthetics.sample import Sample
from synthetics.store import Store

OCTOBER = Month(2026, 10)
MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
BATCH = 5_000
FAILED = 0.0005
FORMATS = ("text", "markdown", "html", "csv", "json")
BOUND = {"availability": "", "latency": ", sli: {latency: {under: 500ms}}"}


def configuration(probes: int, sli: str) -> str:
    """One SLO a probe, ten probes a service."""
    names = [f"p{number:03d}" for number in range(probes)]
    services = sorted({f"s{number // 10:02d}" for number in range(probes)})
    lines = ["defaults: {every: 1m, timeout: 10s}", "services:"]
    lines += [f"  {name}: {{}}" for name in services]
    lines += ["probes:"]
    lines += [
        f"  {name}: {{service: s{number // 10:02d}, http: {{get: 'http://{name}.example/'}}}}"
        for number, name in enumerate(names)
    ]
    lines += ["slos:"]
    lines += [
        f"  {name}-slo: {{service: s{number // 10:02d}, probes: [{name}], objective: 99.9%,"
        f" window: 30d{BOUND[sli]}}}"
        for number, name in enumerate(names)
    ]
    return "\n".join(lines) + "\n"


async def fill(database: Path, probes: int) -> int:
    """Store the month as the service would, a minute at a time; how many samples."""
    dice = random.Random(7)
    period = OCTOBER.period(ZoneInfo("UTC"))
    store = await Store.open(database, linger_s=0)
    stored = 0
    try:
        batch: list[Sample] = []
        for at_ms in range(period.from_ms, period.to_ms, MINUTE_MS):
            began = instant(at_ms)
            for number in range(probes):
                good = dice.random() >= FAILED
                outcome = Outcome.GOOD if good else Outcome.BAD
                result = Result(
                    started_at=began,
                    duration_s=dice.lognormvariate(-1.6, 0.3),
                    outcome=outcome,
                    reason="" if good else "status",
                )
                batch.append(
                    Sample(
                        probe=f"p{number:03d}",
                        location="local",
                        scheduled_ms=at_ms + number * 500,
                        result=result,
                        confirmed=outcome,
                    )
                )
            if len(batch) >= BATCH:
                await store.add(batch)
                stored += len(batch)
                batch = []
        await store.add(batch)
        stored += len(batch)
        await store.tend(period.to_ms + DAY_MS, retention_ms=400 * DAY_MS)
    finally:
        await store.close()
    return stored


def measure(folder: Path, sli: str, shape: str, goes: int) -> tuple[float, float, int]:
    """Median wall and CPU seconds of whole processes, and the size of what they print."""
    walls, cpus, size = [], [], 0
    for _ in range(goes):
        before, began = os.times(), time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "synthetics", "report", "--month", str(OCTOBER)),
                *("--config", str(folder / f"{sli}.yaml"), "--db", str(folder / "month.db")),
                *("--as-of", "2026-11-02T00:00Z", "--format", shape),
            ],
            check=True,
            stdout=subprocess.PIPE,
        )
        walls.append(time.perf_counter() - began)
        after = os.times()
        cpus.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
        size = len(done.stdout)
    return statistics.median(walls), statistics.median(cpus), size


def run(folder: Path, probes: int, goes: int) -> None:
    database = folder / "month.db"
    for sli in BOUND:
        (folder / f"{sli}.yaml").write_text(configuration(probes, sli))
    if not database.exists():
        began = time.perf_counter()
        stored = asyncio.run(fill(database, probes))
        took = time.perf_counter() - began
        print(f"stored and archived {stored:,} samples in {took:.0f} s")
    print(f"database: {database.stat().st_size / 1e6:.0f} MB; {os.cpu_count()} cores,")
    print(f"load {os.getloadavg()[0]:.1f}; medians of {goes} new processes each")
    print(f"{'report of':<16}{'format':<10}{'wall':>8}{'CPU':>8}{'size':>12}")
    for sli in BOUND:
        for shape in FORMATS:
            wall, cpu, size = measure(folder, sli, shape, goes)
            print(f"{sli:<16}{shape:<10}{wall:>6.2f} s{cpu:>6.2f} s{size:>10,} B", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    options.add_argument("--probes", type=int, default=100)
    options.add_argument("--goes", type=int, default=5)
    options.add_argument("--into", type=Path)
    asked = options.parse_args()
    if asked.into:
        asked.into.mkdir(parents=True, exist_ok=True)
        run(asked.into, asked.probes, asked.goes)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), asked.probes, asked.goes)


if __name__ == "__main__":
    main()
