"""``synthetics silence list``."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from synthetics.cli.common import db_option, format_option, refuse
from synthetics.cli.silence.handing import which

HEADS = ("NUMBER", "FROM", "TO", "WHICH", "WHO", "WHY")


@click.command
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@format_option()
@db_option("Database to read.")
def command(*, everything: bool, shape: str, db: Path) -> None:
    """Print silences that hold or will, the oldest first."""
    from synthetics.clock import millis
    from synthetics.store import Reader, StoreError, silences

    now_ms = millis(datetime.now(UTC))
    try:
        with Reader.open(db) as reader:
            found = reader.read(silences.every)
    except StoreError as error:
        refuse(str(error))
    rows = [silences.as_json(one) for one in found if everything or one.end_ms > now_ms]
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2) if shape == "json" else _table(rows))


def _table(rows: list[dict[str, Any]]) -> str:
    from synthetics.reports import columns

    if not rows:
        return "nothing is silenced"
    cells = shutil.get_terminal_size((200, 24)).columns if sys.stdout.isatty() else 200
    lines = [HEADS, *map(_row, rows)]
    return "\n".join(columns.table(lines, numbers=frozenset({0}), cells=cells))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    why = one["reason"]
    if one["ended"]:
        did = "taken back" if one["taken_back"] else "ended"
        why += f" ({did} by {one['ended']['author']}: {one['ended']['reason']})"
    return str(one["id"]), one["from"], one["to"], which(one), one["author"], why
