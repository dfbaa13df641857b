"""What all commands about one SLO do first: find it, and its stored history."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from synthetics.cli.common import loaded_for_results, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synthetics.config.model import Config, Slo
    from synthetics.store.reader import Reader

CONFIGURED = "configured"
"""Instead of a file: the SLO's own policy."""


def found(config: Path, name: str) -> tuple[Config, Slo]:
    """The configuration, and the SLO *name* in it; exit 2 if there is none."""
    known = loaded_for_results(config)
    slo = known.slos.get(name)
    if slo is None:
        from synthetics.config.words import did_you_mean

        mend = did_you_mean(name, list(known.slos), none="write one below `slos`")
        refuse(f"there is no SLO `{name}` in {config}\n  to mend: {mend}")
    return known, slo


@contextmanager
def reading(db: Path) -> Iterator[Reader]:
    """The database *db*; exit 2 if it cannot be read."""
    from synthetics.store.errors import StoreError
    from synthetics.store.reader import Reader

    try:
        with Reader.open(db) as reader:
            yield reader
    except StoreError as error:
        refuse(str(error))


def alerting_as(name: str, config: Config, slo: Slo) -> Slo:
    """*slo* with the policy in the file *name*, or its own; exit 2 with mistakes and places."""
    from synthetics.config.policy import load_policy
    from synthetics.config.problems import ConfigError, render

    if name == CONFIGURED:
        return slo
    try:
        return load_policy(Path(name), config, slo)
    except ConfigError as error:
        refuse(render(error.problems, therefore="nothing was replayed"))
