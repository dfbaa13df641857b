"""``synthetics silence``: whose alerts nobody is told of for a while."""

from __future__ import annotations

import click

from synthetics.cli.lazy import LazyGroup

_COMMANDS = {
    "add": "Tell nobody of certain alerts for a while.",
    "end": "End a silence before its time.",
    "list": "Print silences, who declared them and why.",
}


@click.command(cls=LazyGroup, package=__name__, table=_COMMANDS)
def command() -> None:
    """Tell nobody of certain alerts for a while; they fire all the same, and downtime counts."""
