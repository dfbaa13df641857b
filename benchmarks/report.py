"""
What the report of a month costs, or of a year: 100 probes every 60 s.

    python benchmarks/report.py [--year] [--probes 100] [--into FOLDER]

A month's 4.5 million samples go in through the store and are archived by it, as the service
does; a year's 52.6 million are archived straight away, as the store does it.  Each figure is a
whole new process, ``synthetics report``, from exec to exit.  With --into the database is kept
there, and found there the next time.
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
from array import array
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from machinery import as_installed

from probes.result import Outcome, Result
from synthetics import words
from synthetics.clock import instant
from synthetics.reports.spans import Month, PartOfYear, Year
from synthetics.sample import Sample
from synthetics.store import Store
from synthetics.store.codes import NUMBERS, code
from synthetics.store.packing import Packed, keep_days, pack
from synthetics.store.samples import Words
from synthetics.store.tending import ARCHIVED_UNTIL
from synthetics.store.values import Columns

OCTOBER, YEAR = Month(2026, 10), Year(2026)
UTC = ZoneInfo("UTC")
MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
BATCH = 5_000
FAILED = 0.0005
GOOD, BAD = (code(NUMBERS[outcome], NUMBERS[outcome]) for outcome in (Outcome.GOOD, Outcome.BAD))
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
    period = OCTOBER.period(UTC)
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


async def fill_year(database: Path, probes: int) -> int:
    """Archive the year day by day, each day of each probe by itself; how many samples."""
    dice = random.Random(7)
    # Enough of them once: each day is dealt a stretch.
    durations = [round(dice.lognormvariate(-1.6, 0.3) * 1e6) for _ in range(100_000)]
    period = YEAR.period(UTC)

    def some_day(series_id: int, offset_ms: int, day: int) -> Packed:
        codes = bytes(BAD if dice.random() < FAILED else GOOD for _ in range(1440))
        deal = dice.randrange(len(durations) - 1440)
        begin_ms = day * DAY_MS + offset_ms
        return pack(
            series_id,
            day,
            Columns(
                scheduled_ms=array("q", range(begin_ms, begin_ms + DAY_MS, MINUTE_MS)),
                codes=codes,
                duration_us=array("Q", durations[deal : deal + 1440]),
            ),
        )

    days = range(period.from_ms // DAY_MS, period.to_ms // DAY_MS)
    store = await Store.open(database, linger_s=0)
    try:
        series = await store.write(
            lambda c: [Words(c).series_id(f"p{number:03d}", "local") for number in range(probes)]
        )
        for day in days:
            packed = [some_day(each, 500 * number, day) for number, each in enumerate(series)]
            await store.write(partial(keep_days, packed))
        await store.write(lambda c: c.execute(ARCHIVED_UNTIL, (days.stop,)))
    finally:
        await store.close()
    return len(days) * probes * 1440


def measure(
    folder: Path, span: PartOfYear, sli: str, shape: str, goes: int
) -> tuple[float, float, int]:
    """Median wall and CPU seconds of whole processes, and the size of what they print."""
    walls, cpus, size = [], [], 0
    for _ in range(goes):
        before, began = os.times(), time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "synthetics", "report", f"--{span.NOUN}", str(span)),
                *("--config", str(folder / f"{sli}.yaml")),
                *("--db", str(folder / f"{span.NOUN}.db"), "--format", shape),
                *("--as-of", words.iso(span.plus(1).period(UTC).from_ms + DAY_MS)),
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


def run(folder: Path, span: PartOfYear, probes: int, goes: int) -> None:
    as_installed(folder / "compiled")
    database = folder / f"{span.NOUN}.db"
    for sli in BOUND:
        (folder / f"{sli}.yaml").write_text(configuration(probes, sli))
    if not database.exists():
        began = time.perf_counter()
        stored = asyncio.run((fill if span == OCTOBER else fill_year)(database, probes))
        took = time.perf_counter() - began
        print(f"stored and archived {stored:,} samples in {took:.0f} s")
    print(f"database: {database.stat().st_size / 1e6:.0f} MB; {os.cpu_count()} cores,")
    print(f"load {os.getloadavg()[0]:.1f}; medians of {goes} new processes each")
    print(f"{'report of':<16}{'format':<10}{'wall':>8}{'CPU':>8}{'size':>12}")
    for sli in BOUND:
        for shape in FORMATS:
            wall, cpu, size = measure(folder, span, sli, shape, goes)
            print(f"{sli:<16}{shape:<10}{wall:>6.2f} s{cpu:>6.2f} s{size:>10,} B", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    options.add_argument("--year", action="store_true", help="of a year, not of a month")
    options.add_argument("--probes", type=int, default=100)
    options.add_argument("--goes", type=int, default=5)
    options.add_argument("--into", type=Path)
    asked = options.parse_args()
    span = YEAR if asked.year else OCTOBER
    if asked.into:
        asked.into.mkdir(parents=True, exist_ok=True)
        run(asked.into, span, asked.probes, asked.goes)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), span, asked.probes, asked.goes)


if __name__ == "__main__":
    main()
