"""``synthetics oncall``."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import datetime
from pathlib import Path

import click

from synthetics.cli.common import config_option, format_option, loaded_for_oncall, moment, refuse

MOST_HANDOVERS = 100
YEARS = (1971, 2200)


@click.command
@click.argument("rotation", required=False)
@click.option("--at", callback=moment, metavar="TIME", help="At which instant.  Default: now.")
@click.option(
    "--next",
    "handovers",
    type=click.IntRange(0, MOST_HANDOVERS),
    default=3,
    show_default=True,
    help="How many hand-overs to print.",
)
@click.option("--person", help="With `--format ics`: only the shifts of this one.")
@format_option("ics")
@config_option()
def command(
    *,
    rotation: str | None,
    at: datetime | None,
    handovers: int,
    person: str | None,
    shape: str,
    config: Path,
) -> None:
    """
    Print who is on call, and the next hand-overs; of ROTATION, or of all.

    `--format ics` prints a calendar of the last week and the next three months.  Exits with 1
    if nobody is on call.
    """
    from synthetics.clock import SystemClock, millis
    from synthetics.config.words import did_you_mean
    from synthetics.reports import oncall

    known = loaded_for_oncall(config)
    for name, there, what in (
        (rotation, known.rotations, "rotation"),
        (person, known.people, "person"),
    ):
        if name is not None and name not in there:
            refuse(f"there is no {what} `{name}`\n  to mend: {did_you_mean(name, list(there))}")
    if not known.rotations:
        refuse("there are no rotations\n  to mend: write one below `rotations:`")
    if at is not None and not YEARS[0] <= at.year < YEARS[1]:
        refuse(f"{at.year} is too far away\n  to mend: ask for a year from {YEARS[0]} on")
    if person and shape != "ics":
        refuse("--person chooses the events of a calendar\n  to mend: add `--format ics`")
    at_ms = SystemClock().now_ms() if at is None else millis(at)
    rotations = [known.rotations[rotation]] if rotation else list(known.rotations.values())
    if shape == "ics":
        sys.stdout.buffer.write(oncall.calendar(known, rotations, at_ms, person).encode())
        return
    found = [oncall.on_call(one, at_ms, handovers) for one in rotations]
    if shape == "json":
        said = [oncall.as_json(known, one) for one in found]
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        cells = shutil.get_terminal_size((200, 24)).columns if sys.stdout.isatty() else 200
        for line in oncall.text(known, found, cells):
            click.echo(line)
    if any(one.now.person is None for one in found):
        raise SystemExit(1)
