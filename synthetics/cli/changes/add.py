"""``synthetics changes add``."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import config_option, db_option, format_option, loaded, moment, refuse
from synthetics.cli.declaring import named, text_of
from synthetics.cli.writing import write_or_ask

if TYPE_CHECKING:
    import sqlite3


@click.command
@click.argument("summary")
@click.option("--service", default="", help="In which service.  Default: in all of them.")
@click.option("--at", callback=moment, metavar="TIME", help="When.  Default: now.")
@click.option("--link", metavar="URL", help="Where to read on.")
@click.option("--author", help="Who changed it.  Default: the user of this system.")
@format_option()
@config_option("File or directory to read; it says which services there are.")
@db_option("Database to write; where the service runs, the service writes it.")
def command(
    *,
    summary: str,
    service: str,
    at: datetime | None,
    link: str | None,
    author: str | None,
    shape: str,
    config: Path,
    db: Path,
) -> None:
    """
    Say that something was changed; SUMMARY is one line, such as "deploy v1.2".

    Pages name it, and PagerDuty is told where its receiver says so.  Said again with the same
    --at it is the same change, so a pipeline may repeat itself.
    """
    from synthetics.accounting.declaring import NotDeclaredError
    from synthetics.clock import SystemClock
    from synthetics.paging.changes import as_json, noting
    from synthetics.store import StoreError

    asked = {
        "summary": summary,
        "service": service,
        "at": text_of(at),
        "link": link,
        "author": named(author),
    }
    body = {name: value for name, value in asked.items() if value}
    known = loaded(config)
    try:
        note = noting(known, body, SystemClock().now_ms())

        def write(connection: sqlite3.Connection) -> dict[str, Any]:
            change, new = note(connection)
            return {**as_json(change), "new": new}

        done = write_or_ask("changes", body, write, db)
    except (NotDeclaredError, StoreError) as error:
        refuse(str(error))
    if shape == "json":
        click.echo(json.dumps(done, ensure_ascii=False, indent=2))
        return
    where = f"in {done['service']}" if done["service"] else "in all services"
    known_since = "" if done["new"] else ", which was said before"
    click.echo(f"change {done['id']} {where} at {done['at']}: {done['summary']}{known_since}")
