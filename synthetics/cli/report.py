"""``synthetics report``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from synthetics.cli.common import (
    config_option,
    db_option,
    format_option,
    loaded_for_results,
    moment,
    refuse,
)

if TYPE_CHECKING:
    from synthetics.reports.model import Month


def _zone(ctx: click.Context, param: click.Parameter, value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise click.BadParameter(
            f"{value!r} is no time zone, as Europe/Berlin is", ctx, param
        ) from None


def _month(ctx: click.Context, param: click.Parameter, value: str | None) -> Month | None:
    from synthetics.reports.model import Month

    try:
        return None if value is None else Month.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command
@click.option(
    "--month", callback=_month, metavar="YYYY-MM", help="Default: the last finished month."
)
@click.option(
    "--timezone",
    "zone",
    callback=_zone,
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Where an SLO names none of its own.",
)
@click.option(
    "--as-of", callback=moment, metavar="TIME", help="Report as it was known then.  Default: now."
)
@click.option("--service", "services", multiple=True, help="Only this one; may be repeated.")
@format_option("markdown", "html", "csv")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file rather than to standard output.",
)
@click.option("--label", default="", help="A line that is printed prominently.")
@click.option("--fail", is_flag=True, help="Exit with 1 if an objective is missed.")
@config_option()
@db_option()
def command(
    *,
    month: Month | None,
    zone: ZoneInfo,
    as_of: datetime | None,
    services: tuple[str, ...],
    shape: str,
    output: Path | None,
    label: str,
    fail: bool,
    config: Path,
    db: Path,
) -> None:
    """
    Print the availability report of a month.

    How every number is counted is printed with it.  A month that is not over is
    reported as far as it has come, and says so.
    """
    from synthetics.clock import SystemClock, instant, millis
    from synthetics.reports import formats
    from synthetics.reports.gather import Asked
    from synthetics.reports.model import Month
    from synthetics.reports.month import report
    from synthetics.store import Reader, StoreError

    as_of_ms = SystemClock().now_ms() if as_of is None else millis(as_of)
    if month is None:
        today = instant(as_of_ms).astimezone(zone)
        month = Month(today.year, today.month).plus(-1)
    wanted = loaded_for_results(config)
    for service in services:
        if service not in wanted.services:
            known = ", ".join(wanted.services)
            raise click.BadParameter(f"no service {service!r} in {config}; there are: {known}")
    asked = Asked(month=month, zone=zone, as_of_ms=as_of_ms, services=services, label=label)
    try:
        with Reader.open(db) as reader:
            found = report(wanted, reader, asked)
    except StoreError as error:
        refuse(str(error))
    written = formats.render(found, shape)
    if output is None:
        click.echo(written, nl=False)
    else:
        try:
            output.write_bytes(written.encode())
        except OSError as error:
            refuse(f"cannot write {output}: {error.strerror}")
    if fail and found.missed:
        raise SystemExit(1)
