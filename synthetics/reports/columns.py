"""Columns of text that line up on a terminal, also where 本店 takes two cells a character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache


def width(text: str) -> int:
    """Cells that *text* takes: two for wide characters, none for those that join the one before."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(_cells, text))


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


def narrowed(
    rows: Sequence[Sequence[str]], *, spare: Sequence[str], cells: int, least: int = 16
) -> list[list[str]]:
    """
    Rows without the columns that *cells* cells have no room for, the first being the heads.

    The columns headed as *spare* says go, the first of them first, until each of those that
    stay has its width or at least *least* cells of it.
    """
    kept = list(range(len(rows[0])))
    needs = [min(max(width(row[column]) for row in rows), least) for column in kept]
    for head in spare:
        if sum(needs[column] for column in kept) + 2 * (len(kept) - 1) <= cells:
            break
        kept.remove(rows[0].index(head))
    return [[row[column] for column in kept] for row in rows]


def wrap(text: str, cells: int, *, first: str = "", others: str = "") -> list[str]:
    """
    *text* broken between words into lines of at most *cells* cells, each after its indent.

    Text without spaces, as in Japanese, is broken between any two wide characters, and a
    word longer than a line wherever the line ends.
    """
    if width(first + text) <= cells:
        return [(first + text.lstrip(" ")).rstrip(" ")]
    lines, line, indent = [], first, first
    for piece in _pieces(text, cells - max(width(first), width(others))):
        if width(line + piece.rstrip(" ")) > cells and line != indent:
            lines.append(line.rstrip(" "))
            line = indent = others
        line += piece.lstrip(" ") if line == indent else piece
    return [*lines, line.rstrip(" ")]


def _pieces(text: str, cells: int) -> Iterator[str]:
    """Words with the space after them, wide characters by themselves, long words in parts."""
    piece = ""
    for char in text:
        wide = _cells(char) == 2 or (_cells(char) == 1 and _ends_wide(piece))
        ended = piece.endswith(" ") and char != " "
        if piece and (ended or wide or (char != " " and width(piece + char) > cells)):
            yield piece
            piece = ""
        piece += char
    if piece:
        yield piece


def _ends_wide(piece: str) -> bool:
    return any(_cells(char) == 2 for char in piece)


@cache
def _cells(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
