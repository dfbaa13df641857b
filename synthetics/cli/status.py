"""``synthetics status``: where every objective stands, from the database."""

from __future__ import annotations

import json
import shutil
import sys
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
    from synthetics.config.model import Config
    from synthetics.web.status import SloStatus

WIDE = 200

SPARE = ("PROMISED", "DOWN", "KNOWN", "SERVICE", "LATELY")
"""Columns that a narrow terminal goes without, the first one first."""


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
        standings, ours, drilled = _read(read, db)
    except StoreError as error:
        refuse(str(error))
    if shape == "json":
        click.echo(_as_json(standings))
    else:
        click.echo("\n\n".join(part for part in (_as_text(standings), ours, drilled) if part))
    sys.exit(1 if ours or any(one.firing for one in standings) else 0)


def _as_json(standings: list[SloStatus]) -> str:
    from synthetics.web.api import slo_as_json

    return json.dumps([slo_as_json(one) for one in standings], ensure_ascii=False, indent=2)


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


def _read(config: Config, database: Path) -> tuple[list[SloStatus], str, str]:
    """
    Where every objective stands; what is wrong with the monitoring itself, in words; and when
    pages were last proved to arrive.
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
    states: dict[str, dict[str, State]] = {}
    for alert in alerts:
        states.setdefault(alert.slo, {})[alert.tier] = alert.state
    standings = [
        slo_status(ledger, slo, at_ms, states.get(slo.id, {})) for slo in config.slos.values()
    ]
    wrong = [one for one in alerts if one.service == SYNTHETICS and one.resolved_ms is None]
    said = [f"  {one.severity}  {json.loads(one.message)['summary']}" for one in wrong]
    ours = "\n".join(["Wrong with the monitoring itself:", *said]) if said else ""
    return standings, ours, proved(config.services, done, at_ms)
