"""``synthetics slo export``."""

from __future__ import annotations

from pathlib import Path

import click

from synthetics.cli.common import config_option, loaded


@click.command
@config_option()
def command(*, config: Path) -> None:
    """
    Print all SLOs as OpenSLO v1 documents.

    With their services, indicators, alert policies and whom those tell.  What OpenSLO cannot
    say is named in comments.
    """
    from synthetics.config.openslo.write import write

    click.echo(write(loaded(config)), nl=False)
