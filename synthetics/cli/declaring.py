"""What the commands share that declare what does not count: who, why, and how it is written."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import Option, refuse
from synthetics.cli.writing import hand_over

if TYPE_CHECKING:
    pass


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
    """Have *act* done, as `hand_over` says."""
    from synthetics.accounting.declaring import ACTS, as_json

    return hand_over(act, body, ACTS, as_json, config=config, db=db)


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
