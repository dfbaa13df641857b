"""``synthetics slo show``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthetics.cli.common import config_option, db_option, format_option, moment
from synthetics.cli.slo.asked import found, reading

if TYPE_CHECKING:
    from slo.window import Rolling


def _window(ctx: click.Context, param: click.Parameter, value: str | None) -> Rolling | None:
    from probes.fields import Refused, parse_duration
    from slo.window import Rolling

    if value is None:
        return None
    try:
        return Rolling(round(parse_duration(value).total_seconds() * 1000))
    except Refused as refused:
        raise click.BadParameter(f"{refused.what}; {refused.mend}", ctx, param) from None


@click.command
@click.argument("name")
@click.option("--at", callback=moment, metavar="TIME", help="When.  Default: now.")
@click.option(
    "--window",
    callback=_window,
    metavar="DURATION",
    help="Look at the last 7d, say, instead of at the SLO's own window.",
)
@config_option()
@db_option()
@format_option()
def command(
    *,
    name: str,
    at: datetime | None,
    window: Rolling | None,
    config: Path,
    db: Path,
    shape: str,
) -> None:
    """
    Print where the SLO NAME stands, now or at any instant that is stored.

    Whether a tier fires is what a replay from the start of history says at the last whole
    minute; `status` says what the service has decided.
    """
    from synthetics.accounting.past import Past
    from synthetics.clock import SystemClock, millis
    from synthetics.reports.show import Shown, render

    known, slo = found(config, name)
    if window is not None:
        slo = replace(slo, window=window)
    at_ms = SystemClock().now_ms() if at is None else millis(at)
    with reading(db) as reader:
        past = Past(known, slo, reader, at_ms)
    shown = Shown(
        slo=slo, probes=known.probes, standing=past.standing(at_ms), reach=past.reach(at_ms)
    )
    click.echo(render(shown, shape), nl=False)
