"""
From YAML text to nodes that know their place, and from nodes to plain data.

libyaml parses and composes; what the nodes mean is decided here, because PyYAML's own
constructors lose places, let the last duplicate key win, and read ``10:30`` as 630.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

from yaml import MarkedYAMLError, YAMLError
from yaml._yaml import CParser
from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from synthetics.config.words import clip

Path = tuple[str | int, ...]

DEEPEST = 64
"""Levels of nesting; libyaml's composer would overflow the stack at some 10,000."""

MOST_REPEATED = 100_000
"""Values that aliases may add by repeating what they point at."""

_PLAIN, _TEXT, _MAPPING, _SEQUENCE = "plain", "text", "mapping", "sequence"
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_WORD = re.compile(r"[\w.-]+")
_WORDS: dict[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}


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
            return _PLAIN if implicit[0] else _TEXT
        return _MAPPING if kind is MappingNode else _SEQUENCE

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
    for problem, what, mend in _SYNTAX:
        if problem in said:
            if "not closed" in what and error.context_mark is not None:
                mark = error.context_mark
            return Misread(mark, what, mend)
    return Misread(mark, f"not YAML: {said}")


def construct(root: Node) -> tuple[Any, list[Misread]]:
    """
    Plain data of *root*: `dict`, `list`, `str`, `int`, `float`, `bool`, ``None``; and its problems.

    Only ``true`` and ``false`` are booleans; whatever is not a plain number or ``null``
    stays text.  A duplicate key keeps its first value.

    Raises:
        Misread: Aliases that go round in circles or repeat too much; nothing can be built.
    """
    _bound_aliases(root)
    problems: list[Misread] = []
    return _build(root, (), problems), problems


def _build(node: Node, path: Path, problems: list[Misread]) -> Any:
    if isinstance(node, ScalarNode):
        if node.tag == _PLAIN:
            return plain(node.value)
        if node.tag != _TEXT:
            problems.append(_tagged(node, path))
        return node.value
    if node.tag not in {_MAPPING, _SEQUENCE}:
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
        elif name == "<<" and key.tag == _PLAIN:
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


def _bound_aliases(root: Node) -> None:
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
