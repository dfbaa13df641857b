"""``synthetics slo simulate``."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path

import click

from synthetics.cli.common import config_option, format_option
from synthetics.cli.slo.asked import CONFIGURED, alerting_as, found


def _lasting(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """A length of time, in milliseconds."""
    from probes.fields import Refused, parse_duration

    try:
        return None if value is None else parse_duration(value) // timedelta(milliseconds=1)
    except Refused as refused:
        raise click.BadParameter(f"{refused.what}; {refused.mend}", ctx, param) from None


def _share(ctx: click.Context, param: click.Parameter, value: str | None) -> Fraction | None:
    from probes.fields import Refused
    from synthetics.config.scalars import parse_percent

    try:
        share = None if value is None else parse_percent(value)
    except Refused as refused:
        raise click.BadParameter(f"{refused.what}; {refused.mend}", ctx, param) from None
    if share == 1:
        raise click.BadParameter("write a share below 100%", ctx, param)
    return share


@click.command
@click.argument("name")
@click.option("--outage", callback=_lasting, metavar="TIME", help="Everything fails for so long.")
@click.option("--errors", callback=_share, metavar="SHARE", help="So many fail, at random.")
@click.option(
    "--flapping", callback=_lasting, metavar="TIME", help="It is down for so long, then up, …"
)
@click.option(
    "--for",
    "lasting_ms",
    callback=_lasting,
    metavar="TIME",
    help="How long errors, flapping or mere losses go on.  Default: 3d, flapping 2h.",
)
@click.option("--loss", callback=_share, metavar="SHARE", help="So many are lost, all the time.")
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How often what is random is tried.",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="FILE",
    help="YAML with an `alerting:` block, or the word configured; several stand side by side.  "
    "Default: the SLO's own policy.",
)
@config_option()
@format_option()
def command(
    *,
    name: str,
    outage: int | None,
    errors: Fraction | None,
    flapping: int | None,
    lasting_ms: int | None,
    loss: Fraction | None,
    seeds: int,
    policies: tuple[str, ...],
    config: Path,
    shape: str,
) -> None:
    """
    Put made-up outages and noise to the alert policy of the SLO NAME, or to others.

    Says how often it would tell, whether rightly, how soon, and how soon it would be over.
    Needs no history: the samples are one series at the interval of its most frequent probe, and
    are counted as the SLO counts: in slices of time, or by each part of a composite.
    """
    from slo.simulate import Fault
    from slo.window import DAY_MS
    from synthetics.accounting.made_up import seen
    from synthetics.accounting.past import policy_of
    from synthetics.reports.simulation import Noise, render, simulated

    if sum(each is not None for each in (outage, errors, flapping)) > 1:
        raise click.UsageError("--outage, --errors and --flapping: one at a time")
    if outage is not None and lasting_ms is not None:
        raise click.UsageError("--outage says itself how long it goes on; leave out --for")
    fault = None
    if outage is not None:
        fault = Fault(lasting_ms=outage)
    elif errors is not None:
        fault = Fault(lasting_ms=lasting_ms or 3 * DAY_MS, share=errors)
    elif flapping is not None:
        fault = Fault(lasting_ms=lasting_ms or DAY_MS // 12, bad_ms=flapping, good_ms=flapping)
    elif loss is None:
        raise click.UsageError("say what goes wrong: --outage, --errors, --flapping or --loss")
    known, slo = found(config, name)
    interval_ms = min(known.probes[probe].every for probe in slo.probes) // timedelta(
        milliseconds=1
    )
    if fault is not None and min(fault.lasting_ms, fault.bad_ms or interval_ms) < interval_ms:
        raise click.UsageError("no sample falls into that; write at least the probe's interval")
    noise = Noise(
        fault=fault,
        loss=loss or Fraction(0),
        quiet_ms=lasting_ms or 30 * DAY_MS,
        interval_ms=interval_ms,
        seeds=seeds,
    )
    wanted = [
        (policy, policy_of(alerting_as(policy, known, slo))) for policy in policies or (CONFIGURED,)
    ]
    fared = simulated(noise, wanted, partial(seen, known, slo))
    click.echo(render(slo, known.probes, noise, fared, shape), nl=False)
