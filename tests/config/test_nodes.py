"""From YAML text to plain data: strictly, with places, and without harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetics.config.nodes import construct, dotted, find, plain
from synthetics.config.syntax import DEEPEST, Misread, compose


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("0", 0),
        ("-17", -17),
        ("0.5", 0.5),
        ("no", "no"),
        ("True", "True"),
        ("10:30", "10:30"),
        ("1e3", "1e3"),
        ("0x1f", "0x1f"),
        ("007", "007"),
        ("1_000", "1_000"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("2026-11-01", "2026-11-01"),
        ("99999999999999999999999", 99999999999999999999999),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_only_plain_numbers_booleans_and_null_are_more_than_text(
    written: str, meant: object
) -> None:
    assert plain(written) == meant
    assert type(plain(written)) is type(meant)


def test_what_is_quoted_is_text_and_keys_are_text_as_written() -> None:
    data, misreads = construct(compose("'true': '5'\n200: \"null\"\nno: |\n  1\n", "a.yaml"))

    assert data == {"true": "5", "200": "null", "no": "1\n"}
    assert misreads == []


def test_a_place_is_counted_in_characters_and_leaves_out_what_is_not_there() -> None:
    root = compose("a: [カート, {b: 1}]\n", "a.yaml")

    node, key, real = find(root, ("a", "some branch", 1, "b"))

    assert (node.start_mark.line, node.start_mark.column, node.start_mark.name) == (0, 13, "a.yaml")
    assert key is not None
    assert real == ("a", 1, "b")


def test_an_alias_repeats_and_is_found_where_it_was_anchored() -> None:
    root = compose("a: &x {b: 1}\nc: *x\n", "a.yaml")

    assert construct(root) == ({"a": {"b": 1}, "c": {"b": 1}}, [])
    assert find(root, ("c", "b"))[0].start_mark.line == 0


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_open_brackets_without_end_are_refused_before_the_stack_overflows(opening: str) -> None:
    with pytest.raises(Misread, match=f"more than {DEEPEST} levels"):
        compose(f"a:\n {opening * 100_000}", "deep.yaml")


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#\n\t ,?%@`0.~<\\\x00\x07é😀"), max_size=60))
def test_any_text_is_data_or_a_misread_at_a_place(text: str) -> None:
    try:
        data, misreads = construct(compose(text, "any.yaml"))
    except Misread as only:
        misreads = [only]
    else:
        assert isinstance(data, dict)
    for misread in misreads:
        assert misread.what
        assert misread.mark.line >= 0
        assert misread.mark.column >= 0


def test_a_path_is_dotted_and_other_keys_than_words_are_quoted() -> None:
    assert dotted(("probes", "shop-home", "journey", 1, "$.a b")) == (
        'probes.shop-home.journey[1]."$.a b"'
    )
