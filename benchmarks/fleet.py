"""
A fleet: many probes a minute through one service, on loopback.

    python benchmarks/fleet.py [--probes 10000] [--minutes 10]
"""

from __future__ import annotations

import argparse
import math
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from machinery import (
    allow_many_files,
    cpu_s,
    memory_mb,
    metrics,
    require,
    service,
    stored,
    table,
    target,
)

EVERY_S = 60
MISSED = "synthetics_missed_beats_total"


@dataclass(frozen=True)
class Run:
    first_sample_s: float
    start_cpu_s: float
    cpu_percent: float
    rss_mb: float
    peak_mb: float
    samples: int
    expected: int
    missed: float
    late_p99_ms: float


def configuration(probes: int, url: str) -> str:
    probe = f"{{service: shop, http: {{get: '{url}', expect: {{status: 200}}}}}}"
    lines = [
        f"defaults: {{every: {EVERY_S}s, timeout: 10s}}",
        "services: {shop: {name: shop}}",
        "probes:",
        *(f"  p{number:05}: {probe}" for number in range(probes)),
    ]
    return "\n".join(lines) + "\n"


def measure(probes: int, minutes: float, folder: Path) -> Run:
    with target(folder) as (http, _, _):
        began = time.monotonic()
        with service(folder / "fleet", configuration(probes, http)) as (process, url, database):
            while not stored(database):
                if process.poll() is not None or time.monotonic() - began > 60:
                    raise SystemExit((folder / "fleet" / "run.log").read_text()[-2000:])
                time.sleep(0.02)
            first_sample_s = time.monotonic() - began
            start_cpu_s = cpu_s(process.pid)
            # Start-up is its own figure: measure from where the service runs steadily.
            time.sleep(5)
            late_before = _late_buckets(url)
            from_ms = time.time_ns() // 1_000_000
            cpu_before, wall_before = cpu_s(process.pid), time.monotonic()
            time.sleep(minutes * 60)
            until_ms = time.time_ns() // 1_000_000
            cpu = cpu_s(process.pid) - cpu_before
            wall = time.monotonic() - wall_before
            rss_mb, peak_mb = memory_mb(process.pid)
            time.sleep(2)  # what was due at the end is stored by now
            missed = sum(value for name, _, value in metrics(url) if name == MISSED)
            late_p99_ms = _late_p99_ms(url, late_before)
            samples = _stored(database, from_ms, until_ms)
    return Run(
        first_sample_s=first_sample_s,
        start_cpu_s=start_cpu_s,
        cpu_percent=cpu / wall * 100,
        rss_mb=rss_mb,
        peak_mb=peak_mb,
        samples=samples,
        expected=round(probes * minutes * 60 / EVERY_S),
        missed=missed,
        late_p99_ms=late_p99_ms,
    )


def _late_p99_ms(url: str, before: dict[float, float]) -> float:
    """Upper bound of the bucket that holds the 99th percentile of what began since *before*."""
    buckets = {bound: count - before[bound] for bound, count in _late_buckets(url).items()}
    return 1000 * min(
        bound for bound, count in buckets.items() if count >= 0.99 * buckets[math.inf]
    )


def _late_buckets(url: str) -> dict[float, float]:
    """How many runs began at most so many seconds late."""
    return {
        float(labels.removeprefix('le="').removesuffix('"')): count
        for name, labels, count in metrics(url)
        if name == "synthetics_start_lateness_seconds_bucket"
    }


def _stored(database: Path, from_ms: int, until_ms: int) -> int:
    """Samples that were due in the time and are stored, void ones included."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM samples WHERE scheduled_ms >= ? AND scheduled_ms < ?",
            (from_ms, until_ms),
        ).fetchone()
        return int(count)


def main() -> None:
    parser = argparse.ArgumentParser(description="Many probes a minute through one service.")
    parser.add_argument("--probes", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    require("nginx")
    allow_many_files()
    with tempfile.TemporaryDirectory() as name:
        run = measure(options.probes, options.minutes, Path(name))
    table(
        [
            (f"{options.probes:,} probes every {EVERY_S} s", f"{options.minutes:g} min", "aim"),
            ("start to first stored sample", f"{run.first_sample_s:.1f} s", "<= 5 s"),
            ("  of which CPU", f"{run.start_cpu_s:.1f} s", ""),
            ("CPU of one core", f"{run.cpu_percent:.1f} %", "<= 15 %"),
            ("resident memory", f"{run.rss_mb:.0f} MB", "<= 300 MB"),
            ("resident memory, peak", f"{run.peak_mb:.0f} MB", "<= 300 MB"),
            ("samples stored", f"{run.samples:,}", f"{run.expected:,}"),
            ("beats missed", f"{run.missed:.0f}", "0"),
            ("start lateness, p99", f"<= {run.late_p99_ms:.0f} ms", "<= 250 ms"),
        ]
    )


if __name__ == "__main__":
    main()
