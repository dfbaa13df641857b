"""``synthetics slo explain``."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from synthetics.cli.common import config_option, format_option
from synthetics.cli.slo.asked import found


def _share(ctx: click.Context, param: click.Parameter, value: str) -> Fraction:
    from probes.fields import Refused
    from synthetics.config.scalars import parse_percent

    try:
        share = parse_percent(value)
    except Refused as refused:
        raise click.BadParameter(f"{refused.what}; {refused.mend}", ctx, param) from None
    if not 0 < share < 1:
        raise click.BadParameter("write a share above 0% and below 100%", ctx, param)
    return share


@click.command
@click.argument("name")
@click.option(
    "--loss",
    callback=_share,
    metavar="SHARE",
    default="0.1%",
    show_default=True,
    help="Share of attempts that are lost by chance, for the number of false alarms.",
)
@config_option()
@format_option()
def command(*, name: str, loss: Fraction, config: Path, shape: str) -> None:
    """
    Say what the alert policy of the SLO NAME means, in numbers.

    Per tier: the bad samples until it fires, the smallest outage that is told and how soon,
    when it resolves, the steady errors that just fire it, which of its windows decides,
    and how often it would fire by chance.  Needs no history.
    """
    from synthetics.config.explain import meaning
    from synthetics.reports.meaning import render

    known, slo = found(config, name)
    click.echo(render(meaning(known, slo, loss), known.probes, loss, shape), nl=False)
