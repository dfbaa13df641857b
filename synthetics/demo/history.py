"""
A month that never was: seeded samples, and the incidents that the real judge opens over them.

Only the samples are made up.  They go through the real store, and the alerts are decided
minute by minute by the code that pages people.  Whoever shows the result says `LABEL`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from slo.spans import Spans
from slo.timeline import Mark
from synthetics.accounting.ledger import Ledger
from synthetics.accounting.views import views
from synthetics.clock import HeldClock, instant
from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.demo.plot import MINUTE_MS, ZONE, Plot
from synthetics.paging.judge import Judge
from synthetics.reports.spans import Month
from synthetics.sample import Sample
from synthetics.store import Store

LABEL = "SIMULATED HISTORY: generated for the demo; no real shop was ever asked."
DAY_MS = 86_400_000
BATCH = 5_000
SEED = 20_261


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Where a simulated month was written; report on it with ``--config`` and ``--db``."""

    month: Month
    config: Path
    database: Path
    label: str = LABEL


def generate_month(
    into: Path, month: Month, *, months_before: int = 0, seed: int = SEED
) -> Simulated:
    """
    Write ``history.yaml`` and a new ``history.db`` into the folder *into*.

    The same *month* and *seed* give the same samples.  The months before are quiet ones.
    Not to be called from a running event loop; it takes some seconds a month.

    Raises:
        FileExistsError: There is a ``history.db`` already.
    """
    plot = Plot(month, seed)
    made = Simulated(month=month, config=into / "history.yaml", database=into / "history.db")
    if made.database.exists():
        raise FileExistsError(f"{made.database} exists; name an empty folder")
    made.config.write_text(_configuration(plot), "utf-8")
    # Nobody is to be told of incidents that never were.
    config = replace(load(made.config, environ={}), receivers={}, routes=())
    first_ms = month.plus(-months_before).period(ZONE).from_ms
    asyncio.run(_write(config, made.database, plot, first_ms))
    return made


def _configuration(plot: Plot) -> str:
    text = resources.files("synthetics.demo").joinpath("history.yaml").read_text("utf-8")
    ((start, end),) = plot.maintenance
    for name, at_ms in (("MAINTENANCE_FROM", start), ("MAINTENANCE_TO", end)):
        text = text.replace(name, instant(at_ms).astimezone(ZONE).isoformat(timespec="minutes"))
    return text


async def _write(config: Config, database: Path, plot: Plot, first_ms: int) -> None:
    end_ms = plot.month.period(ZONE).to_ms
    ledger = Ledger(config)
    looked_at = [views(config, slo) for slo in config.slos.values()]
    failed_ms = []
    store = await Store.open(database)
    try:
        batch: list[Sample] = []
        for sample in plot.samples(first_ms, end_ms):
            batch.append(sample)
            ledger.apply(sample)
            marks = [
                view.mark_of(sample) for each in looked_at for view in each.get(sample.probe, ())
            ]
            if Mark.BAD in marks or Mark.BLIP in marks:
                failed_ms.append(sample.scheduled_ms)
            if len(batch) == BATCH:
                await store.add(batch)
                batch = []
        await store.add(batch)
        await _judge(config, store, ledger, failed_ms, end_ms)
        await store.tend(end_ms + DAY_MS, retention_ms=end_ms)
    finally:
        await store.close()


async def _judge(
    config: Config, store: Store, ledger: Ledger, failed_ms: Iterable[int], end_ms: int
) -> None:
    """Let the judge decide each whole minute at which an alert can change."""
    judge = await Judge.resume(store, ledger, config, clock=HeldClock(), wake=lambda: None)
    # Without a failure in its short window no tier begins to fire.
    short_ms = max(tier.short_ms for slo in config.slos.values() for tier in slo.tiers)
    tense = Spans.minutes_outward((at_ms, at_ms + short_ms + MINUTE_MS) for at_ms in failed_ms)
    at_ms = 0
    try:
        for start, calm in tense:
            at_ms = max(at_ms, start)
            while at_ms < end_ms and (at_ms < calm or any(judge.stats().firing.values())):
                await judge.on_minute(at_ms)
                at_ms += MINUTE_MS
    finally:
        judge.close()
