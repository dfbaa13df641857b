"""``synthetics convert uptime-kuma``."""

from __future__ import annotations

from pathlib import Path

import click

from synthetics.cli.convert.printing import FILE, show


@click.command
@FILE
def command(*, file: Path) -> None:
    """Print FILE, a backup of Uptime Kuma or its list of monitors, as a configuration of ours."""
    from synthetics.convert.kuma.file import convert

    show(file, convert)
