"""``synthetics maintenance list``."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import (
    config_option,
    db_option,
    format_option,
    loaded_for_results,
    refuse,
)
from synthetics.cli.declaring import whose

if TYPE_CHECKING:
    from synthetics.config.model import Config

HEADS = ("NUMBER", "KIND", "FROM", "TO", "FOR", "WHO", "WHY")


@click.command
@format_option()
@config_option()
@db_option("Database to read.")
def command(*, shape: str, config: Path, db: Path) -> None:
    """
    Print maintenance and corrections, the oldest first.

    Those that the configuration declares have no number; what was taken back is still here.
    """
    from synthetics.accounting.declaring import as_json
    from synthetics.store import Reader, StoreError

    known = loaded_for_results(config)
    try:
        with Reader.open(db) as reader:
            declared = [as_json(one) for one in reader.exclusions()]
    except StoreError as error:
        refuse(str(error))
    rows = sorted([*_written(known), *declared], key=lambda one: one["from"])
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2) if shape == "json" else _table(rows))


def _written(config: Config) -> list[dict[str, Any]]:
    """What the configuration declares, in the same form."""
    from synthetics import words
    from synthetics.clock import millis

    return [
        {
            "id": None,
            "kind": "maintenance",
            "from": words.iso(millis(each.start)),
            "to": words.iso(millis(each.end)),
            "services": list(each.services),
            "slos": [],
            "author": None,
            "reason": each.reason,
            "declared_at": None,
            "taken_back": False,
            "ended": None,
        }
        for each in config.maintenance
    ]


def _table(rows: list[dict[str, Any]]) -> str:
    from synthetics.reports import columns

    if not rows:
        return "nothing was declared"
    lines = [HEADS, *map(_row, rows)]
    cells = shutil.get_terminal_size((200, 24)).columns if sys.stdout.isatty() else 200
    return "\n".join(columns.table(lines, numbers=frozenset({0}), cells=cells))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    why = one["reason"]
    if one["ended"]:
        did = "taken back" if one["taken_back"] else "ended"
        why += f" ({did} by {one['ended']['author']}: {one['ended']['reason']})"
    return (
        "" if one["id"] is None else str(one["id"]),
        one["kind"],
        one["from"],
        one["to"],
        whose(one),
        one["author"] or "the configuration",
        why,
    )
