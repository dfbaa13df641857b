"""``synthetics changes``: what was changed in what is watched, so that pages can name it."""

from __future__ import annotations

import click

from synthetics.cli.lazy import LazyGroup

_COMMANDS = {
    "add": "Say that something was changed, such as a deploy.",
    "list": "Print what was changed lately.",
}


@click.command(cls=LazyGroup, package=__name__, table=_COMMANDS)
def command() -> None:
    """Say what was changed, such as a deploy: a page names what was changed before it."""
