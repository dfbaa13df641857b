"""
What deciding costs: 1,000 SLOs, all tiers, with and without a year of history.

    python benchmarks/decide.py [--slos 1000]

Each SLO has its own series of one sample a minute; "noise" is one sample in a
thousand that failed, at random places.  Figures are CPU time of one core.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from fractions import Fraction

from slo.history import History, Pool
from slo.policy import QUIET, decide, default_tiers
from slo.spans import Spans
from slo.timeline import Mark, Run, Timeline

MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
OBJECTIVE = Fraction("0.999")
TIERS = default_tiers(30 * DAY_MS, MINUTE_MS)
NOISE = 0.001
HISTORIES = [("an hour", 60), ("30 days", 30 * 1440), ("a year", 365 * 1440)]
WEEKLY = Spans.of((day * DAY_MS, day * DAY_MS + 60 * MINUTE_MS) for day in range(0, 365, 7))


def history(samples: int, noise: float, dice: random.Random) -> Timeline:
    """A series that ends with *samples* - 1 minutes after the epoch."""
    timeline, at = Timeline(), 0
    while at < samples:
        length = min(round(dice.expovariate(noise)) if noise else samples, samples - at)
        if length:
            timeline.extend([Run(at * MINUTE_MS, MINUTE_MS, length, Mark.GOOD)])
            at += length
        if at < samples:
            timeline.extend([Run(at * MINUTE_MS, 1, 1, Mark.BAD)])
            at += 1
    return timeline


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of the quickest of three goes."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def decide_all(timelines: list[Timeline], at_ms: int, excluded: Spans) -> None:
    for timeline in timelines:
        known = samples_of(timeline, excluded)
        for tier in TIERS:
            decide(tier, OBJECTIVE, known, at_ms, state=QUIET)


def samples_of(timeline: Timeline, excluded: Spans) -> History:
    return Pool([timeline], excluded)


def row(samples: int, noise: float, slos: int) -> str:
    """One line of the table: figures for *slos* series of *samples* minutes."""
    dice = random.Random(1)
    known = [history(samples, noise, dice) for _ in range(slos)]
    now = (samples - 1) * MINUTE_MS
    runs = sum(len(each.runs()) for each in known) / slos
    decided = timed(lambda: decide_all(known, now, Spans.EMPTY)) / slos
    excluded = timed(lambda: decide_all(known, now, WEEKLY)) / slos
    start = now - 30 * DAY_MS
    counted = timed(lambda: [each.counts(start, now) for each in known]) / slos
    divided = timed(lambda: [each.time(start, now, 2 * MINUTE_MS) for each in known]) / slos
    began = time.process_time()
    for each in known:
        for minute in range(1, 11):
            each.add(now + minute * MINUTE_MS, Mark.GOOD)
    appended = (time.process_time() - began) / slos / 10
    per_slo = (decided, excluded, counted, divided, appended)
    return f"{runs:6.0f} {decided * slos:9.3f} " + " ".join(f"{s * 1e6:9.1f}" for s in per_slo)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slos", type=int, default=1000)
    slos: int = parser.parse_args().slos
    print(f"{slos} SLOs, {len(TIERS)} tiers of two windows, Python {sys.version.split()[0]}")
    print(f"{'':15} {'':6} {'all SLOs':>9} {'µs per SLO or sample:':>31}")
    heads = ("decide", "+ maint.", "30d count", "30d time", "append")
    print(
        f"{'history':>8} {'noise':>6} {'runs':>6} {'s':>9} "
        + " ".join(f"{head:>9}" for head in heads)
    )
    for name, samples in HISTORIES:
        for noise in (0.0, NOISE):
            print(f"{name:>8} {noise:6.1%} {row(samples, noise, slos)}", flush=True)


if __name__ == "__main__":
    main()
