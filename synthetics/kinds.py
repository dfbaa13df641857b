"""The kinds of probes and receivers that are installed, ours and third parties'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import PydanticUserError, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PROBES = "synthetics.probes"
RECEIVERS = "synthetics.receivers"
OURS = "probes."
"""How the names of our own modules begin."""


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
        act: ``run`` of a probe (``await act(options, watch)``), ``send`` of a receiver; of a
            probe that is not asked, because it reports to us, ``follow``, and of one that is
            made of others, ``combine``.
        listens: Whether it is one that reports.
        combines: Whether it is made of others.
    """

    name: str
    module: ModuleType
    options: TypeAdapter[Any]
    summary: str
    act: Any = field(repr=False)
    listens: bool = False
    combines: bool = False

    def cautions(self, options: Any) -> Iterable[str]:
        """What of *options* is allowed and should be known; a kind may have nothing to say."""
        said: Iterable[str] = getattr(self.module, "cautions", _nothing)(options)
        return said

    def kept(self, options: Any, trace_id: str) -> Sequence[Path]:
        """Files that were kept of the run *trace_id*; most kinds keep none."""
        files: Sequence[Path] = getattr(self.module, "kept", _nothing)(options, trace_id)
        return files


def _nothing(*_: Any) -> tuple[()]:
    return ()


class Kinds(Mapping[str, Kind]):
    """
    Kinds by name, each imported when it is first asked for: a file that asks
    nothing but ``http`` does not wait for the parts of a journey.

    Looking one up raises `KindError` if it cannot be used.
    """

    def __init__(self, entries: Mapping[str, EntryPoint], action: str) -> None:
        self._entries = entries
        self._action = action
        self._loaded: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        known = self._loaded.get(name)
        if known is None:
            known = self._loaded[name] = _load(self._entries[name], self._action)
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def probe_kinds() -> Kinds:
    """
    Kinds of probes by name.

    Raises:
        KindError: Two packages bring the same one.
    """
    return _installed(PROBES, "run")


def receiver_kinds() -> Kinds:
    """
    Kinds of receivers by name.

    Raises:
        KindError: Two packages bring the same one.
    """
    return _installed(RECEIVERS, "send")


@cache
def _installed(group: str, action: str) -> Kinds:
    from importlib.metadata import entry_points  # takes a while, and some commands need no kind

    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=group), key=lambda e: e.name):
        if entry.name in found:
            taken = found[entry.name].value
            raise KindError(
                f"two packages bring the kind {_where(entry)}: {taken} has the name already"
            )
        found[entry.name] = entry
    return Kinds(found, action)


def _load(entry: EntryPoint, action: str) -> Kind:
    where = _where(entry)
    try:
        module = entry.load()
    except Exception as error:
        raise KindError(f"the kind {where} cannot be loaded: {error}") from error
    return kind_of(entry.name, module, action, where)


def _where(entry: EntryPoint) -> str:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
    return f"{entry.name!r} ({entry.value}, from {package})"


def kind_of(name: str, module: ModuleType, action: str, where: str = "") -> Kind:
    """
    The kind that *module* is.

    Args:
        name: The key that people write.
        module: Has ``Options`` and a coroutine function called *action*; may have ``SUMMARY``.
            A probe of ours may have ``follow`` instead, which makes a follower of what is reported
            to us, or ``combine``, which takes the results of others together.
        action: ``run`` or ``send``.
        where: How to name it in an error.

    Raises:
        KindError: It has not the standard shape.
    """
    where = where or f"{name!r} ({module.__name__})"
    asks = action != "run" or hasattr(module, "run")
    listens = not asks and hasattr(module, "follow")
    combines = not asks and hasattr(module, "combine")
    if listens or combines:
        if not module.__name__.startswith(OURS):
            raise KindError(
                f"the kind {where} has no run: it asks nothing.  That jobs report to one, or that "
                "one is made of others, only the kinds `heartbeat` and `composite` can do"
            )
        action = "follow" if listens else "combine"
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
        listens=listens,
        combines=combines,
    )
