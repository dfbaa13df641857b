"""The command line: one file a command, loaded only when it is called."""

from __future__ import annotations

import click

from synthetics import __version__
from synthetics.cli.lazy import LazyGroup

_COMMANDS = {
    "ack": "Take an incident on, so that it goes on to nobody else.",
    "alerts": "Print what is going on, who was told, and who was not.",
    "changes": "Say what was changed, such as a deploy, so that pages can name it.",
    "check": "Read the configuration, say what is wrong, and what its alerts will do.",
    "convert": "Print the configuration of another project as one of ours.",
    "correct": "Say afterwards that a time does not count.",
    "demo": "Show the whole main job on embedded parts, in about a minute.",
    "drill": "Send a test to whoever would be told, and say how long it took.",
    "exec": "Run a job, and report when it starts and how it ends.",
    "maintenance": "Declare, end and list times that do not count.",
    "oncall": "Print who is on call, and the next hand-overs.",
    "probe": "Ask probes once, now, and print what they saw.",
    "report": "Print the availability report of a month, a quarter or a year.",
    "results": "Bring results in from elsewhere, or write them out.",
    "run": "Run the service: probe, count, page.",
    "schema": "Print the JSON Schema of the configuration, for editors.",
    "silence": "Tell nobody of certain alerts for a while.",
    "slo": "Ask what an SLO says now, said then, or would have said.",
    "status": "Print how every SLO stands now, from the database.",
}


@click.command(
    cls=LazyGroup,
    package=__name__,
    table=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="synthetics")
def main() -> None:
    """Synthetic monitoring with SLOs: probes, error budgets and pages you can trust."""
