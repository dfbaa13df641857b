"""Rows of times and long values fit the terminal, in any script."""

from __future__ import annotations

import pytest

from synthetics.cli.asking.lines import head, row, wrapped
from synthetics.reports.columns import width


def test_a_narrow_terminal_gets_its_rows_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthetics.cli.asking.lines.room", lambda: 40)

    rows = [*head(), *row("log-in", [0.5, None, 0.0031, None, 0.4, 0.002], sign="✓")]

    assert rows == [
        "    ✓ log-in",
        "      total 500 ms, connect 3.1 ms,",
        "      first 400 ms, rest 2.0 ms",
    ]


def test_names_give_way_before_times_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthetics.cli.asking.lines.room", lambda: 64)

    (line,) = row("本店にログインする", [0.5, None, 0.0031, None, 0.4, 0.002])

    assert width(line) == 64
    assert line.endswith("本店にロ…   500 ms       –  3.1 ms       –  400 ms  2.0 ms")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["  one two", "  three"]),
        ("本店の 状態は good です", ["  本店の", "  状態は", "  good で", "  す"]),
        ("é" * 20, ["  " + "é" * 8, "  " + "é" * 8, "  " + "é" * 4]),
        ("本" + "x" * 20, ["  本", "  xxxxxxxx", "  xxxxxxxx", "  xxxx"]),
    ],
)
def test_a_text_is_wrapped_by_the_cells_that_it_takes(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10, indent="  ") == lines
