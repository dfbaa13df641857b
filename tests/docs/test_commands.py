"""The page of commands names every command, every option and every choice; no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from synthetics.cli import main
from tests.docs.support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "reference" / "commands.md").read_text("utf-8")
SECTIONS = dict(
    re.findall(r"^## synthetics ([\w -]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
)
CONTEXT = click.Context(main)


def below(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command of *group*, those of groups in it by their whole name."""
    for part in group.list_commands(CONTEXT):
        found = group.get_command(CONTEXT, part)
        assert found is not None
        if isinstance(found, click.Group):
            yield from below(found, f"{name}{part} ")
        if not isinstance(found, click.Group) or found.invoke_without_command:
            yield name + part, found


COMMANDS = dict(below(main))


def test_every_command_has_its_section() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_the_options_that_there_are(name: str) -> None:
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option)]
    real = {flag for one in options for flag in (*one.opts, *one.secondary_opts)}
    named = set(re.findall(r"^\| `(--?[\w-]+)", SECTIONS[name], re.MULTILINE))

    assert named == {flag for flag in real if flag.startswith("--")} - {"--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_every_choice(name: str) -> None:
    choices = {
        choice
        for one in COMMANDS[name].params
        if isinstance(one.type, click.Choice)
        for choice in one.type.choices
    }

    assert {choice for choice in choices if f"`{choice}`" not in SECTIONS[name]} == set()
