"""
Whether ``probes`` and ``slo`` are the ones that came with this program.

Both names are generic.  A ``probes.py`` in the directory where ``python -m synthetics`` was
called takes the place of ours, and another package that brings a ``probes/`` overwrites ours
without a word; either way something else than we tested would run.

Nothing of either package is imported to find out: a stranger's file would run.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import synthetics

HOME = Path(synthetics.__file__).resolve().parent.parent
OURS = "py.typed"
"""A file that each package of ours has, and that hardly any other called so has."""


class OriginError(Exception):
    """A package would be loaded from somewhere else; says which, from where, what to do."""


def check(packages: Iterable[str] = ("probes", "slo"), *, home: Path = HOME) -> None:
    """
    Make sure that *packages* would be loaded from the directory *home*.

    Raises:
        OriginError: One would not, or is not there at all.
    """
    for package in packages:
        found = _place(package)
        if found is None or found != home / package or not (found / OURS).is_file():
            raise OriginError(
                f"the package {package!r} would be loaded from {found or 'nowhere'}, "
                f"not from {home / package}\n"
                f"  to mend: start with the `synthetics` command, installed by itself "
                f"(pipx, uv tool or a container), away from any {package}.py"
            )


def _place(package: str) -> Path | None:
    """Directory of *package*, or the file if it is a plain module."""
    spec = find_spec(package)
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin or "").resolve()
