"""``synthetics slo import``."""

from __future__ import annotations

from pathlib import Path

import click

from synthetics.cli.common import refuse


@click.command
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(*, file: Path) -> None:
    """
    Print the SLOs in FILE, OpenSLO v1 documents, as a configuration.

    Nothing is stored or changed: put what is printed into your configuration, and write the
    probes that it counts.  What could not be taken is named with file and line, and then the
    exit code is 1.
    """
    from synthetics.config.openslo.read import read_openslo
    from synthetics.config.openslo.windows import CannotSay

    try:
        found = read_openslo(file.read_text("utf-8"))
    except (CannotSay, UnicodeDecodeError) as error:
        refuse(f"{file}: {error}")
    click.echo(found.yaml(), nl=False)
    for each in found.unsaid:
        click.echo(f"{file}:{each.line}: left out: {each.what}", err=True)
    if found.unsaid:
        raise SystemExit(1)
