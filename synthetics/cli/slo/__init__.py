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
        "export": "Print all SLOs as OpenSLO v1 documents.",
        "import": "Print the SLOs of an OpenSLO v1 file as a configuration.",
        "rules": "Print the alert policies of all SLOs as rules for Prometheus.",
        "show": "Print where an SLO stands, now or at any instant.",
        "simulate": "Put made-up outages and noise to an alert policy, or two.",
    },
)
def command() -> None:
    """Ask what an SLO says now, said then, or would have said with another policy."""
