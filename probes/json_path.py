"""
JSON paths after RFC 9535, that give up after a fixed amount of work.

Apart from `probes.expressions`, and imported by it when a JSON path is compiled: the library
takes as long to import as everything else that reads a configuration of a hundred probes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import re2
from jsonpath import JSONPathEnvironment, JSONPathMatch
from jsonpath.exceptions import JSONPathError, JSONPathRecursionError
from jsonpath.filter import BaseExpression, FilterQuery
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.path import JSONPath
from jsonpath.selectors import Filter

from probes.expressions import QUIET, TooMuchWork

JSON_PATH_WORK = 100_000
"""Nodes that one JSON path may look at, which takes it about a third of a second."""

_PATTERN_PRICE = 1_000
"""Of a pattern to compile, in nodes: it may come from the document, a new one in every node."""
_TEXT_PER_NODE = 1_000
"""Characters that are searched in about the time that a node takes."""


@dataclass(slots=True)
class _Purse:
    """What is left of the work that one evaluation may do, and the patterns that it compiled."""

    left: int = JSON_PATH_WORK
    patterns: dict[str, Any] = field(default_factory=dict)

    def pay(self, price: int) -> None:
        self.left -= price
        if self.left < 0:
            raise TooMuchWork


_PURSE: ContextVar[_Purse] = ContextVar("_PURSE")
"""That of the evaluation that goes on: the library hands nothing of ours to functions."""


class _Search(FilterFunction):
    """The functions ``search`` and ``match`` of RFC 9535, by RE2."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - the library's form
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        purse = _PURSE.get()
        purse.pay(len(value) // _TEXT_PER_NODE)
        if pattern not in purse.patterns:
            purse.pay(_PATTERN_PRICE)
            purse.patterns[pattern] = _compiled(pattern)
        compiled = purse.patterns[pattern]
        if compiled is None:
            return False
        found = compiled.fullmatch(value) if self._whole else compiled.search(value)
        return found is not None


def _compiled(pattern: str) -> Any:
    try:
        return re2.compile(pattern, QUIET)
    except re2.error:
        return None


class _CountedMatch(JSONPathMatch):
    """
    A node that pays for itself and for the children that may be looked at below it.

    It knows nothing of its own path: one such text for each child of a node with a
    long name took gigabytes for a document of 140 KB.
    """

    __slots__ = ()

    def __init__(self, *, obj: object, **rest: Any) -> None:
        super().__init__(obj=obj, **rest)
        _PURSE.get().pay(1 + (len(obj) if isinstance(obj, list | dict) else 0))

    def new_child(self, obj: object, key: int | str) -> JSONPathMatch:  # noqa: ARG002
        return _match(obj, self.root)

    def add_child(self, *children: JSONPathMatch) -> None:
        """Forget them: only the nodes that are found are asked for."""


def _match(value: Any, root: Any) -> JSONPathMatch:
    return _CountedMatch(filter_context={}, obj=value, parent=None, path="", parts=(), root=root)


class _CountedPath(JSONPath):
    """A query whose nodes are counted, also where it stands inside a filter."""

    __slots__ = ()

    def finditer(
        self,
        data: Any,
        *,
        filter_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterable[JSONPathMatch]:
        matches: Iterable[JSONPathMatch] = [_match(data, data)]
        for segment in self.segments:
            matches = segment.resolve(matches)
        return matches


def _count(path: JSONPath) -> None:
    """
    Have *path* and every query inside it counted.

    The parser has no say in which class it makes, so they become the other one here.
    """
    path.__class__ = _CountedPath
    for segment in path.segments:
        for selector in segment.selectors:
            if isinstance(selector, Filter):
                _count_inside(selector.expression)


def _count_inside(expression: BaseExpression) -> None:
    if isinstance(expression, FilterQuery):
        _count(expression.path)
    for child in expression.children():
        _count_inside(child)


class _Environment(JSONPathEnvironment):
    """RFC 9535 and nothing more, with patterns by RE2 and work that is counted."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["search"] = _Search(whole=False)
        self.function_extensions["match"] = _Search(whole=True)


_ENVIRONMENT = _Environment(strict=True)


class Query:
    """
    A compiled query.

    Args:
        written: In the syntax of RFC 9535.

    Raises:
        ValueError: It is none; says why.
    """

    def __init__(self, written: str) -> None:
        try:
            compiled = _ENVIRONMENT.compile(written)
        except JSONPathError as error:
            raise ValueError(str(error).splitlines()[0]) from None
        assert isinstance(compiled, JSONPath)
        self.singular = compiled.singular_query()
        _count(compiled)
        self._compiled = compiled

    def values(self, document: Any) -> list[object]:
        """
        The values of all nodes that it selects, in document order.

        Raises:
            TooMuchWork: It would look at more than `JSON_PATH_WORK` nodes, or too deep.
        """
        before = _PURSE.set(_Purse())
        try:
            return [match.obj for match in self._compiled.finditer(document)]
        except (JSONPathRecursionError, RecursionError):
            raise TooMuchWork from None
        finally:
            _PURSE.reset(before)
