"""``synthetics silence add``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from synthetics.cli.common import config_option, db_option, format_option, moment, refuse
from synthetics.cli.declaring import author_option, length, named, text_of
from synthetics.cli.silence.handing import hand_in, say


def _labels(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    found = {}
    for value in values:
        name, equals, content = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", ctx, param)
        found[name] = content
    return found


@click.command
@click.option(
    "--from", "start", callback=moment, metavar="TIME", help="When it begins.  Default: now."
)
@click.option("--to", "end", callback=moment, metavar="TIME", help="When it ends.")
@click.option(
    "--for", "long", callback=length, metavar="DURATION", help="How long it lasts, as 2h."
)
@click.option("--service", "services", multiple=True, help="Alerts of this service; repeatable.")
@click.option("--slo", "slos", multiple=True, help="Alerts of this SLO; repeatable.")
@click.option("--probe", "probes", multiple=True, help="While only this fails; repeatable.")
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice(["page", "ticket"]),
    help="Alerts of this severity; repeatable.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    callback=_labels,
    metavar="NAME=VALUE",
    help="While only probes with this label fail; repeatable, and then all must match.",
)
@click.option("--reason", required=True, help="Why; shown on the status page.")
@author_option()
@format_option()
@config_option()
@db_option("Database to write; where the service runs, the service writes it.")
def command(
    *,
    start: datetime | None,
    end: datetime | None,
    long: timedelta | None,
    services: tuple[str, ...],
    slos: tuple[str, ...],
    probes: tuple[str, ...],
    severities: tuple[str, ...],
    labels: dict[str, str],
    reason: str,
    author: str | None,
    shape: str,
    config: Path,
    db: Path,
) -> None:
    """
    Tell nobody of alerts that match all that is named, until the silence ends.

    Alerts fire all the same, and downtime counts; what still fires at the end is told then.
    """
    if (end is None) == (long is None):
        refuse("its end must be said once\n  to mend: give --to TIME or --for DURATION")
    begin = start or datetime.now(UTC)
    done = hand_in(
        "silences",
        {
            "from": text_of(begin),
            "to": text_of(end or begin + (long or timedelta())),
            "services": services,
            "slos": slos,
            "probes": probes,
            "severities": severities,
            "labels": labels,
            "reason": reason,
            "author": named(author),
        },
        config=config,
        db=db,
    )
    say(done, "declared", shape)
