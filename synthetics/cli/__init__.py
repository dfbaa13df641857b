"""The command line: one file a command, loaded only when it is called."""

from __future__ import annotations

import importlib

import click

from synthetics import __version__

_COMMANDS = {
    "check": "Read the configuration, say what is wrong, and what its alerts will do.",
    "demo": "Show the whole main job on embedded parts, in about a minute.",
    "probe": "Ask probes once, now, and print what they saw.",
    "report": "Print the availability report of a month.",
    "run": "Run the service: probe, count, page.",
    "schema": "Print the JSON Schema of the configuration, for editors.",
    "status": "Print how every SLO stands now, from the database.",
}


class _Lazy(click.Group):
    """A group that knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"synthetics.cli.{cmd_name}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="synthetics")
def main() -> None:
    """Synthetic monitoring with SLOs: probes, error budgets and pages you can trust."""
