"""
From YAML text to nodes that know their place; what is no YAML is refused in words.

libyaml scans and composes.  PyYAML calls back for every node, which bounds the depth.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from yaml import MarkedYAMLError, YAMLError
from yaml._yaml import CParser
from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.reader import ReaderError

Path = tuple[str | int, ...]

DEEPEST = 64
"""Levels of nesting; libyaml's composer would overflow the stack, long before 100,000."""

PLAIN, TEXT, MAPPING, SEQUENCE = "plain", "text", "mapping", "sequence"
"""The tags of composed nodes; any other was written."""


class Misread(Exception):
    """
    Something is wrong at a place of a file.

    Attributes:
        mark: Line and column from 0, and the file's name.
        what: One line.
        mend: One line; may be empty.
        path: Where in the document, as far as it is known.
        width: Characters that are meant, >= 1.
    """

    def __init__(
        self, mark: Mark, what: str, mend: str = "", *, path: Path = (), width: int = 1
    ) -> None:
        super().__init__(what)
        self.mark = mark
        self.what = what
        self.mend = mend
        self.path = path
        self.width = width


class _Named(StringIO):
    """Text with the file's name, which libyaml copies into every mark."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, newline="")
        self.name = name


class _TooDeep(Exception):
    pass


class _Composer(CParser):
    """libyaml's composer; a scalar's tag says only whether it was written plain."""

    def __init__(self, text: str, name: str) -> None:
        CParser.__init__(self, _Named(text, name))
        self._depth = 0

    def resolve(self, kind: type[Node], value: object, implicit: Any) -> str:  # noqa: ARG002 - called by libyaml's composer
        if kind is ScalarNode:
            return PLAIN if implicit[0] else TEXT
        return MAPPING if kind is MappingNode else SEQUENCE

    def descend_resolver(self, parent: Node | None, index: object) -> None:  # noqa: ARG002 - called by libyaml's composer
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooDeep(parent)

    def ascend_resolver(self) -> None:
        self._depth -= 1


def compose(text: str, name: str) -> MappingNode:
    """
    The one document in *text*; every mark in it carries *name*.

    Raises:
        Misread: Not YAML, not one document, not a mapping, or nested too deeply.
    """
    start = Mark(name, 0, 0, 0, "", 0)
    try:
        root = _Composer(text, name).get_single_node()
    except _TooDeep as error:
        parent: Node = error.args[0]
        raise Misread(
            parent.start_mark,
            f"nested more than {DEEPEST} levels deep",
            "a configuration needs about ten; is a bracket left open?",
        ) from None
    except ReaderError as error:
        before = text[: error.position]
        line = before.count("\n")
        mark = Mark(name, error.position, line, len(before.rpartition("\n")[2]), "", 0)
        raise Misread(
            mark,
            f"the character U+{_code(error.character):04X} cannot stand in YAML",
            'delete it, or write it as an escape in double quotes, such as "\\u0007"',
        ) from None
    except MarkedYAMLError as error:
        raise _in_words(error, text, start) from None
    except YAMLError as error:
        raise Misread(start, f"not YAML: {error}") from None
    if root is None:
        raise Misread(
            start,
            "there is nothing in this file",
            "write at least one probe, or see `synthetics demo`",
        )
    if not isinstance(root, MappingNode):
        raise Misread(
            root.start_mark, "keys are expected here", "begin with a key, such as `probes:`"
        )
    return root


def _code(character: object) -> int:
    return character if isinstance(character, int) else ord(str(character)[0])


_SYNTAX = (
    ("but found another document", "a second document begins here", "keep one document a file"),
    (
        "mapping values are not allowed",
        "a `:` stands where no key can be",
        "quote a text that holds `: `, and check the indentation",
    ),
    (
        "could not find expected ':'",
        "this key has no `:` after it",
        "write `key: value`, and quote a text of several lines",
    ),
    (
        "did not find expected ',' or '}'",
        "a `{` that is not closed, or a `,` that is missing",
        "write {key: value, key: value}",
    ),
    (
        "did not find expected ',' or ']'",
        "a `[` that is not closed, or a `,` that is missing",
        "write [one, two]",
    ),
    (
        "did not find expected key",
        "this line does not fit the indentation around it",
        "start keys that belong together in the same column",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not fit the list around it",
        "start every item with `- ` in the same column",
    ),
    ("found unexpected end of stream", "a quote that is not closed", "close it"),
    ("found unknown escape character", "an unknown escape in double quotes", "use single quotes"),
    ("found undefined alias", "this alias names no anchor", "write &name before *name"),
    ("found duplicate anchor", "this anchor is defined twice", "give it another name"),
    (
        "found character that cannot start",
        "this character cannot begin a value",
        "put it in quotes",
    ),
)


def _in_words(error: MarkedYAMLError, text: str, start: Mark) -> Misread:
    mark = error.problem_mark or error.context_mark or start
    said = f"{error.context or ''} {error.problem or ''}".strip()
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent and mark.column <= len(indent) + 1:
        at = Mark(mark.name, 0, mark.line, indent.index("\t"), "", 0)
        return Misread(at, "a tab in the indentation", "indent with spaces, two a level", width=1)
    if line[: mark.column].endswith("$") and line[mark.column :].startswith("{"):
        at = Mark(mark.name, 0, mark.line, mark.column - 1, "", 0)
        what = "within braces or brackets a text with `${…}` needs quotes"
        return Misread(at, what, 'write "${env:NAME}", with quotes around the whole text', width=2)
    for problem, what, mend in _SYNTAX:
        if problem in said:
            if "not closed" in what and error.context_mark is not None:
                mark = error.context_mark
            return Misread(mark, what, mend)
    return Misread(mark, f"not YAML: {said}")
