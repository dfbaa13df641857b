"""What a template leaves open, ``${with:name}``, and putting values there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from synthetics.config.nodes import children
from synthetics.config.syntax import TEXT, Misread, Path
from synthetics.config.words import clip

_HOLE = re.compile(r"\$\$\{|\$\{with:([^}]*)\}")
"""``$${`` is a plain ``${``, here as everywhere."""


@dataclass(frozen=True, slots=True)
class Values:
    """What to put in, by name, and the *path* at which that is written."""

    of: Mapping[str, Node]
    path: Path


def holes(node: Node) -> Iterator[tuple[str, Node]]:
    """The names that are left open below *node*, each with the text that says so."""
    if isinstance(node, ScalarNode):
        for match in _HOLE.finditer(node.value):
            if match[1] is not None:
                yield match[1], node
    for child in children(node):
        yield from holes(child)


def fill(node: Node, values: Values, problems: list[Misread]) -> Node:
    """
    *node* with all of *values* in their places.

    A text that is nothing but ``${with:name}`` becomes the value as it was written, with its
    place: a number, a list, a group.  Within a longer text a value must be text or a number.
    What is put in is not looked through again.
    """
    if isinstance(node, MappingNode):
        pairs = [
            (fill(key, values, problems), fill(value, values, problems))
            for key, value in node.value
        ]
        return MappingNode(node.tag, pairs, node.start_mark, node.end_mark, node.flow_style)
    if isinstance(node, SequenceNode):
        items = [fill(item, values, problems) for item in node.value]
        return SequenceNode(node.tag, items, node.start_mark, node.end_mark, node.flow_style)
    assert isinstance(node, ScalarNode)
    whole = _HOLE.fullmatch(node.value)
    if whole is not None and whole[1] is not None:
        return values.of[whole[1]]
    if "${with:" not in node.value:
        return node
    text = _HOLE.sub(lambda match: _said(match, values, problems), node.value)
    return ScalarNode(TEXT, text, node.start_mark, node.end_mark, node.style)


def _said(match: re.Match[str], values: Values, problems: list[Misread]) -> str:
    name = match[1]
    if name is None:
        return match[0]
    value = values.of[name]
    if isinstance(value, ScalarNode):
        return str(value.value)
    problems.append(
        Misread(
            value.start_mark,
            f"`{clip(name)}` stands within a text, and this is none",
            "write a text or a number",
            path=(*values.path, name),
        )
    )
    return ""
