"""The page of commands names every command, every option and every choice; no more and no less."""

from __future__ import annotations

import re

import click
import pytest

from synthetics.cli import main
from tests.docs.support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "reference" / "commands.md").read_text("utf-8")
SECTIONS = dict(
    re.findall(r"^## synthetics ([\w-]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
)
CONTEXT = click.Context(main)
COMMANDS = main.list_commands(CONTEXT)


def command(name: str) -> click.Command:
    found = main.get_command(CONTEXT, name)
    assert isinstance(found, click.Command)
    return found


def test_every_command_has_its_section() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_the_options_that_there_are(name: str) -> None:
    options = [one for one in command(name).params if isinstance(one, click.Option)]
    real = {flag for one in options for flag in (*one.opts, *one.secondary_opts)}
    named = set(re.findall(r"^\| `(--?[\w-]+)", SECTIONS[name], re.MULTILINE))

    assert named == {flag for flag in real if flag.startswith("--")} - {"--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_every_choice(name: str) -> None:
    choices = {
        choice
        for one in command(name).params
        if isinstance(one.type, click.Choice)
        for choice in one.type.choices
    }

    assert {choice for choice in choices if f"`{choice}`" not in SECTIONS[name]} == set()
