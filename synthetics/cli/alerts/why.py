"""``synthetics alerts why``: why it paged, or did not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from synthetics.cli.common import config_option, db_option, format_option, moment
from synthetics.cli.slo.asked import found, reading


@click.command
@click.argument("name", metavar="SLO")
@click.option("--at", callback=moment, metavar="TIME", help="When.  Default: now.")
@format_option()
@config_option()
@db_option()
def command(*, name: str, at: datetime | None, shape: str, config: Path, db: Path) -> None:
    """
    Print why SLO did or did not page at an instant.

    What fired, by which windows, what held it and who was told is as it was decided then and
    written down.  What the samples come to for each tier is counted anew, by the policy of now.
    """
    from synthetics.accounting.ledger import Ledger
    from synthetics.clock import SystemClock, millis
    from synthetics.reports import why

    known, slo = found(config, name)
    at_ms = SystemClock().now_ms() if at is None else millis(at)
    ledger = Ledger(known)
    with reading(db) as reader:
        ledger.load(reader, at_ms)
        on_record = reader.read(lambda connection: why.stored(connection, slo.id, at_ms))
    decisions = ledger.decisions(slo.id, at_ms, why.states(on_record, at_ms))
    answer = why.Why(
        slo=slo,
        at_ms=at_ms,
        stored=on_record,
        counted={each.tier.name: each for each in decisions},
        excluded=list(why.excluded(known, slo, ledger.declared, at_ms)),
    )
    if shape == "json":
        click.echo(json.dumps(why.document(answer), ensure_ascii=False, indent=2))
        return
    for line in why.lines(answer):
        click.echo(line)
