"""``synthetics status``: where every objective stands, from the database."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthetics.cli.common import (
    config_option,
    db_option,
    format_option,
    loaded_for_results,
    refuse,
)

if TYPE_CHECKING:
    from slo.policy import State
    from synthetics.config.model import Config, Probe
    from synthetics.store import Reader
    from synthetics.web.status import SloStatus

WIDE = 200

SPARE = ("PROMISED", "DOWN", "KNOWN", "SERVICE", "LATELY")
"""Columns that a narrow terminal goes without, the first one first."""


@dataclass(frozen=True, slots=True)
class Slow:
    """A probe that was degraded when it was last asked, and how many seconds it took."""

    probe: Probe
    took_s: float


@click.command()
@config_option()
@db_option()
@format_option()
def command(config: Path, db: Path, shape: str) -> None:
    """
    Print where every objective stands now.

    Only reads, beside the running service or without it.  Exit code 1 if an alert fires.
    A narrow terminal gets fewer columns.
    """
    from synthetics.store import StoreError

    read = loaded_for_results(config)
    try:
        standings, slow, ours, drilled = _read(read, db)
    except StoreError as error:
        refuse(str(error))
    if shape == "json":
        click.echo(_as_json(standings, slow))
    else:
        parts = (_as_text(standings), _slow(slow), ours, drilled)
        click.echo("\n\n".join(part for part in parts if part))
    sys.exit(1 if ours or any(one.firing for one in standings) else 0)


def _as_json(standings: list[SloStatus], slow: Mapping[str, Slow]) -> str:
    from synthetics.web.api import slo_as_json

    shown = [
        {**slo_as_json(one), "degraded": [probe for probe in one.slo.probes if probe in slow]}
        for one in standings
    ]
    return json.dumps(shown, ensure_ascii=False, indent=2)


def _slow(slow: Mapping[str, Slow]) -> str:
    """The probes that were too slow when they were last asked, in words; empty if none was."""
    from synthetics.web.page import latency
    from synthetics.web.probe_lines import over

    lines = [
        f"  degraded  {one.probe.id}: took {latency(one.took_s)}, {over(one.probe)}"
        for one in slow.values()
    ]
    return "\n".join(["Slow when last asked, and still good:", *lines]) if lines else ""


def _as_text(standings: list[SloStatus]) -> str:
    from synthetics import words
    from synthetics.reports import columns
    from synthetics.web.page import budget_words, downtime_words, pace_words, promise, state

    if not standings:
        return "no SLOs are configured"
    rows = [
        ("SERVICE", "SLO", "STATE", "SLI", "PROMISED", "BUDGET", "DOWN", "LATELY", "KNOWN"),
        *(
            (
                one.slo.service,
                one.slo.id,
                state(one)[0],
                words.availability(one.standing.sli, one.slo.objective),
                promise(one.slo),
                budget_words(one),
                downtime_words(one),
                pace_words(one),
                words.covered(one.standing.coverage),
            )
            for one in standings
        ),
    ]
    shown = columns.narrowed(rows, spare=SPARE, cells=_cells())
    numbers = frozenset(n for n, head in enumerate(shown[0]) if head in ("SLI", "KNOWN"))
    return "\n".join(columns.table(shown, numbers=numbers, cells=_cells()))


def _cells() -> int:
    """How wide the terminal is; a pipe has room for everything."""
    return shutil.get_terminal_size((WIDE, 24)).columns if sys.stdout.isatty() else WIDE


def _read(config: Config, database: Path) -> tuple[list[SloStatus], dict[str, Slow], str, str]:
    """
    Where every objective stands; which probes were too slow when last asked; what is wrong with
    the monitoring itself, in words; and when pages were last proved to arrive.
    """
    from synthetics.accounting.ledger import Ledger
    from synthetics.clock import SystemClock
    from synthetics.config.model_watch import SYNTHETICS
    from synthetics.paging.exercises import proved
    from synthetics.store import Reader, drills, incidents
    from synthetics.web.status import slo_status

    at_ms = SystemClock().now_ms()
    ledger = Ledger(config)
    with Reader.open(database) as reader:
        ledger.load(reader, at_ms)
        alerts = reader.read(incidents.newest)
        done = reader.read(lambda db: drills.since(db, 0))
        slow = _degraded(config, reader)
    states: dict[str, dict[str, State]] = {}
    for alert in alerts:
        states.setdefault(alert.slo, {})[alert.tier] = alert.state
    standings = [
        slo_status(ledger, slo, at_ms, states.get(slo.id, {})) for slo in config.slos.values()
    ]
    wrong = [one for one in alerts if one.service == SYNTHETICS and one.resolved_ms is None]
    said = [f"  {one.severity}  {json.loads(one.message)['summary']}" for one in wrong]
    ours = "\n".join(["Wrong with the monitoring itself:", *said]) if said else ""
    return standings, slow, ours, proved(config.services, done, at_ms)


def _degraded(config: Config, reader: Reader) -> dict[str, Slow]:
    """The probes whose newest sample is degraded."""
    from synthetics.schedule.verdict import degraded

    if all(probe.within is None for probe in config.probes.values()):
        return {}
    newest = (one.sample for one in reader.latest().values())
    seen = {one.probe: one.result for one in newest if one.location == config.location}
    return {
        probe.id: Slow(probe, seen[probe.id].duration_s)
        for probe in config.probes.values()
        if probe.id in seen and degraded(probe, seen[probe.id])
    }
