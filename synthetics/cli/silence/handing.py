"""What the commands of silences share: handing in, and saying what was done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from synthetics.cli.common import loaded_for_results, refuse
from synthetics.cli.writing import write_or_ask


def hand_in(act: str, body: Mapping[str, Any], *, config: Path, db: Path) -> dict[str, Any]:
    """
    Have *act* done: by the service that has the database open, or else here.

    What a service refuses, or what makes no sense, is said, and the exit code is 2.
    """
    from synthetics.accounting.declaring import NotDeclaredError
    from synthetics.clock import SystemClock
    from synthetics.paging.silencing import ACTS
    from synthetics.store.errors import StoreError
    from synthetics.store.silences import as_json

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
    click.echo(f"silence {done['id']} {verb}: {done['from']} to {done['to']}, {which(done)}")


def which(done: Mapping[str, Any]) -> str:
    """What a silence matches, in words."""
    from synthetics.store.silences import Matchers

    return ", ".join(Matchers.from_json(json.dumps(done["matchers"])).words())
