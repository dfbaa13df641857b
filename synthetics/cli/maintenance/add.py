"""``synthetics maintenance add``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from synthetics.cli.common import config_option, db_option, format_option, moment, refuse
from synthetics.cli.declaring import (
    author_option,
    hand_in,
    length,
    named,
    reason_option,
    say,
    text_of,
    whose_options,
)


@click.command
@click.option(
    "--from", "start", callback=moment, metavar="TIME", help="When it begins.  Default: now."
)
@click.option("--to", "end", callback=moment, metavar="TIME", help="When it ends.")
@click.option(
    "--for", "long", callback=length, metavar="DURATION", help="How long it lasts, as 2h."
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
    long: timedelta | None,
    services: tuple[str, ...],
    slos: tuple[str, ...],
    reason: str,
    author: str | None,
    shape: str,
    config: Path,
    db: Path,
) -> None:
    """
    Declare a time that does not count, of a service, an SLO, or everything.

    Its samples leave good and bad alike; its bounds are cut outward to whole minutes.  It
    counts at once, also for what is past, and stands in reports with who, when and why.
    """
    if (end is None) == (long is None):
        refuse("its end must be said once\n  to mend: give --to TIME or --for DURATION")
    begin = start or datetime.now(UTC)
    done = hand_in(
        "maintenance",
        {
            "from": text_of(begin),
            "to": text_of(end or begin + (long or timedelta())),
            "services": services,
            "slos": slos,
            "reason": reason,
            "author": named(author),
        },
        config=config,
        db=db,
    )
    say(done, "declared", shape)
