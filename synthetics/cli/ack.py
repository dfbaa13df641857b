"""``synthetics ack``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import config_option, db_option, format_option, loaded, refuse
from synthetics.cli.declaring import named
from synthetics.cli.writing import write_or_ask

if TYPE_CHECKING:
    import sqlite3


@click.command
@click.argument("incident", type=int)
@click.option("--by", "author", help="Who takes it on.  Default: the user of this system.")
@click.option("--note", default="", help="What there is to say.")
@format_option()
@config_option()
@db_option("Database to write; where the service runs, the service writes it.")
def command(
    *, incident: int, author: str | None, note: str, shape: str, config: Path, db: Path
) -> None:
    """
    Take an incident on, so that it goes on to nobody else.

    INCIDENT is the number that pages and `synthetics status` print.  Whoever was told of it is
    told who took it on, where their receiver can say so.
    """
    from synthetics.accounting.declaring import NotDeclaredError
    from synthetics.clock import SystemClock
    from synthetics.paging.acknowledging import answering, as_json
    from synthetics.store import StoreError

    body = {"author": named(author), "note": note, "how": "command"}
    known = loaded(config)
    try:
        answer = answering(body, incident, known.receivers, SystemClock().now_ms())

        def write(connection: sqlite3.Connection) -> dict[str, Any]:
            return as_json(answer(connection))

        done = write_or_ask(f"incidents/{incident}/acknowledge", body, write, db)
    except (NotDeclaredError, StoreError) as error:
        refuse(str(error))
    if shape == "json":
        click.echo(json.dumps(done, ensure_ascii=False, indent=2))
        return
    click.echo(f"incident {done['incident']} is taken on by {done['author']} at {done['at']}")
