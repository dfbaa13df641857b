"""``synthetics results``: stored results as JSON lines, in and out."""

from __future__ import annotations

import click

from synthetics.cli.lazy import LazyGroup


@click.command(
    cls=LazyGroup,
    package=__name__,
    table={
        "export": "Write stored results as JSON lines.",
        "import": "Store results from JSON lines.",
    },
)
def command() -> None:
    """Bring results in from elsewhere, or write them out, as JSON lines."""
