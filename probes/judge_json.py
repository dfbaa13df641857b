"""Holds a JSON document against what was expected of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from probes.expect_json import JsonExpectation
from probes.expressions import CompiledPattern, TooMuchWork
from probes.failure import Failure, short
from probes.fields import Template


def judge_json(
    wanted: JsonExpectation, document: Any, captures: Mapping[str, str]
) -> Failure | None:
    """What of *wanted* does not hold in *document*, first, or ``None``."""
    try:
        nodes = wanted.path.values(document)
    except TooMuchWork:
        return Failure("json", f"{wanted.path} in an ordinary document", "one too large for it")
    unmet = judge_values(str(wanted.path), wanted.operations, nodes, captures)
    return Failure("json", *unmet) if unmet else None


def judge_values(
    name: str,
    operations: Sequence[tuple[str, Any]],
    nodes: Sequence[Any],
    captures: Mapping[str, str],
) -> tuple[str, str] | None:
    """What of *operations* does not hold for each of *nodes*, called *name*: expected, actual."""
    for operator, operand in operations:
        value = filled(operand, captures)
        said = f"{name} {_OPERATOR_WORDS[operator]} {_show(filled(operand, None))}"
        if operator == "exists":
            if bool(nodes) != value:
                there = "something" if nodes else "nothing"
                return f"{'something' if value else 'nothing'} at {name}", there
            continue
        if not nodes:
            return said, "nothing there"
        for node in nodes:
            if not _OPERATIONS[operator](node, value):
                return said, _show(node)
    return None


def filled(operand: Any, captures: Mapping[str, str] | None) -> Any:
    """*operand* with its references filled in, or, without *captures*, as it may be shown."""
    if isinstance(operand, Template):
        return str(operand) if captures is None else operand.render(captures)
    if isinstance(operand, Mapping):
        return {key: filled(value, captures) for key, value in operand.items()}
    if isinstance(operand, tuple):
        return [filled(value, captures) for value in operand]
    return operand


def _same(one: Any, other: Any) -> bool:
    """Equality as JSON means it: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _contains(node: Any, value: Any) -> bool:
    if isinstance(node, str):
        return isinstance(value, str) and value in node
    if isinstance(node, list):
        return any(_same(each, value) for each in node)
    return isinstance(node, dict) and isinstance(value, str) and value in node


def _number(node: Any) -> bool:
    return isinstance(node, int | float) and not isinstance(node, bool)


def _kind(node: Any) -> str:
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "boolean"
    if _number(node):
        return "number"
    return "string" if isinstance(node, str) else "array" if isinstance(node, list) else "object"


def _long(node: Any, value: Any) -> bool:
    if not isinstance(node, str | list | dict):
        return False
    bounds = value if isinstance(value, dict) else {"equals": value}
    return all(_OPERATIONS[bound](len(node), wanted) for bound, wanted in bounds.items())


def _matches(node: Any, pattern: CompiledPattern) -> bool:
    return isinstance(node, str) and pattern.find(node) is not None


_OPERATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "not": lambda node, value: not _same(node, value),
    "one_of": lambda node, value: any(_same(node, each) for each in value),
    "contains": _contains,
    "regex": _matches,
    "over": lambda node, value: _number(node) and node > value,
    "at_least": lambda node, value: _number(node) and node >= value,
    "under": lambda node, value: _number(node) and node < value,
    "at_most": lambda node, value: _number(node) and node <= value,
    "length": _long,
    "type": lambda node, value: _kind(node) == value,
}
_OPERATOR_WORDS = {
    "equals": "equal to", "not": "other than", "one_of": "one of", "contains": "containing",
    "regex": "matching",
    "over": "over", "at_least": "at least", "under": "under", "at_most": "at most",
    "length": "of length", "exists": "existing", "type": "of type",
}  # fmt: skip


def _show(value: Any) -> str:
    if isinstance(value, CompiledPattern):
        return str(value)
    try:
        return short(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "something nested too deep to show"
