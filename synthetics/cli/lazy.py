"""Groups of commands that import only the one that is called, so that start-up stays quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """
    A group that knows its commands by name.

    Args:
        package: Where the modules are; each has a click command named ``command``.
        table: What each command is for, one line, by its name.  A name that Python keeps
            for itself, such as ``import``, has its module with a ``_`` behind it, and
            a ``-`` is a ``_`` there.
    """

    def __init__(self, *args: Any, package: str, table: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self._package = package
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names."""
        return sorted(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in self._table:
            return None
        module = "import_" if cmd_name == "import" else cmd_name.replace("-", "_")
        found: click.Command = importlib.import_module(f"{self._package}.{module}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table, without importing anything."""
        if self._table:
            with formatter.section("Commands"):
                formatter.write_dl(sorted(self._table.items()))
