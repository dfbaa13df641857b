"""``synthetics exec``: run a job and report its start and its end."""

from __future__ import annotations

import click


@click.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})
@click.option(
    "--url",
    envvar="SYNTHETICS_PING_URL",
    default="",
    help="Where to report, up to and including the UUID or slug; better set as "
    "SYNTHETICS_PING_URL, since arguments are seen by whoever lists processes.",
)
@click.option("--quiet", is_flag=True, help="Say nothing if a report does not arrive.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(url: str, quiet: bool, command: tuple[str, ...]) -> None:
    """
    Run COMMAND, and report when it starts and how it ends.

    The job does not notice: its output passes through, signals reach it, the exit code
    is its own, and a monitor that is away costs it nothing.
    """
    from synthetics.heartbeats.wrap import run

    raise SystemExit(run(command, url, quiet=quiet))
