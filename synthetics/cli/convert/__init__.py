"""``synthetics convert``: configurations of other projects, as ours."""

from __future__ import annotations

import click

from synthetics.cli.lazy import LazyGroup

_COMMANDS = {
    "blackbox": "Modules of blackbox_exporter, and the targets of a Prometheus.",
    "gatus": "Endpoints, suites and alerts of Gatus.",
    "healthchecks": "Checks of Healthchecks, as its API lists them.",
    "uptime-kuma": "Monitors of Uptime Kuma, as in its backup.",
}


@click.group(cls=LazyGroup, package=__name__, table=_COMMANDS)
def command() -> None:
    """
    Print the configuration of another project as one of ours.

    What is printed is accepted by `synthetics check`; secrets stand in it as references to the
    environment.  Every difference in meaning is named with file and line on standard error, and
    then the exit code is 1.
    """
