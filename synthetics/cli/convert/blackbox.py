"""``synthetics convert blackbox``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthetics.cli.convert.printing import FILE, read, show

if TYPE_CHECKING:
    from synthetics.convert.draft import Draft
    from synthetics.convert.tree import Item


@click.command
@FILE
@click.option(
    "--prometheus",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the targets from this configuration of Prometheus.",
)
def command(*, file: Path, prometheus: Path | None) -> None:
    """
    Print FILE, a module file of blackbox_exporter, as templates, one a module.

    With --prometheus there is a probe for each target that is scraped by one of them.
    """
    from synthetics.convert.blackbox.modules import convert, take_targets

    def both(root: Item, draft: Draft) -> None:
        modules = convert(root, draft)
        if prometheus is not None:
            draft.file = str(prometheus)
            take_targets(read(prometheus), draft, modules)
            draft.file = str(file)

    show(file, both)
