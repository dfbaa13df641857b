"""``synthetics report``."""

from __future__ import annotations

from collections.abc import Callable
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
    from synthetics.reports.spans import PartOfYear, Span


def _zone(ctx: click.Context, param: click.Parameter, value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise click.BadParameter(
            f"{value!r} is no time zone, as Europe/Berlin is", ctx, param
        ) from None


Parsed = Callable[[click.Context, click.Parameter, str | None], "PartOfYear | None"]


def _parsed(name: str) -> Parsed:
    """The callback of an option that takes a ``Month``, ``Quarter`` or ``Year``."""

    def parse(ctx: click.Context, param: click.Parameter, value: str | None) -> PartOfYear | None:
        from synthetics.reports import spans

        kind: type[PartOfYear] = getattr(spans, name)
        try:
            return None if value is None else kind.parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None

    return parse


@click.command
@click.option(
    "--month",
    callback=_parsed("Month"),
    metavar="YYYY-MM",
    help="Default: the last finished month.",
)
@click.option(
    "--quarter", callback=_parsed("Quarter"), metavar="YYYY-Qn", help="Instead of a month."
)
@click.option("--year", callback=_parsed("Year"), metavar="YYYY", help="Instead of a month.")
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
    month: Span | None,
    quarter: Span | None,
    year: Span | None,
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
    Print the availability report of a month, a quarter or a year.

    How every number is counted is printed with it.  One that is not over is
    reported as far as it has come, and says so.
    """
    from synthetics.clock import SystemClock, instant, millis
    from synthetics.reports import formats
    from synthetics.reports.gather import Asked
    from synthetics.reports.read import report
    from synthetics.reports.spans import Month
    from synthetics.store import Reader, StoreError

    as_of_ms = SystemClock().now_ms() if as_of is None else millis(as_of)
    given = [span for span in (month, quarter, year) if span is not None]
    if len(given) > 1:
        raise click.UsageError("a report is of one month, one quarter or one year")
    if not given:
        today = instant(as_of_ms).astimezone(zone)
        given = [Month(today.year, today.month).plus(-1)]
    wanted = loaded_for_results(config)
    for service in services:
        if service not in wanted.services:
            known = ", ".join(wanted.services)
            raise click.BadParameter(f"no service {service!r} in {config}; there are: {known}")
    asked = Asked(span=given[0], zone=zone, as_of_ms=as_of_ms, services=services, label=label)
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
