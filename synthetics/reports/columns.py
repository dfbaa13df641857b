"""Columns of text that line up on a terminal, also where 本店 takes two cells a character."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Cells that *text* takes: two for wide characters, none for those that join the one before."""
    return sum(_cells(char) for char in text)


def left(text: str, cells: int) -> str:
    """*text* at the left of *cells* cells; cut with an ellipsis if it takes more."""
    text = clip(text, cells)
    return text + " " * (cells - width(text))


def right(text: str, cells: int) -> str:
    """*text* at the right of *cells* cells; never cut, for a number that is cut is another one."""
    return " " * (cells - width(text)) + text


def clip(text: str, cells: int) -> str:
    """*text* in at most *cells* cells, with an ellipsis where something was cut off."""
    if width(text) <= cells:
        return text
    kept, free = "", cells - 1
    for char in text:
        free -= _cells(char)
        if free < 0:
            break
        kept += char
    return kept + "…"


def table(rows: Sequence[Sequence[str]], *, numbers: frozenset[int], cells: int) -> list[str]:
    """
    Rows as lines of at most *cells* cells, the first row being the heads.

    Columns in *numbers* stand at the right and are never cut; the others give way, the
    widest first, down to eight cells each.
    """
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    words = [column for column in range(len(widths)) if column not in numbers]
    gaps = 2 * (len(widths) - 1)
    while sum(widths) + gaps > cells:
        widest = max(words, key=lambda column: widths[column])
        if widths[widest] <= 8:
            break
        widths[widest] -= 1
    return [
        "  ".join(
            (right if column in numbers else left)(cell, widths[column])
            for column, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def wrap(text: str, cells: int, *, first: str = "", others: str = "") -> list[str]:
    """
    *text* broken between words into lines of at most *cells* cells, each after its indent.

    Text without spaces, as in Japanese, is broken between any two wide characters.
    """
    if width(text) == len(text):
        return textwrap.wrap(text, cells, initial_indent=first, subsequent_indent=others)
    lines, line = [], first
    for piece in _pieces(text):
        if width(line + piece.rstrip()) > cells and line.strip():
            lines.append(line.rstrip())
            line = others + piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    """Words with the space after them, and wide characters each by itself."""
    pieces = [""]
    for char in text:
        if _cells(char) == 2 or (pieces[-1] and _cells(pieces[-1][-1]) == 2):
            pieces.append(char)
        else:
            pieces[-1] += char
            if char == " ":
                pieces.append("")
    return [piece for piece in pieces if piece]


def _cells(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
