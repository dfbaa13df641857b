"""
The small languages of expectations: patterns, JSON paths, CSS selectors.

All are compiled when the configuration is read, and none can stop the service
however it is written and whatever a target sends: patterns are RE2, which is
linear in its input, and a JSON path gives up after a fixed amount of work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import re2
from jsonpath import JSONPathEnvironment, JSONPathMatch
from jsonpath.exceptions import JSONPathError, JSONPathRecursionError
from jsonpath.filter import BaseExpression, FilterQuery
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.path import JSONPath
from jsonpath.selectors import Filter
from pydantic import PlainValidator, WithJsonSchema
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from probes.fields import Refused, said

JSON_PATH_WORK = 100_000
"""Nodes that one JSON path may look at, which takes it about a second."""

_QUIET = re2.Options()
_QUIET.log_errors = False


class TooMuchWork(Exception):
    """A JSON path that would look at too many nodes of this document."""


@dataclass(frozen=True, slots=True)
class CompiledPattern:
    """A regular expression in RE2 syntax; *written* as in the configuration."""

    written: str
    _compiled: Any = field(repr=False, compare=False)

    def find(self, text: str) -> str | None:
        """The first group of the first match, the whole match if it has none; or ``None``."""
        found = self._compiled.search(text)
        if found is None:
            return None
        group: str | None = found.group(1) if self._compiled.groups else found.group(0)
        return group or ""

    def __str__(self) -> str:
        return self.written


def parse_pattern(value: object) -> CompiledPattern:
    """
    Compile a regular expression; it is searched for, so anchors must be written.

    Raises:
        Refused: Not text, or not RE2 syntax (which has no look-around and no back-references).
    """
    if isinstance(value, CompiledPattern):
        return value
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not text", mend="put it in quotes")
    try:
        return CompiledPattern(value, re2.compile(value, _QUIET))
    except re2.error as error:
        complaint = error.args[0] if error.args else ""
        why = str(complaint, errors="replace") if isinstance(complaint, bytes) else str(complaint)
        raise Refused(
            f"{said(value)} is not a regular expression: {why}",
            mend="write RE2 syntax; it has no look-around and no back-references",
        ) from None


class _Search(FilterFunction):
    """The functions ``search`` and ``match`` of RFC 9535, by RE2."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - the library's form
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        try:
            compiled = re2.compile(pattern, _QUIET)
        except re2.error:
            return False
        found = compiled.fullmatch(value) if self._whole else compiled.search(value)
        return found is not None


@dataclass(slots=True)
class _Purse:
    """What is left of the work that one evaluation may do."""

    left: int


class _CountedMatch(JSONPathMatch):
    """A node that pays for itself and for the children that may be looked at below it."""

    __slots__ = ()

    def __init__(self, *, filter_context: Mapping[str, Any], obj: object, **rest: Any) -> None:
        super().__init__(filter_context=filter_context, obj=obj, **rest)
        purse: _Purse = filter_context["purse"]
        purse.left -= 1 + (len(obj) if isinstance(obj, list | dict) else 0)
        if purse.left < 0:
            raise TooMuchWork


class _CountedPath(JSONPath):
    """A query whose nodes are counted, also where it stands inside a filter."""

    __slots__ = ()

    def finditer(
        self, data: Any, *, filter_context: Mapping[str, Any] | None = None
    ) -> Iterable[JSONPathMatch]:
        matches: Iterable[JSONPathMatch] = [
            _CountedMatch(
                filter_context=filter_context or {},
                obj=data,
                parent=None,
                path="$",
                parts=(),
                root=data,
            )
        ]
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


@dataclass(frozen=True, slots=True)
class CompiledJsonPath:
    """A query after RFC 9535; *written* as in the configuration."""

    written: str
    _compiled: JSONPath = field(repr=False, compare=False)

    def values(self, document: Any) -> list[object]:
        """
        The values of all nodes that it selects, in document order.

        Raises:
            TooMuchWork: It would look at more than `JSON_PATH_WORK` nodes, or too deep.
        """
        context = {"purse": _Purse(JSON_PATH_WORK)}
        try:
            return [m.obj for m in self._compiled.finditer(document, filter_context=context)]
        except (JSONPathRecursionError, RecursionError):
            raise TooMuchWork from None

    def __str__(self) -> str:
        return self.written


def parse_json_path(value: object) -> CompiledJsonPath:
    """
    Compile a JSON path.

    Raises:
        Refused: Not text, or not a query of RFC 9535.
    """
    if isinstance(value, CompiledJsonPath):
        return value
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not text", mend="put it in quotes")
    try:
        compiled = _ENVIRONMENT.compile(value)
    except JSONPathError as error:
        why = str(error).splitlines()[0]
        raise Refused(
            f"{said(value)} is not a JSON path: {why}", mend="write one such as $.items[0].sku"
        ) from None
    assert isinstance(compiled, JSONPath)
    _count(compiled)
    return CompiledJsonPath(value, compiled)


@dataclass(frozen=True, slots=True)
class CompiledCss:
    """A CSS selector; *written* as in the configuration."""

    written: str

    def find(self, html: str, attribute: str | None) -> str | None:
        """Of the first element that it selects: *attribute*, or its text without edges."""
        node = LexborHTMLParser(html).css_first(self.written)
        if node is None:
            return None
        if attribute is None:
            return node.text(deep=True).strip()
        return node.attributes.get(attribute)

    def __str__(self) -> str:
        return self.written


def parse_css(value: object) -> CompiledCss:
    """
    Check a CSS selector.

    Raises:
        Refused: Not text, or not a selector.
    """
    if isinstance(value, CompiledCss):
        return value
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not text", mend="put it in quotes")
    try:
        LexborHTMLParser("").css_first(value)
    except SelectolaxError:
        raise Refused(
            f"{said(value)} is not a CSS selector", mend="write one such as input[name=csrf]"
        ) from None
    return CompiledCss(value)


_WRITTEN = WithJsonSchema({"type": "string"})

Pattern = Annotated[CompiledPattern, PlainValidator(parse_pattern), _WRITTEN]
"""A regular expression, written as text."""

JsonPath = Annotated[CompiledJsonPath, PlainValidator(parse_json_path), _WRITTEN]
"""A JSON path, written as text."""

CssSelector = Annotated[CompiledCss, PlainValidator(parse_css), _WRITTEN]
"""A CSS selector, written as text."""
