"""``synthetics slo``: what stored results say of an objective and of its alert policy."""

from __future__ import annotations

import click

from synthetics.cli.lazy import LazyGroup


@click.command(
    cls=LazyGroup,
    package=__name__,
    table={
        "backtest": "Replay stored results through an alert policy, or two.",
        "explain": "Say what the alert policy of an SLO means, in numbers.",
        "show": "Print where an SLO stands, now or at any instant.",
    },
)
def command() -> None:
    """Ask what an SLO says now, said then, or would have said with another policy."""
