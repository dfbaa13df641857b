"""
What commands on stored results cost: a year of one sample a minute.

    python benchmarks/slo_commands.py [--days 365] [--goes 3]

Each figure is a whole new process, from exec to exit; CPU is that of the process.  One sample
in a thousand failed, at random places, and there was an outage of half an hour each month.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machinery import as_installed

from synthetics import words

MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
END_MS = 1_793_404_800_000  # 2026-10-31T00:00:00Z
LOSS = 0.001
CONFIG = """\
services: {shop: {}}
probes:
  checkout: {service: shop, every: 1m, http: {get: "https://shop.example/"}}
slos:
  checkout-availability:
    service: shop
    probes: [checkout]
    objective: 99.9%
    window: 30d
    alerting:
      tiers:
        - {name: fast, severity: page, budget: 2%, long: 1h, short: 5m}
        - {name: slow, severity: page, budget: 5%, long: 6h, short: 30m}
        - {name: drift, severity: ticket, budget: 10%, long: 1d, short: 2h}
"""
SLO = "checkout-availability"


def fill(file: Path, days: int) -> int:
    """Write the results; how many."""
    dice = random.Random(11)
    first_ms = END_MS - days * DAY_MS
    with file.open("w", encoding="utf-8") as out:
        for index in range(days * 1440):
            in_outage = 600 <= index % (30 * 1440) < 630
            bad = in_outage or dice.random() < LOSS
            line = {
                "probe": "checkout",
                "location": "local",
                "scheduled_at": words.iso(first_ms + index * MINUTE_MS),
                "outcome": "bad" if bad else "good",
                "duration_s": round(dice.lognormvariate(-1.6, 0.3), 6),
                "reason": "timeout" if bad else "",
            }
            out.write(json.dumps(line) + "\n")
    return days * 1440


def run(folder: Path, *said: str) -> tuple[float, float]:
    """Wall and CPU seconds of one process."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "synthetics", *said],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system
    return wall, cpu - before.children_user - before.children_system


def row(name: str, figures: list[tuple[float, float]], aim: str, samples: int = 0) -> None:
    wall, cpu = (statistics.median(each) for each in zip(*figures, strict=True))
    rate = f"{samples / wall:>10,.0f}{samples / cpu:>10,.0f}" if samples else f"{'':20}"
    print(f"{name:<26}{wall:>7.2f} s{cpu:>7.2f} s{rate}  {aim}", flush=True)


def measure(folder: Path, days: int, goes: int) -> None:
    (folder / "synthetics.yaml").write_text(CONFIG)
    samples = fill(folder / "results.jsonl", days)
    print(f"{samples:,} samples; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print(f"{'':<26}{'wall':>9}{'CPU':>9}{'a second':>10}{'of CPU':>10}  aim")
    imports = []
    for _ in range(goes):
        for old in folder.glob("synthetics.db*"):
            old.unlink()
        imports.append(run(folder, "results", "import", "results.jsonl"))
    row("results import", imports, ">= 50,000 a second", samples)
    show = ("slo", "show", SLO, "--format", "json", "--at", words.iso(END_MS))
    row("slo show", [run(folder, *show) for _ in range(goes)], "<= 0.3 s")
    for name, length, aim in (("30 days", 30, "<= 2 s"), ("all", days, "<= 15 s")):
        period = ("--from", words.iso(END_MS - length * DAY_MS), "--to", words.iso(END_MS))
        said = ("slo", "backtest", SLO, *period, "--format", "json")
        row(f"slo backtest, {name}", [run(folder, *said) for _ in range(goes)], aim)
    export = [run(folder, "results", "export") for _ in range(goes)]
    row("results export", export, "", samples)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    options.add_argument("--days", type=int, default=365)
    options.add_argument("--goes", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        as_installed(Path(folder) / "compiled")
        measure(Path(folder), asked.days, asked.goes)


if __name__ == "__main__":
    main()
