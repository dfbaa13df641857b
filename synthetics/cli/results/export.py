"""``synthetics results export``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from synthetics.cli.common import config_option, db_option, loaded_for_results, moment, refuse


@click.command
@click.option("--probe", "probes", multiple=True, help="Only this one; may be repeated.")
@click.option(
    "--from", "since", callback=moment, metavar="TIME", help="From this instant on.  Default: all."
)
@click.option("--to", "until", callback=moment, metavar="TIME", help="Before it.  Default: all.")
@config_option("File or directory to read; only to check the names of --probe.")
@db_option("Database to read, beside a running service or without one.")
def command(
    *,
    probes: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    config: Path,
    db: Path,
) -> None:
    """
    Write stored results as JSON lines, in order of time.

    `results import` reads them again.  Without --probe also those of probes that are not
    configured any more.
    """
    from synthetics.clock import millis
    from synthetics.results.export import export
    from synthetics.store.errors import StoreError
    from synthetics.store.reader import Reader

    try:
        with Reader.open(db) as reader:
            stored = {each.probe for each in reader.series()}
            for unknown in [probe for probe in probes if probe not in stored]:
                _check(unknown, config)
            for text in export(
                reader,
                frozenset(probes),
                None if since is None else millis(since),
                None if until is None else millis(until),
            ):
                click.echo(text, nl=False)
    except StoreError as error:
        refuse(str(error))


def _check(probe: str, config: Path) -> None:
    """A probe without results may be new; one that is not configured either is a mistake."""
    from synthetics.config.words import did_you_mean

    known = loaded_for_results(config).probes
    if probe not in known:
        refuse(f"there is no probe `{probe}`\n  to mend: {did_you_mean(probe, list(known))}")
