"""``synthetics convert healthchecks``."""

from __future__ import annotations

from pathlib import Path

import click

from synthetics.cli.convert.printing import FILE, show


@click.command
@FILE
def command(*, file: Path) -> None:
    """Print FILE, checks of Healthchecks as its API lists them, as heartbeats of ours."""
    from synthetics.convert.healthchecks.checks import convert

    show(file, convert)
