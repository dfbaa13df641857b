"""What commands share: the options that mean the same everywhere, and how they refuse."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from synthetics.config.model import Config

Command = TypeVar("Command", bound=Callable[..., Any])
_ENVIRONMENT = "synthetics.environment"
Option = Callable[[Command], Command]


def config_option(help_text: str = "File or directory to read.") -> Option[Any]:
    """``--config``, as ``config``, and ``--env``, which `environment` tells."""
    config = click.option(
        "--config",
        type=click.Path(path_type=Path),
        default=Path("synthetics.yaml"),
        show_default=True,
        help=help_text,
    )
    env = click.option(
        "--env",
        metavar="NAME",
        default="",
        expose_value=False,
        callback=_remember,
        help="Environment of `envs` to lay over the configuration.",
    )

    def both(command: Any) -> Any:
        return config(env(command))

    return both


def _remember(ctx: click.Context, param: click.Parameter, value: str) -> None:  # noqa: ARG001 - click's signature
    ctx.meta[_ENVIRONMENT] = value


def environment() -> str:
    """What ``--env`` says to the command that runs; empty for none."""
    said: str = click.get_current_context().meta.get(_ENVIRONMENT, "")
    return said


def db_option(help_text: str = "Database of the service, which may be running.") -> Option[Any]:
    """``--db``, as ``db``."""
    return click.option(
        "--db",
        type=click.Path(path_type=Path),
        default=Path("synthetics.db"),
        show_default=True,
        help=help_text,
    )


def format_option(*shapes: str) -> Option[Any]:
    """``--format``, as ``shape``; *shapes* are those besides ``text`` and ``json``."""
    return click.option(
        "--format",
        "shape",
        type=click.Choice(["text", "json", *shapes]),
        default="text",
        show_default=True,
        help="How to print it.",
    )


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """
    Callback of options that take an instant: ISO 8601 with an offset.

    Raises:
        click.BadParameter: Not a time, or one without an offset.
    """
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise click.BadParameter(
            f"{value!r} is no time with an offset, as 2026-11-01T00:00Z is", ctx, param
        )
    return read


def refuse(why: str) -> NoReturn:
    """Say *why* on standard error and exit with 2."""
    click.echo(why.rstrip("\n"), err=True)
    raise SystemExit(2)


def loaded(path: Path) -> Config:
    """The configuration at *path*; if anything is wrong with it, all of that and exit 2."""
    from synthetics.config.load import load
    from synthetics.config.problems import ConfigError, render
    from synthetics.kinds import KindError

    try:
        return load(path, environ=os.environ, env=environment())
    except ConfigError as error:
        refuse(render(error.problems))
    except KindError as error:
        refuse(str(error))


def loaded_for_oncall(path: Path) -> Config:
    """Who is on call, of the configuration at *path*; secrets may be missing; else exit 2."""
    from synthetics.config.load import load_for_oncall
    from synthetics.config.problems import ConfigError, render

    try:
        return load_for_oncall(path, environ=os.environ, env=environment())
    except ConfigError as error:
        refuse(render(error.problems, therefore="who is on call was not looked at"))


def loaded_for_results(path: Path) -> Config:
    """
    What stored results are counted by, of the configuration at *path*; else exit 2.

    What is only needed to probe and to tell somebody is not looked at, so this works where
    secrets and kinds of probes are missing.
    """
    _leave_cycles()
    from synthetics.config.load import load_for_results
    from synthetics.config.problems import ConfigError, render

    try:
        return load_for_results(path, environ=os.environ, env=environment())
    except ConfigError as error:
        refuse(render(error.problems, therefore="no results were looked at"))


def _leave_cycles() -> None:
    """
    Look for no garbage in cycles until the command ends.

    What a command reads lives as long as it does; looking through a year of it again and
    again took up to a third of the time.
    """
    if gc.isenabled():
        gc.disable()
        click.get_current_context().call_on_close(gc.enable)
