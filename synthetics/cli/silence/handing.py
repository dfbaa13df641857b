"""What the commands of silences share: handing in, and saying what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from synthetics.cli.writing import hand_over


def hand_in(act: str, body: Mapping[str, Any], *, config: Path, db: Path) -> dict[str, Any]:
    """Have *act* done, as `hand_over` says."""
    from synthetics.paging.silencing import ACTS
    from synthetics.store.silences import as_json

    return hand_over(act, body, ACTS, as_json, config=config, db=db)


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
