"""``synthetics maintenance``: times that do not count, declared by a command."""

from __future__ import annotations

import click

from synthetics.cli.lazy import LazyGroup

_COMMANDS = {
    "add": "Declare a time that does not count.",
    "end": "End maintenance before its time.",
    "list": "Print what does not count, and who says so.",
}


@click.command(cls=LazyGroup, package=__name__, table=_COMMANDS)
def command() -> None:
    """Declare times that do not count; probing goes on, and no result is rewritten."""
