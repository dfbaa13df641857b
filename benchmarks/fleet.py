"""
A fleet: many probes a minute through one service, on loopback.

    python benchmarks/fleet.py [--probes 10000] [--minutes 10]
"""

from __future__ import annotations

import argparse
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


@dataclass(frozen=True)
class Run:
    first_sample_s: float
    cpu_percent: float
    rss_mb: float
    peak_mb: float
    samples: int
    expected: int
    missed: float
    late_p99_ms: float
    late_most_ms: float


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
            # Start-up is its own figure: measure from where the service runs steadily.
            time.sleep(5)
            from_ms = time.time_ns() // 1_000_000
            cpu_before, wall_before = cpu_s(process.pid), time.monotonic()
            time.sleep(minutes * 60)
            until_ms = time.time_ns() // 1_000_000
            cpu = cpu_s(process.pid) - cpu_before
            wall = time.monotonic() - wall_before
            rss_mb, peak_mb = memory_mb(process.pid)
            time.sleep(2)  # what was due at the end is stored by now
            missed = sum(value for name, _, value in metrics(url) if "missed_beats" in name)
            late_ms = _lateness(database, from_ms, until_ms)
    return Run(
        first_sample_s=first_sample_s,
        cpu_percent=cpu / wall * 100,
        rss_mb=rss_mb,
        peak_mb=peak_mb,
        samples=len(late_ms),
        expected=round(probes * minutes * 60 / EVERY_S),
        missed=missed,
        late_p99_ms=late_ms[int(len(late_ms) * 0.99)],
        late_most_ms=late_ms[-1],
    )


def _lateness(database: Path, from_ms: int, until_ms: int) -> list[int]:
    """How late each sample began that was due in the time and that was asked, ascending."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [
            late_ms
            for (late_ms,) in connection.execute(
                "SELECT late_ms FROM samples"
                " WHERE scheduled_ms >= ? AND scheduled_ms < ? AND attempts > 0 ORDER BY late_ms",
                (from_ms, until_ms),
            )
        ]


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
            ("CPU of one core", f"{run.cpu_percent:.1f} %", "<= 15 %"),
            ("resident memory", f"{run.rss_mb:.0f} MB", "<= 300 MB"),
            ("resident memory, peak", f"{run.peak_mb:.0f} MB", "<= 300 MB"),
            ("samples stored", f"{run.samples:,}", f"{run.expected:,}"),
            ("beats missed", f"{run.missed:.0f}", "0"),
            ("start lateness, p99", f"{run.late_p99_ms} ms", "<= 250 ms"),
            ("start lateness, most", f"{run.late_most_ms} ms", ""),
        ]
    )


if __name__ == "__main__":
    main()
