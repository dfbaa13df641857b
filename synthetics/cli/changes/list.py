"""``synthetics changes list``."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from synthetics.cli.common import db_option, format_option, moment, refuse

HEADS = ("NUMBER", "AT", "SERVICE", "WHO", "WHAT", "LINK")
LISTED_MS = 7 * 86_400_000


@click.command
@click.option("--service", default="", help="Only what concerns this service.")
@click.option(
    "--from", "start", callback=moment, metavar="TIME", help="From when on.  Default: a week ago."
)
@format_option()
@db_option("Database to read.")
def command(*, service: str, start: datetime | None, shape: str, db: Path) -> None:
    """Print what was changed lately, the newest first."""
    from synthetics.clock import SystemClock, millis
    from synthetics.paging.changes import as_json
    from synthetics.store import Reader, StoreError, changes

    now_ms = SystemClock().now_ms()
    query = partial(
        changes.between,
        from_ms=now_ms - LISTED_MS if start is None else millis(start),
        to_ms=2**60,
        service=service,
    )
    try:
        with Reader.open(db) as reader:
            found = [as_json(one) for one in reader.read(query)]
    except StoreError as error:
        refuse(str(error))
    click.echo(
        json.dumps(found, ensure_ascii=False, indent=2) if shape == "json" else _table(found)
    )


def _table(found: list[dict[str, Any]]) -> str:
    from synthetics.reports import columns

    if not found:
        return "nothing was changed that anybody said"
    rows = [
        HEADS,
        *(
            (
                str(one["id"]),
                one["at"],
                one["service"] or "all",
                one["author"] or "",
                one["summary"],
                one["link"] or "",
            )
            for one in found
        ),
    ]
    cells = shutil.get_terminal_size((200, 24)).columns if sys.stdout.isatty() else 200
    return "\n".join(columns.table(rows, numbers=frozenset({0}), cells=cells))
