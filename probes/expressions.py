"""
The small languages of expectations: patterns, JSON paths, CSS selectors.

All are compiled when the configuration is read, and none can stop the service
however it is written and whatever a target sends: patterns are RE2, which is
linear in its input, a JSON path gives up after a fixed amount of work, and a
CSS selector is matched in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import re2
from pydantic import PlainValidator, WithJsonSchema

from probes.fields import Refused, said

QUIET = re2.Options()
QUIET.log_errors = False


class TooMuchWork(Exception):
    """Looking for this in that document would take longer than is allowed."""


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

    def named(self, text: str) -> tuple[dict[str, str], int] | None:
        """Named groups of the first match, those that took no part empty, and where it ends."""
        found = self._compiled.search(text)
        if found is None:
            return None
        return {name: group or "" for name, group in found.groupdict().items()}, found.end()

    @property
    def names(self) -> frozenset[str]:
        """Of its named groups."""
        return frozenset(self._compiled.groupindex)

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
        return CompiledPattern(value, re2.compile(value, QUIET))
    except re2.error as error:
        complaint = error.args[0] if error.args else ""
        why = str(complaint, errors="replace") if isinstance(complaint, bytes) else str(complaint)
        raise Refused(
            f"{said(value)} is not a regular expression: {why}",
            mend="write RE2 syntax; it has no look-around and no back-references",
        ) from None


@dataclass(frozen=True, slots=True)
class CompiledJsonPath:
    """A query after RFC 9535; *written* as in the configuration."""

    written: str
    _query: Any = field(repr=False, compare=False)

    @property
    def singular(self) -> bool:
        """Whether it leads to one node at most, and so straight there."""
        found: bool = self._query.singular
        return found

    def values(self, document: Any) -> list[object]:
        """
        The values of all nodes that it selects, in document order.

        Raises:
            TooMuchWork: It would look at too many nodes, or too deep.
        """
        found: list[object] = self._query.values(document)
        return found

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
    from probes.json_path import Query  # not needed where no JSON path is written

    try:
        return CompiledJsonPath(value, Query(value))
    except ValueError as error:
        raise Refused(
            f"{said(value)} is not a JSON path: {error}", mend="write one such as $.items[0].sku"
        ) from None


@dataclass(frozen=True, slots=True)
class CompiledCss:
    """A CSS selector; *written* as in the configuration."""

    written: str
    _selector: Any = field(repr=False, compare=False)

    def find(self, html: str, attribute: str | None) -> str | None:
        """
        Of the first element that it selects: *attribute*, or its text without edges.

        Raises:
            TooMuchWork: It counts siblings, of which there are too many.
        """
        node = self._selector.first(html)
        if node is None:
            return None
        found: str | None = (
            node.text(deep=True).strip() if attribute is None else node.attributes.get(attribute)
        )
        return found

    def __str__(self) -> str:
        return self.written


def parse_css(value: object) -> CompiledCss:
    """
    Compile a CSS selector.

    Raises:
        Refused: Not text, or not a selector.
    """
    if isinstance(value, CompiledCss):
        return value
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not text", mend="put it in quotes")
    from probes.css import Selector  # not needed where no selector is written

    try:
        return CompiledCss(value, Selector(value))
    except ValueError as error:
        raise Refused(
            f"{said(value)} is not a CSS selector: {error}",
            mend="write one such as input[name=csrf]",
        ) from None


_WRITTEN = WithJsonSchema({"type": "string"})

Pattern = Annotated[CompiledPattern, PlainValidator(parse_pattern), _WRITTEN]
"""A regular expression, written as text."""


def _patterns(value: object) -> tuple[CompiledPattern, ...]:
    return tuple(map(parse_pattern, value if isinstance(value, list | tuple) else (value,)))


Patterns = Annotated[
    tuple[CompiledPattern, ...],
    PlainValidator(_patterns),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""Regular expressions, one or a list of them."""

JsonPath = Annotated[CompiledJsonPath, PlainValidator(parse_json_path), _WRITTEN]
"""A JSON path, written as text."""

CssSelector = Annotated[CompiledCss, PlainValidator(parse_css), _WRITTEN]
"""A CSS selector, written as text."""
