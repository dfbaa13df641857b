"""``synthetics silence end``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from synthetics.cli.common import config_option, db_option, format_option, moment
from synthetics.cli.declaring import author_option, named, text_of
from synthetics.cli.silence.handing import hand_in, say


@click.command
@click.argument("number", type=int)
@click.option("--at", callback=moment, metavar="TIME", help="When it ends.  Default: now.")
@click.option("--reason", default="ended early", show_default=True, help="Why.")
@author_option()
@format_option()
@config_option()
@db_option("Database to write; where the service runs, the service writes it.")
def command(
    *,
    number: int,
    at: datetime | None,
    reason: str,
    author: str | None,
    shape: str,
    config: Path,
    db: Path,
) -> None:
    """
    End a silence before its time; NUMBER is the one that `silence list` prints.

    What it kept from being told and still fires is told at once.
    """
    body = {"id": number, "reason": reason, "author": named(author)}
    if at is not None:
        body["at"] = text_of(at)
    done = hand_in("silences/end", body, config=config, db=db)
    say(done, "taken back" if done["taken_back"] else "ended", shape)
