"""A document of somebody else: YAML or JSON, with the line of everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode


class Unreadable(Exception):
    """The document is no YAML and no JSON; the message says where."""


class Item:
    """
    One value and its line, from 1; what is not there is an empty one on the line where it would be.

    A group remembers which keys were asked for, so that the others can be named.
    """

    def __init__(self, node: Node | None, line: int, keys: tuple[str, ...] = ()) -> None:
        self.line = line if node is None else node.start_mark.line + 1
        self.path = ".".join(keys)
        self._keys = keys
        self._node = node
        self._items: dict[str, tuple[Node, int]] = {}
        self._asked: set[str] = set()
        self._found: dict[str, Item] = {}
        if isinstance(node, MappingNode):
            yaml.SafeLoader("").flatten_mapping(node)
            # A key that was merged in comes first, and the group's own word is the last.
            self._items = {
                str(key.value): (value, key.start_mark.line + 1) for key, value in node.value
            }

    def __bool__(self) -> bool:
        return self._node is not None and self.value is not None

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def __getitem__(self, key: str) -> Item:
        self._asked.add(key)
        if key in self._found:
            return self._found[key]
        node, line = self._items.get(key, (None, self.line))
        found = Item(node, line, (*self._keys, key))
        if not isinstance(node, MappingNode | SequenceNode):
            found.line = line
        self._found[key] = found
        return found

    @property
    def value(self) -> Any:
        """As plain data."""
        if self._node is None:
            return None
        loader = yaml.SafeLoader("")
        return loader.construct_document(self._node)

    @property
    def is_group(self) -> bool:
        """Whether there are keys below it."""
        return isinstance(self._node, MappingNode)

    def text(self, default: str = "") -> str:
        """As text, as it is written; *default* if there is none."""
        value = self.value
        if value is None or isinstance(value, dict | list):
            return default
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, bytes):
            return value.decode("utf-8", "backslashreplace")
        return _whole(
            str(value) if isinstance(value, str) else str(getattr(self._node, "value", value))
        )

    def flag(self, *, default: bool = False) -> bool:
        """As true or false; 1 and 0 are that too."""
        value = self.value
        return default if value is None else value in (True, 1, "true", "1")

    def number(self, default: float = 0) -> float:
        """As a number; *default* if it is none."""
        try:
            return float(self.value)
        except (TypeError, ValueError):
            return default

    def items(self) -> list[Item]:
        """Those of a list; a single value is a list of one."""
        if isinstance(self._node, SequenceNode):
            return [
                Item(node, self.line, (*self._keys, str(number)))
                for number, node in enumerate(self._node.value)
            ]
        return [self] if self else []

    def pairs(self) -> Iterator[tuple[str, Item]]:
        """Those of a group, by key."""
        for key in self._items:
            yield key, self[key]

    def skip(self, *keys: str) -> None:
        """Say that nothing is lost with *keys*."""
        self._asked.update(keys)

    def rest(self) -> Iterator[tuple[str, Item]]:
        """Keys that have a value and that nobody asked for."""
        for key, (node, line) in self._items.items():
            if key not in self._asked:
                yield key, Item(node, line, (*self._keys, key))


def read(text: str) -> Item:
    """
    The one document in *text*.

    Raises:
        Unreadable: It is no YAML and no JSON, or nothing.
    """
    if text.lstrip()[:1] in ("{", "["):
        text = text.replace("\t", " ")  # JSON takes tabs between values, YAML does not
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        if root is not None:
            yaml.SafeLoader("").construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise Unreadable(f"{where}{error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(str(error)) from None
    if root is None:
        raise Unreadable("there is nothing in it")
    return Item(root, 1)


def _whole(text: str) -> str:
    """*text* with its pairs of surrogates put together, which JSON writes and YAML keeps apart."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
