"""What the commands of this group do with a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import refuse

if TYPE_CHECKING:
    from synthetics.convert.draft import Draft
    from synthetics.convert.tree import Item

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
"""The file to read, as ``file``."""


def read(file: Path) -> Item:
    """The document in *file*; one that cannot be read is refused."""
    from synthetics.convert.tree import Unreadable
    from synthetics.convert.tree import read as read_text

    try:
        root = read_text(file.read_text("utf-8-sig"))
    except (Unreadable, UnicodeDecodeError) as error:
        refuse(f"{file}: {error}")
    if root.holds("kind") == "ConfigMap":
        refuse(
            f"{file}: this is a ConfigMap of Kubernetes; take the file out of it, as by "
            r"kubectl get configmap NAME -o jsonpath='{.data.config\.yaml}'"
        )
    return root


def show(file: Path, convert: Callable[[Item, Draft], Any]) -> None:
    """Print what *convert* makes of *file*, and every difference; exit 1 if there is any."""
    from synthetics.config.problems import ConfigError
    from synthetics.convert.draft import Draft
    from synthetics.convert.judged import settle

    root = read(file)
    draft = Draft(file=str(file))
    convert(root, draft)
    try:
        settle(draft)
    except ConfigError as error:
        refuse(f"{file}: what it would become is refused\n{error}")
    notes = [f"{each.file}:{each.line}: {each.what}" for each in sorted(draft.notes)]
    if not draft.probes and not draft.templates:
        refuse("\n".join([*notes, f"{file}: there is nothing in it that could be converted"]))
    click.echo(draft.yaml(), nl=False)
    for name, line in draft.needed().items():
        click.echo(f"{file}:{line}: from the environment: {name}", err=True)
    for note in notes:
        click.echo(note, err=True)
    if notes:
        raise SystemExit(1)
