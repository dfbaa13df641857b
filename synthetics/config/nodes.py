"""
From nodes to plain data, and from a path back to its place.

What nodes mean is decided here, because PyYAML's own constructors lose places, let the
last duplicate key win, and read ``10:30`` as 630.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from synthetics.config.syntax import MAPPING, PLAIN, SEQUENCE, TEXT, Misread, Path
from synthetics.config.words import clip

MOST_REPEATED = 100_000
"""Values that aliases may add by repeating what they point at."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,999})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_WORD = re.compile(r"[\w.-]+")
_WORDS: dict[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}


def construct(root: Node) -> tuple[Any, list[Misread]]:
    """
    Plain data of *root*: `dict`, `list`, `str`, `int`, `float`, `bool`, ``None``; and its problems.

    Only ``true`` and ``false`` are booleans; whatever is not a plain number or ``null``
    stays text.  A duplicate key keeps its first value.

    Args:
        root: A document whose aliases are known to end; see `bound_aliases`.
    """
    problems: list[Misread] = []
    return _build(root, (), problems), problems


def _build(node: Node, path: Path, problems: list[Misread]) -> Any:
    if isinstance(node, ScalarNode):
        if node.tag == PLAIN:
            return plain(node.value)
        if node.tag != TEXT:
            problems.append(_tagged(node, path))
        return node.value
    if node.tag not in {MAPPING, SEQUENCE}:
        problems.append(_tagged(node, path))
    if isinstance(node, SequenceNode):
        return [_build(item, (*path, i), problems) for i, item in enumerate(node.value)]
    built: dict[str, Any] = {}
    for key, value in node.value:
        name = key_of(key)
        if name is None:
            problems.append(
                Misread(key.start_mark, "a key must be text", "write `key: value`", path=path)
            )
        elif name == "<<" and key.tag == PLAIN:
            problems.append(
                Misread(
                    key.start_mark,
                    "merge keys (`<<`) are not read",
                    "repeat the keys, or use `defaults`",
                    path=path,
                    width=2,
                )
            )
        elif name in built:
            first = next(k for k, _ in node.value if key_of(k) == name)
            problems.append(duplicate(first, key, path))
        else:
            built[name] = _build(value, (*path, name), problems)
    return built


def duplicate(first: Node, second: Node, path: Path) -> Misread:
    """That the key *second* was there before, as *first*, perhaps in another file."""
    mark = first.start_mark
    where = f"line {mark.line + 1}"
    if mark.name != second.start_mark.name:
        where = f"{mark.name}:{mark.line + 1}:{mark.column + 1}"
    return Misread(
        second.start_mark,
        f"`{clip(str(second.value))}` is here twice, first at {where}",
        "delete one of the two, or give it another name",
        path=(*path, str(second.value)),
        width=width_of(second),
    )


def _tagged(node: Node, path: Path) -> Misread:
    return Misread(
        node.start_mark,
        f"the tag `{clip(node.tag.replace('tag:yaml.org,2002:', '!!'))}` is not read",
        "delete it; put a value that must stay text in quotes",
        path=path,
    )


def plain(text: str) -> str | int | float | bool | None:
    """What a scalar without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789-+":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text


def key_of(node: Node) -> str | None:
    """The text of a key, as written: ``200`` and ``no`` are text here; ``None`` if it is none."""
    return node.value if isinstance(node, ScalarNode) else None


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below *node*, keys included."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


def bound_aliases(root: Node) -> None:
    """
    Raises:
        Misread: An alias inside what it repeats, or more than `MOST_REPEATED` values repeated.
    """
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()
    repeated = 0

    def size(node: Node) -> int:
        nonlocal repeated
        if isinstance(node, ScalarNode):
            return 1
        known = sizes.get(id(node))
        if known is not None:
            repeated += known
            if repeated > MOST_REPEATED:
                raise Misread(
                    node.start_mark,
                    f"aliases repeat this until there are more than {MOST_REPEATED:,} values",
                    "write out what is meant, without aliases of aliases",
                )
            return known
        if id(node) in open_nodes:
            raise Misread(
                node.start_mark, "an alias inside of what it repeats", "write out what is meant"
            )
        open_nodes.add(id(node))
        total = 1 + sum(map(size, children(node)))
        open_nodes.discard(id(node))
        sizes[id(node)] = total
        return total

    size(root)


def find(root: Node, path: Sequence[str | int]) -> tuple[Node, Node | None, Path]:
    """
    The node that *path* leads to, as far as it goes.

    Steps that are not in the document are left out: pydantic puts names of union branches
    between those of keys.

    Returns:
        The node, the key that it stands under (``None`` at the top and in a list), and the
        path that was really there.
    """
    node, key = root, None
    real: list[str | int] = []
    for step in path:
        if isinstance(node, MappingNode):
            for k, value in node.value:
                if key_of(k) == str(step):
                    node, key = value, k
                    real.append(str(step))
                    break
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node, key = node.value[step], None
            real.append(step)
    return node, key, tuple(real)


def width_of(node: Node) -> int:
    """Characters of *node* on its first line, >= 1; a large number if it goes on below."""
    start, end = node.start_mark, node.end_mark
    return max(1, end.column - start.column) if start.line == end.line else 10_000


def dotted(path: Path) -> str:
    """``probes.checkout.journey[1].get``; other keys than words are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if _WORD.fullmatch(step) else f'"{clip(step)}"'
            text += f".{name}" if text else name
    return text
