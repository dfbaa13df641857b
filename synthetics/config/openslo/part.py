"""A piece of a document: its keys, its line, and what of it nobody read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Something that was left out: the line in the file, from 1, and what it is."""

    line: int
    what: str


class Part:
    """One group of keys of a document; knows which were asked for."""

    def __init__(self, node: Node | None, line: int) -> None:
        self.line = line if node is None else node.start_mark.line + 1
        self._values: dict[str, Node] = {}
        if isinstance(node, MappingNode):
            self._values = {str(key.value): value for key, value in node.value}
        self._asked: set[str] = set()

    def part(self, key: str) -> Part:
        """The group below *key*, empty if there is none."""
        self._asked.add(key)
        return Part(self._values.get(key), self.line)

    def parts(self, key: str) -> list[Part]:
        """The groups in the list below *key*."""
        self._asked.add(key)
        node = self._values.get(key)
        items = node.value if isinstance(node, SequenceNode) else []
        return [Part(item, self.line) for item in items]

    def empty(self, key: str) -> bool:
        """Whether there is a list below *key* with nothing in it."""
        node = self._values.get(key)
        return isinstance(node, SequenceNode) and not node.value

    def text(self, key: str) -> str:
        """The word below *key*, as it is written; empty if there is none."""
        self._asked.add(key)
        node = self._values.get(key)
        return str(node.value) if isinstance(node, ScalarNode) else ""

    def words(self, key: str) -> list[str]:
        """The list of words below *key*."""
        self._asked.add(key)
        node = self._values.get(key)
        return [str(item.value) for item in node.value] if isinstance(node, SequenceNode) else []

    def skip(self, *keys: str) -> None:
        """Say that nothing is lost with *keys*."""
        self._asked.update(keys)

    def rest(self) -> Iterator[Unsaid]:
        """Keys that nobody asked for."""
        for key, value in self._values.items():
            if key not in self._asked:
                yield Unsaid(value.start_mark.line + 1, f"`{key}`")

    def __contains__(self, key: str) -> bool:
        return key in self._values
