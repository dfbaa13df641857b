"""
What the store costs: rows a second, CPU a sample, bytes a row, and time to load a month.

    python -m benchmarks.store [--probes 100] [--days 30]

Everything is measured on a file in the temporary folder, with an fsync at each commit.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from probes.result import Facts, Outcome, Phases, Result
from synthetics.sample import Sample
from synthetics.store import Reader, Store
from synthetics.store.store import RESERVE_BYTES

MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = 1_790_000_000_000 // DAY_MS * DAY_MS


def sample(rng: random.Random, probe: int, at_ms: int, *, plain: bool) -> Sample:
    """A sample as a healthy HTTP probe yields it, or as an import does."""
    wait_s = rng.lognormvariate(-2.5, 0.25)
    seen = (
        Result(started_at=datetime.now(UTC), duration_s=wait_s, outcome=Outcome.GOOD)
        if plain
        else Result(
            started_at=datetime.now(UTC),
            duration_s=wait_s,
            outcome=Outcome.GOOD,
            trace_id=f"{rng.getrandbits(128):032x}",
            phases=Phases(connect_s=wait_s / 8, first_byte_s=wait_s * 0.8, transfer_s=wait_s / 60),
            facts=Facts(
                status=200,
                protocol="HTTP/1.1",
                address="192.0.2.7",
                url=f"https://shop.example/{probe}",
                body_bytes=rng.randrange(9_000, 9_100),
            ),
        )
    )
    return Sample(
        probe=f"probe-{probe}",
        location="local",
        scheduled_ms=at_ms,
        late_ms=rng.randrange(1, 60),
        result=seen,
        confirmed=Outcome.GOOD,
    )


async def adding(folder: Path, probes: int) -> None:
    """Through `Store.add`, in the batches that a beat makes, and in bulk as an import does."""
    rng = random.Random(1)
    rounds = max(1, 100_000 // probes)
    for title, plain, size in (
        ("as they come, HTTP, batches of 100", False, 100),
        ("as they come, HTTP, batches of 500", False, 500),
        ("import, plain, batches of 5000", True, 5000),
    ):
        path = folder / f"add-{size}.db"
        store = await Store.open(path, linger_s=0.05)
        samples = [
            sample(rng, probe, START_MS + minute * MINUTE_MS + 17 * (probe % 4), plain=plain)
            for minute in range(rounds)
            for probe in range(probes)
        ]
        wall, cpu = time.perf_counter(), time.process_time()
        for at in range(0, len(samples), size):
            submitted = asyncio.ensure_future(store.add(samples[at : at + size]))
            await asyncio.sleep(0)
            if at // size % 2:
                await submitted
        await submitted
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        count = len(samples)
        await store.close()
        used = path.stat().st_size - RESERVE_BYTES
        print(
            f"{title}: {count / wall:,.0f} rows/s, {cpu / count * 1e6:.1f} µs CPU a sample, "
            f"{used / count:.1f} bytes a row"
        )


async def month(folder: Path, probes: int, days: int) -> None:
    """A month of one-minute samples: loaded raw, archived, loaded from the archive."""
    path = folder / "month.db"
    rng = random.Random(2)
    store = await Store.open(path, linger_s=0)
    for day in range(days):
        for hour in range(24):
            at = START_MS + day * DAY_MS + hour * 60 * MINUTE_MS
            batch = [
                sample(rng, probe, at + minute * MINUTE_MS + 250 * (probe % 4), plain=False)
                for minute in range(60)
                for probe in range(probes)
            ]
            await store.add(batch)
    end_ms = START_MS + days * DAY_MS
    _load(path, "raw", START_MS, end_ms)
    size = path.stat().st_size
    began, worst = time.perf_counter(), 0.0
    tending = asyncio.ensure_future(store.tend(end_ms + DAY_MS, 365 * DAY_MS))
    while not tending.done():
        asked = time.perf_counter()
        await store.write(lambda c: c.execute("SELECT 1").fetchone())
        worst = max(worst, time.perf_counter() - asked)
        await asyncio.sleep(0.01)
    await tending
    print(
        f"archive {days} days of {probes} probes: {time.perf_counter() - began:.1f} s, "
        f"a change waited at most {worst * 1e3:.0f} ms"
    )
    _load(path, "archived", START_MS, end_ms)
    await store.close()
    began = time.perf_counter()
    await (await Store.open(path)).close()
    print(f"open and check {path.stat().st_size / 1e6:.0f} MB: {time.perf_counter() - began:.1f} s")
    connection = sqlite3.connect(path)
    pages = dict(
        connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
    )
    rows = probes * days * 1440
    archived = pages["archive"] + pages["archive_durations"]
    archived += pages["sqlite_autoindex_archive_1"]
    print(
        f"size: {size / 1e6:.0f} MB raw, {pages['samples'] / rows:.1f} bytes a raw row, "
        f"{archived / rows:.2f} bytes archived, "
        f"{archived / rows * 1440 * 365 * 100 / 1e6:.0f} MB a year for 100 one-minute probes"
    )
    connection.close()


def _load(path: Path, title: str, begin_ms: int, end_ms: int) -> None:
    reader = Reader.open(path)
    began = time.perf_counter()
    runs = reader.runs(begin_ms - 1, end_ms)
    took = time.perf_counter() - began
    count = sum(run.count for series in runs.values() for run in series)
    print(f"load {title}: {count:,} samples for availability in {took:.3f} s")
    began = time.perf_counter()
    columns = reader.columns(end_ms - 2 * DAY_MS, end_ms)
    took = time.perf_counter() - began
    count = sum(len(each) for each in columns.values())
    print(f"load {title}: {count:,} samples with durations in {took:.3f} s")
    began = time.perf_counter()
    found = reader.samples(1, begin_ms - 1, end_ms, limit=200)
    took = time.perf_counter() - began
    print(f"load {title}: the latest {len(found)} samples of one probe in {took * 1e3:.1f} ms")
    began = time.perf_counter()
    latest = reader.latest()
    took = time.perf_counter() - began
    print(f"load {title}: the latest sample of {len(latest)} probes in {took * 1e3:.1f} ms")
    reader.close()


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--probes", type=int, default=100)
    arguments.add_argument("--days", type=int, default=30)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        await adding(Path(folder), chosen.probes)
        await month(Path(folder), chosen.probes, chosen.days)


if __name__ == "__main__":
    asyncio.run(main())
