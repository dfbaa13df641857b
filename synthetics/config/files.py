"""One file, or all of a directory, as one document whose nodes know their file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, SequenceNode

from synthetics.config.nodes import duplicate, key_of
from synthetics.config.syntax import Misread, compose

BY_IDENTIFIER = ("services", "probes", "templates", "slos", "receivers")
LISTS = ("routes", "maintenance")


@dataclass(frozen=True, slots=True)
class Files:
    """
    What was read.

    Attributes:
        root: All documents merged; ``None`` if none could be read.
        texts: By the name that marks carry, in order, for source lines.
        paths: The files.
        problems: What could not be read or merged.
    """

    root: MappingNode | None
    texts: Mapping[str, str]
    paths: tuple[Path, ...]
    problems: tuple[Misread, ...]


def read(path: Path) -> Files:
    """Read *path*, or every ``*.yaml`` and ``*.yml`` directly in it, by name."""
    texts: dict[str, str] = {}
    problems: list[Misread] = []
    documents: list[MappingNode] = []
    paths: tuple[Path, ...] = (path,)
    try:
        if path.is_dir():
            paths = tuple(
                sorted(
                    file
                    for file in path.iterdir()
                    if file.suffix in {".yaml", ".yml"} and not file.name.startswith(".")
                )
            )
            if not paths:
                raise _of_file(path, "no *.yaml and no *.yml file is in this directory")
        for file in paths:
            try:
                texts[str(file)] = text = _text(file)
                documents.append(compose(text, str(file)))
            except Misread as misread:
                problems.append(misread)
    except OSError as error:
        problems.append(_of_file(path, f"cannot be read: {_why(error)}"))
    except Misread as misread:
        problems.append(misread)
    root = None
    if documents:
        root, clashes = (documents[0], []) if len(documents) == 1 else _merge(documents)
        problems.extend(clashes)
    return Files(root, texts, paths, tuple(problems))


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        mend = "name the file with --config" if isinstance(error, FileNotFoundError) else ""
        raise _of_file(file, f"cannot be read: {_why(error)}", mend) from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        mark = Mark(
            str(file), len(before), before.count("\n"), len(before.rpartition("\n")[2]), "", 0
        )
        what = f"the byte 0x{raw[error.start]:02x} is not UTF-8"
        raise Misread(mark, what, "save the file as UTF-8") from None


def _why(error: OSError) -> str:
    why = error.strerror or str(error)
    return why[:1].lower() + why[1:]


def _of_file(file: Path, what: str, mend: str = "") -> Misread:
    """A problem of the file as a whole: line 0 once it is counted from 1."""
    return Misread(Mark(str(file), -1, -1, -1, "", 0), what, mend)


def _merge(documents: list[MappingNode]) -> tuple[MappingNode, list[Misread]]:
    """One document of many: groups by identifier and lists are joined, the rest stands once."""
    problems: list[Misread] = []
    sections: dict[str, tuple[Node, Node]] = {}
    rest: list[tuple[Node, Node]] = []
    for document in documents:
        seen: set[str] = set()
        for key, value in document.value:
            name = key_of(key)
            if name is None or name in seen:
                rest.append((key, value))
                continue
            seen.add(name)
            if name not in sections:
                sections[name] = (key, value)
                continue
            first_key, first = sections[name]
            joined = _join(name, first, value, problems)
            if joined is None:
                problems.append(duplicate(first_key, key, ()))
            else:
                sections[name] = (first_key, joined)
    head = documents[0]
    pairs = [*sections.values(), *rest]
    return MappingNode(head.tag, pairs, head.start_mark, head.end_mark, False), problems


def _join(name: str, first: Node, second: Node, problems: list[Misread]) -> Node | None:
    """*first* and then *second*; ``None`` if there can be only one of the section *name*."""
    if name in BY_IDENTIFIER and isinstance(first, MappingNode) and isinstance(second, MappingNode):
        known = {key_of(key): key for key, _ in first.value}
        pairs = list(first.value)
        for key, value in second.value:
            if key_of(key) in known and known[key_of(key)].start_mark.name != key.start_mark.name:
                problems.append(duplicate(known[key_of(key)], key, (name,)))
            else:
                pairs.append((key, value))
        return MappingNode(first.tag, pairs, first.start_mark, first.end_mark, False)
    if name in LISTS and isinstance(first, SequenceNode) and isinstance(second, SequenceNode):
        items = [*first.value, *second.value]
        return SequenceNode(first.tag, items, first.start_mark, first.end_mark, False)
    return None
