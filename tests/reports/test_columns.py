"""Columns line up wherever a character takes two cells, or none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synthetics.reports import columns

TEXTS = st.text(st.sampled_from("aé 本店カー\u0301\u200b…"), max_size=30)


@given(TEXTS, st.integers(1, 40))
def test_left_and_clip_take_exactly_the_cells_they_are_given(text: str, cells: int) -> None:
    assert columns.width(columns.left(text, cells)) == cells
    assert columns.width(columns.clip(text, cells)) <= cells


@given(TEXTS, st.integers(8, 40))
def test_wrapped_lines_fit_and_lose_nothing_but_space(text: str, cells: int) -> None:
    lines = columns.wrap(text, cells, first="- ", others="  ")

    assert all(columns.width(line) <= cells for line in lines)
    assert "".join(lines).replace(" ", "").removeprefix("-") == text.replace(" ", "")


def test_a_wide_character_that_does_not_fit_is_left_out_whole() -> None:
    assert columns.clip("本店本店", 6) == "本店…"
    assert columns.left("本店本店", 6) == "本店… "


def test_a_table_lines_up_and_cuts_words_but_no_numbers() -> None:
    rows = [
        ("Service", "SLO", "Available"),
        ("本店", "checkout-availability-of-the-main-shop", "99.98%"),
        ("shop", "home", "100%"),
    ]

    lines = columns.table(rows, numbers=frozenset({2}), cells=40)

    assert lines == [
        "Service  SLO                   Available",
        "本店     checkout-availabili…     99.98%",
        "shop     home                       100%",
    ]
    assert {columns.width(line) for line in lines} == {40}


def test_columns_without_room_go_in_the_order_that_is_asked_for() -> None:
    rows = [("NAME", "NOTE", "LEFT"), ("checkout", "x" * 40, "12%")]

    def heads(cells: int) -> list[str]:
        return columns.narrowed(rows, spare=("NOTE", "LEFT"), cells=cells)[0]

    assert heads(32) == ["NAME", "NOTE", "LEFT"], "8 + 16 of 40 + 4, and the gaps"
    assert heads(31) == ["NAME", "LEFT"]
    assert heads(13) == ["NAME"]
    assert heads(1) == ["NAME"], "what is not spare stays"
