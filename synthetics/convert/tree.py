"""A document of somebody else: YAML or JSON, with the line of everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, SequenceNode

_UNREAD = object()
_GREATEST = 2**53
"""What counts something is no greater; what is, or is no number, counts nothing."""


class Unreadable(Exception):
    """The document is no YAML and no JSON; the message says where."""


class Item:
    """
    One value and its line, from 1; what is not there is an empty one on the line where it would be.

    It remembers what of it was looked at, so that the rest can be named.

    Attributes:
        line: Where it stands, from 1.
        keys: The way to it from the top; the number of an item in a list is a key too.
    """

    def __init__(
        self, node: Node | None, line: int, keys: tuple[str, ...] = (), *, all_on: int = 0
    ) -> None:
        self.line = all_on or (line if node is None else node.start_mark.line + 1)
        self._all_on = all_on
        self.keys = keys
        self._node = node
        self._items: dict[str, tuple[Node, int]] = {}
        self._asked: set[str] = set()
        self._found: dict[str, Item] = {}
        self._listed: list[Item] | None = None
        self._done = False
        self._data: Any = _UNREAD
        if isinstance(node, MappingNode):
            SafeConstructor().flatten_mapping(node)
            # A key that was merged in comes first, and the group's own word is the last.
            self._items = {
                str(key.value): (value, all_on or key.start_mark.line + 1)
                for key, value in node.value
            }

    def __bool__(self) -> bool:
        return self._node is not None and self._plain() is not None

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def __getitem__(self, key: str) -> Item:
        self._asked.add(key)
        if key in self._found:
            return self._found[key]
        node, line = self._items.get(key, (None, self.line))
        found = Item(node, line, (*self.keys, key), all_on=self._all_on)
        if not isinstance(node, MappingNode | SequenceNode):
            found.line = line
        self._found[key] = found
        return found

    @property
    def value(self) -> Any:
        """As plain data; all of it counts as looked at."""
        self._done = True
        return self._plain()

    def _plain(self) -> Any:
        if self._node is None:
            return None
        if self._data is _UNREAD:
            self._data = SafeConstructor().construct_document(self._node)
        return self._data

    @property
    def is_group(self) -> bool:
        """Whether there are keys below it."""
        return isinstance(self._node, MappingNode)

    def text(self, default: str = "") -> str:
        """As text, as it is written; *default* if there is none."""
        if isinstance(self._node, MappingNode | SequenceNode) or self.value is None:
            return default
        value = self._plain()
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
            found = float(self.value)
        except (TypeError, ValueError, OverflowError):
            return default
        return found if abs(found) <= _GREATEST else default

    def items(self) -> list[Item]:
        """Those of a list; a single value is a list of one."""
        if not isinstance(self._node, SequenceNode):
            return [self] if self else []
        if self._listed is None:
            self._listed = [
                Item(node, self.line, (*self.keys, str(number)), all_on=self._all_on)
                for number, node in enumerate(self._node.value)
            ]
        return self._listed

    def holds(self, key: str) -> Any:
        """What stands at *key* of a group; that does not count as looked at."""
        return Item(self._items[key][0], self.line).value if key in self._items else None

    def rename(self, names: Mapping[str, str]) -> None:
        """Know what is in a group by other *names*, wherever that is none of its own."""
        self._items = {
            new if (new := names.get(key, key)) == key or new not in self._items else key: found
            for key, found in self._items.items()
        }

    def nested(self) -> Item:
        """What is written as JSON in a text; itself if it is none."""
        text = self.value if not isinstance(self._node, MappingNode | SequenceNode) else None
        if not isinstance(text, str) or text.lstrip()[:1] not in ("[", "{"):
            return self
        try:
            return read(text, line=self.line)
        except Unreadable:
            return self

    @property
    def names(self) -> list[str]:
        """The keys of a group; that they are there does not count as looked at."""
        return list(self._items)

    def pairs(self) -> Iterator[tuple[str, Item]]:
        """Those of a group, by key."""
        for key in self._items:
            yield key, self[key]

    def skip(self, *keys: str) -> None:
        """Say that nothing is lost with *keys*."""
        for key in keys:
            self[key].done()

    def done(self) -> None:
        """Say that all of it is accounted for."""
        self._done = True

    def rest(self) -> Iterator[Item]:
        """What of it nobody looked at; of a group or a list that somebody did, its parts."""
        if self._done or self._node is None:
            return
        for key in self._items:
            if key not in self._asked:
                yield self[key]
            else:
                yield from self._found[key].rest()
        if isinstance(self._node, SequenceNode):
            if self._listed is None:
                yield self
            for each in self._listed or ():
                yield from each.rest()


def read(text: str, *, line: int = 0) -> Item:
    """
    The one document in *text*.

    Args:
        text: YAML or JSON.
        line: Where all of it stands; its own lines count unless it is given.

    Raises:
        Unreadable: It is no YAML and no JSON, or nothing.
    """
    if text.lstrip()[:1] in ("{", "["):
        text = text.replace("\t", " ")  # JSON takes tabs between values, YAML does not
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        if root is not None:
            SafeConstructor().construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise Unreadable(f"{where}{error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(str(error)) from None
    if root is None:
        raise Unreadable("there is nothing in it")
    return Item(root, 1, all_on=line)


def _whole(text: str) -> str:
    """*text* with its pairs of surrogates put together, which JSON writes and YAML keeps apart."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
