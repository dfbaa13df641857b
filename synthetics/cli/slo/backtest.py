"""``synthetics slo backtest``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from synthetics.cli.common import config_option, db_option, format_option, moment
from synthetics.cli.slo.asked import CONFIGURED, alerting_as, found, reading


@click.command
@click.argument("name")
@click.option("--from", "since", callback=moment, metavar="TIME", required=True, help="From here.")
@click.option(
    "--to", "until", callback=moment, metavar="TIME", help="To here, included.  Default: now."
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="FILE",
    help="YAML with an `alerting:` block, or the word configured; up to two, side by side.  "
    "Default: the SLO's own policy.",
)
@config_option()
@db_option()
@format_option()
def command(
    *,
    name: str,
    since: datetime,
    until: datetime | None,
    policies: tuple[str, ...],
    config: Path,
    db: Path,
    shape: str,
) -> None:
    """
    Replay stored results of the SLO NAME through an alert policy, or two.

    Says what would have fired and resolved, and when.  The decisions are those that the
    service takes at whole minutes, from the start of history on.
    """
    from synthetics.accounting.past import Past
    from synthetics.clock import SystemClock, millis
    from synthetics.reports.backtest import backtest
    from synthetics.reports.backtest_shown import render

    from_ms = millis(since)
    to_ms = SystemClock().now_ms() if until is None else millis(until)
    if to_ms <= from_ms:
        raise click.UsageError("--to is not after --from")
    if len(policies) > 2:
        raise click.UsageError("two policies stand side by side, not more")
    known, slo = found(config, name)
    wanted = [(policy, alerting_as(policy, known, slo)) for policy in policies or (CONFIGURED,)]
    with reading(db) as reader:
        past = Past(known, slo, reader, to_ms)
    click.echo(render(backtest(past, wanted, from_ms, to_ms), shape), nl=False)
