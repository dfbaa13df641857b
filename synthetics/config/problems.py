"""Mistakes in a configuration, as values, and as the text that people read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    One mistake and its place; no field ever holds a secret.

    Attributes:
        file: As it was given on the command line, or found in the directory.
        line: From 1; 0 for a problem of the file as a whole.
        column: From 1, in characters; 0 with *line* 0.
        path: Dotted, such as ``probes.checkout.timeout``; empty at the top.
        what: What is wrong, one line.
        mend: What to write instead, one line; may be empty.
        source_line: The line as written, secrets masked; ``None`` where there is none to show.
        shown_column: Where *column* falls in *source_line*, from 1; masking moves it.
        width: How many characters of *source_line* are meant, >= 1.
    """

    file: str
    line: int
    column: int
    path: str
    what: str
    mend: str = ""
    source_line: str | None = None
    shown_column: int = 1
    width: int = 1

    @property
    def place(self) -> str:
        """``file:line:column``, or only the file."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        path = f"{self.path}: " if self.path else ""
        return f"{self.place}: {path}{self.what}"


class ConfigError(Exception):
    """
    The configuration cannot be taken.

    Args:
        problems: All of them, in file order, at least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


def render(problems: Sequence[Problem], *, therefore: str = "nothing was started") -> str:
    """
    All *problems* with their source lines, how many there are, and what follows.

    Ends with a newline.
    """
    blocks = [_block(problem) for problem in problems]
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'} found"
    return "\n".join([*blocks, f"{count}; {therefore}.\n"])


def _block(problem: Problem) -> str:
    lines = [str(problem)]
    if problem.source_line is not None:
        before = problem.source_line[: problem.shown_column - 1]
        meant = problem.source_line[problem.shown_column - 1 :][: problem.width]
        carets = "^" * max(1, _cells(meant))
        lines.append(f"{problem.line:>9} | {problem.source_line}".rstrip())
        lines.append(f"{'|':>11} {_blank(before)}{carets}")
    if problem.mend:
        lines.append(f"          to mend: {problem.mend}")
    return "\n".join(lines) + "\n"


def _cells(text: str) -> int:
    """How many terminal cells *text* takes: East Asian wide characters take two."""
    return sum(_width(char) for char in text)


def _blank(text: str) -> str:
    """White space as wide as *text*; tabs stay, since only the terminal knows their width."""
    return "".join(char if char == "\t" else " " * _width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
