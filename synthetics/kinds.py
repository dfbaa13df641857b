"""The kinds of probes and receivers that are installed, ours and third parties'."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from pydantic import PydanticUserError, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError

PROBES = "synthetics.probes"
RECEIVERS = "synthetics.receivers"


class KindError(Exception):
    """A kind is installed and cannot be used; says which, from which package, and why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """
    One kind of probe or receiver.

    Attributes:
        name: The key that people write, such as ``http``.
        module: The module of the standard shape.
        options: Validates what is written below the key; built once.
        summary: One line for help and the reference; may be empty.
        act: ``run`` of a probe (``await act(options, watch)``), ``send`` of a receiver.
    """

    name: str
    module: ModuleType
    options: TypeAdapter[Any]
    summary: str
    act: Any = field(repr=False)


def probe_kinds() -> Mapping[str, Kind]:
    """
    Kinds of probes by name; imported at the first call.

    Raises:
        KindError: One of them cannot be used.
    """
    return _installed(PROBES, "run")


def receiver_kinds() -> Mapping[str, Kind]:
    """
    Kinds of receivers by name; imported at the first call.

    Raises:
        KindError: One of them cannot be used.
    """
    return _installed(RECEIVERS, "send")


@cache
def _installed(group: str, action: str) -> Mapping[str, Kind]:
    found: dict[str, Kind] = {}
    for entry in sorted(importlib.metadata.entry_points(group=group), key=lambda e: e.name):
        package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
        where = f"{entry.name!r} ({entry.value}, from {package})"
        if entry.name in found:
            taken = found[entry.name].module.__name__
            raise KindError(f"two packages bring the kind {where}: {taken} has the name already")
        try:
            module = entry.load()
        except Exception as error:
            raise KindError(f"the kind {where} cannot be loaded: {error}") from error
        found[entry.name] = kind_of(entry.name, module, action, where)
    return MappingProxyType(found)


def kind_of(name: str, module: ModuleType, action: str, where: str = "") -> Kind:
    """
    The kind that *module* is.

    Args:
        name: The key that people write.
        module: Has ``Options`` and a coroutine function called *action*; may have ``SUMMARY``.
        action: ``run`` or ``send``.
        where: How to name it in an error.

    Raises:
        KindError: It has not the standard shape.
    """
    where = where or f"{name!r} ({module.__name__})"
    missing = [part for part in ("Options", action) if not hasattr(module, part)]
    if missing:
        raise KindError(f"the kind {where} has no {' and no '.join(missing)}")
    try:
        options = TypeAdapter[Any](module.Options)
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise KindError(f"the Options of the kind {where} cannot be checked: {error}") from error
    doc = (module.__doc__ or "").strip().partition("\n")[0].replace("``", "`")
    return Kind(
        name=name,
        module=module,
        options=options,
        summary=getattr(module, "SUMMARY", doc),
        act=getattr(module, action),
    )
