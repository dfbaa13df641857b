"""``synthetics report``."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from synthetics.reports.model import Month

FORMATS = ("text", "markdown", "html", "csv", "json")


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter(
            f"{value!r} is no time with an offset, as 2026-11-01T00:00Z is", ctx, param
        )
    return moment


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
    "--as-of", callback=_moment, metavar="TIME", help="Report as it was known then.  Default: now."
)
@click.option("--service", "services", multiple=True, help="Only this one; may be repeated.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file rather than to standard output.",
)
@click.option("--label", default="", help="A line that is printed prominently.")
@click.option("--fail", is_flag=True, help="Exit with 1 if an objective is missed.")
@click.option(
    "--config", type=click.Path(path_type=Path), default="synthetics.yaml", show_default=True
)
@click.option("--db", type=click.Path(path_type=Path), default="synthetics.db", show_default=True)
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
    from synthetics.config.load import load
    from synthetics.config.problems import ConfigError, render
    from synthetics.kinds import KindError
    from synthetics.reports import formats
    from synthetics.reports.gather import Asked
    from synthetics.reports.model import Month
    from synthetics.reports.month import report
    from synthetics.store import Reader, StoreError

    as_of_ms = SystemClock().now_ms() if as_of is None else millis(as_of)
    if month is None:
        today = instant(as_of_ms).astimezone(zone)
        month = Month(today.year, today.month).plus(-1)
    try:
        wanted = load(config, environ=os.environ)
    except ConfigError as error:
        click.echo(render(error.problems), nl=False, err=True)
        raise SystemExit(2) from None
    except KindError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    for service in services:
        if service not in wanted.services:
            known = ", ".join(wanted.services)
            raise click.BadParameter(f"no service {service!r} in {config}; there are: {known}")
    asked = Asked(month=month, zone=zone, as_of_ms=as_of_ms, services=services, label=label)
    try:
        with Reader.open(db) as reader:
            found = report(wanted, reader, asked)
    except StoreError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    written = formats.render(found, shape)
    if output is None:
        click.echo(written, nl=False)
    else:
        try:
            output.write_bytes(written.encode())
        except OSError as error:
            click.echo(f"cannot write {output}: {error.strerror}", err=True)
            raise SystemExit(2) from None
    if fail and found.missed:
        raise SystemExit(1)
