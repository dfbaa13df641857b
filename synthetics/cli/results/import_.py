"""``synthetics results import``."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthetics.cli.common import config_option, db_option, loaded_for_results, refuse

if TYPE_CHECKING:
    from synthetics.results.lines import Lines

SHOWN = 20
"""Bad lines that are listed of a file that is refused."""


@click.command
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--keep-going", is_flag=True, help="Keep the good lines of a file that has bad ones as well."
)
@config_option("File or directory to read; it says which probes there are.")
@db_option("Database to write; made if it is missing.")
def command(*, file: Path, keep_going: bool, config: Path, db: Path) -> None:
    """
    Store results from JSON lines; - is standard input.

    A result that is stored already changes nothing, another one of the same instant takes
    its place.  If a line is bad, nothing of the file is kept and the exit code is 1.  Where
    the service runs, it is handed the results and counts them at once.
    """
    known = loaded_for_results(config)
    from synthetics.clock import SystemClock
    from synthetics.results.lines import Lines, listing

    lines = Lines(known.probes, known.location, SystemClock().now_ms())
    _read(file, lines)
    name = "standard input" if str(file) == "-" else str(file)
    if lines.bad:
        click.echo(listing(lines.bad, name, len(lines.bad) if keep_going else SHOWN), err=True)
        if not keep_going:
            click.echo("nothing of it was kept; --keep-going keeps the good lines", err=True)
            raise SystemExit(1)
    _store(lines, db)
    if lines.bad:
        raise SystemExit(1)


def _read(file: Path, lines: Lines) -> None:
    # What is not UTF-8 arrives as surrogates, which no text of ours may hold.
    strange = "surrogateescape"
    try:
        if str(file) == "-":
            lines.read(io.TextIOWrapper(sys.stdin.buffer, "utf-8-sig", strange, "\n"))
            return
        with file.open(encoding="utf-8-sig", errors=strange, newline="\n") as text:
            lines.read(text)
    except OSError as error:
        refuse(f"{file} cannot be read: {error.strerror}")


def _store(lines: Lines, db: Path) -> None:
    """Into the database, or into the hands of the service that has it open."""
    from synthetics import words
    from synthetics.cli.results.way import store
    from synthetics.store.errors import StoreError

    try:
        taken = store(lines.samples, db)
    except StoreError as error:
        refuse(str(error))
    click.echo(
        f"{words.many(taken.samples, 'result')} read, {words.count(taken.changed)} new or changed",
        err=True,
    )
