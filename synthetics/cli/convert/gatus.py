"""``synthetics convert gatus``."""

from __future__ import annotations

from pathlib import Path

import click

from synthetics.cli.convert.printing import FILE, show


@click.command
@FILE
def command(*, file: Path) -> None:
    """Print FILE, a configuration of Gatus, as one of ours."""
    from synthetics.convert.gatus.file import convert

    show(file, convert)
