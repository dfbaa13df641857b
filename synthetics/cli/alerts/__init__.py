"""``synthetics alerts``: what is going on, who was told, and who was not."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from synthetics.cli.common import db_option, format_option, refuse
from synthetics.cli.lazy import LazyGroup

_COMMANDS = {"why": "Print why an SLO did or did not page."}

DAY_MS = 86_400_000


@click.command(cls=LazyGroup, package=__name__, table=_COMMANDS, invoke_without_command=True)
@click.option(
    "--days",
    type=click.IntRange(0, 3660),
    default=7,
    show_default=True,
    help="Also show incidents that ended in the last so many days.",
)
@format_option()
@db_option()
@click.pass_context
def command(ctx: click.Context, *, days: int, shape: str, db: Path) -> None:
    """
    Print incidents, open ones first, with their alerts and every message that is owed for them.

    Only reads, beside the running service or without it.  Exit code 1 if one is open.
    """
    if ctx.invoked_subcommand is not None:
        return
    from synthetics.clock import SystemClock
    from synthetics.store import Reader, StoreError
    from synthetics.web.alerts import dumps, gather

    at_ms = SystemClock().now_ms()
    try:
        with Reader.open(db) as reader:
            found = reader.read(
                lambda c: gather(c, from_ms=at_ms - days * DAY_MS, to_ms=at_ms, ended=days > 0)
            )
    except StoreError as error:
        refuse(str(error))
    if shape == "json":
        click.echo(dumps(at_ms, found), nl=False)
    else:
        from synthetics.cli.alerts.text import lines

        for line in lines(found, at_ms, days=days):
            click.echo(line)
    sys.exit(1 if any(one.incident.closed_ms is None for one in found) else 0)
