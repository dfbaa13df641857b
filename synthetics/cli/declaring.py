"""What the commands share that declare what does not count: who, why, and how it is written."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import Option, loaded_for_results, refuse
from synthetics.cli.writing import write_or_ask

if TYPE_CHECKING:
    import sqlite3


def author_option() -> Option[Any]:
    """``--author``."""
    return click.option("--author", help="Who says so.  Default: the user of this system.")


def reason_option() -> Option[Any]:
    """``--reason``."""
    return click.option("--reason", required=True, help="Why; printed in reports.")


def whose_options(command: Any) -> Any:
    """``--service`` and ``--slo``, as ``services`` and ``slos``."""
    for option in (
        click.option("--slo", "slos", multiple=True, help="Only this SLO; may be repeated."),
        click.option(
            "--service",
            "services",
            multiple=True,
            help="Only this service; may be repeated.  Default: everything.",
        ),
    ):
        command = option(command)
    return command


def length(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """A duration such as ``2h``."""
    from probes.fields import Refused, parse_duration

    try:
        return None if value is None else parse_duration(value)
    except Refused as refused:
        raise click.BadParameter(f"{refused.what}; {refused.mend}", ctx, param) from None


def named(author: str | None) -> str:
    """*author*, or whoever calls."""
    if author:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        refuse("this system has no name for its user\n  to mend: say who you are with --author")


def text_of(moment: datetime | None) -> str | None:
    """An instant as it is handed in."""
    return None if moment is None else moment.isoformat()


def hand_in(act: str, body: Mapping[str, Any], *, config: Path, db: Path) -> dict[str, Any]:
    """
    Have *act* done: by the service that has the database open, or else here.

    What a service refuses, or what makes no sense, is said, and the exit code is 2.
    """
    from synthetics.accounting.declaring import ACTS, NotDeclaredError, as_json
    from synthetics.clock import SystemClock
    from synthetics.store.errors import StoreError

    known = loaded_for_results(config)
    try:
        change = ACTS[act](known, body, SystemClock().now_ms())

        def write(connection: sqlite3.Connection) -> dict[str, Any]:
            return as_json(change(connection))

        return write_or_ask(act, body, write, db)
    except (NotDeclaredError, StoreError) as error:
        refuse(str(error))


def say(done: Mapping[str, Any], verb: str, shape: str) -> None:
    """Print what was *done*."""
    if shape == "json":
        click.echo(json.dumps(done, ensure_ascii=False, indent=2))
        return
    click.echo(f"{done['kind']} {done['id']} {verb}: {done['from']} to {done['to']}, {whose(done)}")


def whose(done: Mapping[str, Any]) -> str:
    """What it concerns, in words."""
    named = [
        *(f"service {one}" for one in done["services"]),
        *(f"SLO {one}" for one in done["slos"]),
    ]
    return ", ".join(named) or "everything"
