"""From a place in a file to a `Problem` that can be shown: source lines without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from probes.watch import Mask
from synthetics.config.checker import Checker
from synthetics.config.nodes import children, dotted, find, key_of
from synthetics.config.problems import Problem
from synthetics.config.syntax import Misread, Path

LONGEST_LINE = 68
"""Characters of a source line that are shown around the place; with the margin, a terminal's 80."""

_REFERENCES_ONLY = re.compile(r"(\$\{[^}]*\})+")

_TELLING = re.compile(r"passw|secret|token|api.?key|authoriz|cookie|credential", re.IGNORECASE)
"""Names of headers and fields whose values are better not shown, whatever their type."""

_LOGIN = re.compile(r"(?<=://)[^/@\s\"']*:[^/\s\"']*(?=@)")
"""A user name and a password in a URL, where none belong."""

Span = tuple[int, int]


def show(
    misreads: Iterable[Misread],
    texts: Mapping[str, str],
    mask: Mask,
    secrets: Sequence[Node],
) -> list[Problem]:
    """
    The problems in file order, each place with one text once.

    Args:
        misreads: What was found.
        texts: The files, by the names that marks carry.
        mask: Hides what was looked up.
        secrets: Scalars that are secret as a whole.
    """
    lines = {name: text.split("\n") for name, text in texts.items()}
    order = {name: i for i, name in enumerate(texts)}
    found: dict[tuple[int, int, int, str], Problem] = {}
    for misread in misreads:
        mark = misread.mark
        problem = Problem(
            file=mark.name,
            line=mark.line + 1,
            column=mark.column + 1,
            path=mask(dotted(misread.path)),
            what=mask(misread.what),
            mend=mask(misread.mend),
        )
        if mark.line >= 0 and mark.name in lines and mark.line < len(lines[mark.name]):
            hidden = list(_spans(secrets, mark.name, mark.line))
            source = lines[mark.name][mark.line]
            hidden += [login.span() for login in _LOGIN.finditer(source)]
            problem = _with_source(problem, source, misread.width, mask, hidden)
        key = (order.get(mark.name, -1), mark.line, mark.column, problem.what)
        found.setdefault(key, problem)
    return [found[key] for key in sorted(found)]


def _with_source(
    problem: Problem, source: str, width: int, mask: Mask, hidden: Sequence[Span]
) -> Problem:
    start = problem.column - 1
    end = min(start + width, len(source.rstrip()))
    before, upto = _masked(source[:start], mask, hidden), _masked(source[:end], mask, hidden)
    whole = _masked(source, mask, hidden)
    if not whole.strip():
        return problem
    fits = len(whole) <= LONGEST_LINE or len(upto) < LONGEST_LINE
    around = min(len(before) - LONGEST_LINE // 2, len(whole) - LONGEST_LINE)
    first = 0 if fits else max(0, around)
    shown = whole[first : first + LONGEST_LINE]
    if first:
        shown = "…" + shown[1:]
    if first + LONGEST_LINE < len(whole):
        shown = shown[:-1] + "…"
    return Problem(
        file=problem.file,
        line=problem.line,
        column=problem.column,
        path=problem.path,
        what=problem.what,
        mend=problem.mend,
        source_line=shown,
        shown_column=len(before) - first + 1,
        width=max(1, min(len(upto), first + LONGEST_LINE) - len(before)),
    )


def _masked(text: str, mask: Mask, hidden: Sequence[Span]) -> str:
    """*text* without secrets, and without characters that would steer a terminal."""
    shown, at = "", 0
    for start, end in sorted(hidden):
        if at <= start < len(text):
            shown += mask(text[at:start]) + "***"
            at = end
    shown += mask(text[at:])
    return "".join(char if char.isprintable() or char == "\t" else "�" for char in shown)


def _spans(secrets: Sequence[Node], name: str, line: int) -> Iterator[Span]:
    """Where *secrets* stand in one line."""
    for node in secrets:
        start, end = node.start_mark, node.end_mark
        if start.name == name and start.line <= line <= end.line:
            first = start.column if start.line == line else 0
            last = end.column if end.line == line else 1 << 30
            if first < last:
                yield first, last


def written_secrets(root: MappingNode, path: Path, checker: Checker) -> Iterator[Node]:
    """The scalars below *path* that are secret as a whole and were written out."""
    node, _, real = find(root, path)
    if len(real) == len(path):
        yield from _secrets_below(node, (), checker)


def scalars(root: MappingNode, path: Path) -> Iterator[Node]:
    """All scalars below *path*."""
    node, _, real = find(root, path)
    found = [node] if len(real) == len(path) else []
    while found:
        node = found.pop()
        if isinstance(node, ScalarNode):
            yield node
        else:
            found.extend(children(node))


def values(node: Node) -> Iterator[Node]:
    """All scalars at and below *node* that are no keys."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, MappingNode):
        for _, value in node.value:
            yield from values(value)
    else:
        for item in node.value:
            yield from values(item)


def _secrets_below(node: Node, below: Path, checker: Checker) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            name = key_of(key)
            if name is not None:
                yield from _secrets_below(value, (*below, name), checker)
    elif isinstance(node, SequenceNode):
        for i, item in enumerate(node.value):
            yield from _secrets_below(item, (*below, i), checker)
    elif isinstance(node, ScalarNode) and _hides(node.value, below, checker):
        yield node


def _hides(text: str, below: Path, checker: Checker) -> bool:
    """Whether *text*, at the path *below* of a kind's options, must not be shown."""
    if _REFERENCES_ONLY.fullmatch(text):
        return False
    telling = bool(below) and _TELLING.search(str(below[-1])) is not None
    return telling or checker.secret(below)
