"""``synthetics correct``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from synthetics.cli.common import config_option, db_option, format_option, moment, refuse
from synthetics.cli.declaring import (
    author_option,
    hand_in,
    named,
    reason_option,
    say,
    text_of,
    whose_options,
)


@click.command
@click.option("--from", "start", callback=moment, metavar="TIME", help="When it began.")
@click.option("--to", "end", callback=moment, metavar="TIME", help="When it ended.")
@click.option(
    "--withdraw",
    type=int,
    metavar="NUMBER",
    help="Take this correction back; none is made.",
)
@whose_options
@reason_option()
@author_option()
@format_option()
@config_option("File or directory to read; it says which services and SLOs there are.")
@db_option("Database to write; where the service runs, the service writes it.")
def command(
    *,
    start: datetime | None,
    end: datetime | None,
    withdraw: int | None,
    services: tuple[str, ...],
    slos: tuple[str, ...],
    reason: str,
    author: str | None,
    shape: str,
    config: Path,
    db: Path,
) -> None:
    """
    Say afterwards that a time does not count: the probe was wrong, not the service.

    No result is rewritten: the correction is kept beside them, with who, when and why, and
    every number is counted by it from then on.
    """
    who = {"reason": reason, "author": named(author)}
    if withdraw is not None:
        if start or end or services or slos:
            refuse("a correction is taken back as a whole\n  to mend: give --withdraw by itself")
        done = hand_in("corrections/withdraw", {"id": withdraw, **who}, config=config, db=db)
        say(done, "taken back", shape)
        return
    if start is None or end is None:
        refuse("when it was is missing\n  to mend: give --from TIME and --to TIME")
    body = {"from": text_of(start), "to": text_of(end), "services": services, "slos": slos, **who}
    say(hand_in("corrections", body, config=config, db=db), "declared", shape)
