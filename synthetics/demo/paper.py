"""How the story looks: rows with times, and a page as a card; 80 columns, colours where wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TextIO

import click

from synthetics.reports.columns import left, width, wrap

_LABEL_COLUMNS = 10
_INDENT = 10 + _LABEL_COLUMNS


class Paper:
    """
    Writes the story to *stream*, plain in a pipe.

    Args:
        stream: Where to write.
        cells: Columns to fill, >= 40.
        environ: Read for ``NO_COLOR``.
    """

    def __init__(
        self, stream: TextIO, *, cells: int = 80, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._stream = stream
        self._cells = cells
        self._coloured = stream.isatty() and not environ.get("NO_COLOR")

    def line(self, text: str = "", **style: Any) -> None:
        """One line as it is, in a `click.style`."""
        shown = click.style(text, **style) if style and self._coloured else text
        click.echo(shown, file=self._stream, color=self._coloured)
        self._stream.flush()

    def heading(self, text: str) -> None:
        """A line over the whole width that opens a chapter."""
        rule = "─" * max(2, self._cells - width(text) - 4)
        self.line()
        self.line(f"── {text} {rule}", bold=True)
        self.line()

    def row(self, at: datetime, label: str, text: str, **style: Any) -> None:
        """What happened at a time, with a word that can be found at a glance."""
        indent = " " * _INDENT
        first, *rest = wrap(text, self._cells, first=indent, others=indent)
        word = label.ljust(_LABEL_COLUMNS)
        if self._coloured and style:
            word = click.style(word, **style)
        self.line(f"{at:%H:%M:%S}  {word}{first[_INDENT:]}")
        for more in rest:
            self.line(more)

    def note(self, text: str) -> None:
        """A paragraph."""
        for line in wrap(text, self._cells):
            self.line(line)

    def card(self, fields: Mapping[str, Any]) -> None:
        """All *fields*, nested ones indented, each value whole."""
        for line in _card_lines(fields, self._cells - 4):
            self.line(f"  │ {line}")


def _card_lines(fields: Mapping[str, Any], cells: int) -> Iterator[str]:
    longest = max((width(key) for key in fields), default=0)
    for key, value in fields.items():
        if isinstance(value, Mapping) and value:
            yield key
            yield from (f"  {line}" for line in _card_lines(value, cells - 2))
            continue
        if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            for item in value:
                yield key
                yield from (f"  {line}" for line in _card_lines(item, cells - 2))
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lead = left(key, longest + 2)
        yield from wrap(text, cells, first=lead, others=" " * len(lead)) or [lead.rstrip()]
