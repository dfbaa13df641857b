"""Lines that fit the terminal: rows of times, and values that go on below themselves."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from textwrap import wrap

import click

from synthetics.reports.columns import left, width

WIDTH = 80
"""Cells of a line; a narrower terminal gets less, and a pipe this."""
LEAST = 40
NAME_WIDTH = 21
HEADS = ("total", "resolve", "connect", "tls", "first", "rest")

_CELL = 8
_TOGETHER = "\N{NO-BREAK SPACE}"
_INDENT = 6
_SHORTEST_NAME = 8
_LEFT = 15
"""Cells before a value: its name, and space around it."""
_PIECES = re.compile(r"[\u2e80-\U0003ffff]|[^\s\u2e80-\U0003ffff]+\s*|\s+")
"""What a line may break after: a word, or a character of a script without spaces."""


def room() -> int:
    """Cells of a line."""
    if not sys.stdout.isatty():
        return WIDTH
    return max(LEAST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def wrapped(text: str, cells: int, *, indent: str = "") -> list[str]:
    """*text* in lines of at most *cells* cells, each behind *indent*."""
    if width(text) == len(text):
        return wrap(
            text, cells, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )
    lines, line = [], indent
    for piece in _PIECES.findall(text):
        if width(line + piece.rstrip()) > cells and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += piece
        while width(line) > cells and len(line) > cells:
            lines.append(line[:cells])
            line = indent + line[cells:]
    return [*lines, line.rstrip()]


def head() -> Iterator[str]:
    """The names of the columns of `row`; none where a row says them itself."""
    if _names() >= _SHORTEST_NAME:
        columns = "".join(title.rjust(_CELL) for title in HEADS)
        yield click.style(f"{'':{_INDENT + _names()}}{columns}", dim=True)


def row(name: str, each: Sequence[float | None], *, sign: str = " ") -> Iterator[str]:
    """
    One row of times.

    Args:
        name: Of the step; may be empty.
        each: Seconds, as `HEADS` says; ``None`` for what never happened.
        sign: One cell before the name.
    """
    if _names() >= _SHORTEST_NAME:
        times = (time(value) if value is not None else "–" for value in each)
        yield f"    {sign} {left(name, _names())}{''.join(one.rjust(_CELL) for one in times)}"
        return
    if name:
        yield f"    {sign} {name}"
    said = [
        f"{what} {time(value)}".replace(" ", _TOGETHER)
        for what, value in zip(HEADS, each, strict=True)
        if value is not None
    ]
    for line in wrapped(", ".join(said), room(), indent=" " * _INDENT):
        yield line.replace(_TOGETHER, " ")


def fact(name: str, value: str) -> Iterator[str]:
    """A name and its value; the line breaks of the value stay."""
    shown = click.style(f"{name:9}", dim=True)
    for line in value.splitlines() or [""]:
        plain = "".join(char if char.isprintable() else " " for char in line)
        indent = plain[: len(plain) - len(plain.lstrip())][: WIDTH // 4]
        for piece in wrapped(plain.strip(), room() - _LEFT, indent=indent) or [""]:
            yield f"    {shown}  {piece}".rstrip()
            shown = " " * 9


def time(seconds: float) -> str:
    """A duration in at most seven characters."""
    if seconds >= 9.9995:
        return f"{seconds:.1f} s"
    if seconds >= 0.00995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds * 1000:.1f} ms"


def _names() -> int:
    """Cells for the name of a row."""
    return min(NAME_WIDTH, room() - _INDENT - _CELL * len(HEADS))
