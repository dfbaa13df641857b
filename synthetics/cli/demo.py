"""``synthetics demo``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click


@click.command
@click.option("--keep", is_flag=True, help="Stay up after the story, until Ctrl-C.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="New or empty folder for what is made.  Default: one among the temporary files.",
)
def command(keep: bool, into: Path | None) -> None:
    """
    Show the whole main job on embedded parts, in about a minute.

    A shop on this machine breaks, a page arrives at a local stand-in for
    PagerDuty, the shop is mended, the page resolves; then a monthly report of
    simulated history.  The exit code is 0 only if page and resolve arrived.
    """
    from synthetics.demo.story import play

    if into is None:
        into = Path(tempfile.mkdtemp(prefix="synthetics-demo-"))
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise click.UsageError(f"{into} is not empty; name a new folder")
    raise SystemExit(play(into=into, keep=keep))
