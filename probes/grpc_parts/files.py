"""Files of descriptors, as servers and compilers hand them out: names, imports and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from probes.grpc_parts.wire import fields
from probes.net.trip import Trouble

_OF_A_SET = 1
_NAME, _IMPORT = 1, 3


@dataclass(frozen=True, slots=True)
class ProtoFile:
    """One file ``.proto`` as a ``FileDescriptorProto``, and the names of those that it imports."""

    name: str
    imports: tuple[str, ...]
    raw: bytes


def read_file(raw: bytes) -> ProtoFile:
    """
    What *raw* is.

    Raises:
        Trouble: ``malformed``.
    """
    name, imports = "", []
    for number, value in fields(raw):
        if number in (_NAME, _IMPORT):
            if not isinstance(value, bytes):
                raise Trouble("malformed", "a file of descriptors has a number for a name")
            text = value.decode("utf-8", "replace")
            if number == _IMPORT:
                imports.append(text)
            else:
                name = text
    if not name:
        raise Trouble("malformed", "a file of descriptors has no name")
    return ProtoFile(name, tuple(dict.fromkeys(imports)), raw)


def read_set(raw: bytes) -> list[ProtoFile]:
    """
    The files of a ``FileDescriptorSet``.

    Raises:
        Trouble: ``malformed``.
    """
    found = [value for number, value in fields(raw) if number == _OF_A_SET]
    return [read_file(one) for one in found if isinstance(one, bytes)]


def in_order(files: Iterable[ProtoFile]) -> list[ProtoFile]:
    """
    All of *files*, each after those that it imports.

    Raises:
        Trouble: ``types`` if one is missing, or if they import each other in a circle.
    """
    known = {file.name: file for file in files}
    ordered: dict[str, ProtoFile] = {}
    for first in known.values():
        way = {first.name: (first, iter(first.imports))}
        while way:
            file, imports = next(reversed(way.values()))
            after = next((one for one in imports if one not in ordered), None)
            if after is None:
                ordered[file.name] = file
                way.popitem()
            elif after in way:
                said = f"{after} and {file.name} import each other in a circle"
                raise Trouble("types", said)
            elif after not in known:
                raise Trouble("types", f"{file.name} imports {after}, which is missing")
            else:
                way[after] = (known[after], iter(known[after].imports))
    return list(ordered.values())
