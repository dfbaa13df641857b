"""Durations, sizes and texts, as people write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from probes.fields import (
    Capture,
    Refused,
    Secret,
    SecretText,
    Template,
    parse_duration,
    parse_size,
    read_template,
    said,
)

UNITS_MS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}


@given(
    st.lists(st.tuples(st.integers(1, 50), st.sampled_from(list(UNITS_MS))), min_size=1, max_size=8)
)
def test_the_parts_of_a_duration_add_up(parts: list[tuple[int, str]]) -> None:
    written = "".join(f"{number}{unit}" for number, unit in parts)

    meant = sum(number * UNITS_MS[unit] for number, unit in parts)

    assert parse_duration(written) == timedelta(milliseconds=meant)


@pytest.mark.parametrize(
    ("written", "ms"), [("1.5s", 1500), ("0.001s", 1), ("0.5d", 43_200_000), ("1h30m", 5_400_000)]
)
def test_a_duration_is_exact(written: str, ms: int) -> None:
    assert parse_duration(written) == timedelta(milliseconds=ms)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (30, "30 has no unit"),
        (True, "`true` is not a duration"),
        (None, "nothing is not a duration"),
        ([], "a list is not a duration"),
        ("", "an empty text is not a duration"),
        ("30", "`30` is not a duration"),
        ("30s\n", "`30s` is not a duration"),
        ("s", "`s` is not a duration"),
        ("-5s", "`-5s` is not a duration"),
        ("30 s", "`30 s` is not a duration"),
        ("٣s", "`٣s` is not a duration"),
        ("0s", "`0s` is no time at all"),
        ("0.5ms", "`0.5ms` is finer than a millisecond"),
        ("0.0001s", "`0.0001s` is finer than a millisecond"),
        ("3661d", "`3661d` is longer than ten years"),
        ("9" * 5000 + "s", f"`{'9' * 59}…` is not a duration"),
    ],
)
def test_what_is_no_duration_is_refused(written: object, what: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_duration(written)

    assert caught.value.what == what
    assert caught.value.mend


@pytest.mark.parametrize(
    ("written", "size"),
    [("0B", 0), ("500B", 500), ("1kB", 1000), ("64KiB", 65_536), ("1MB", 10**6)],
)
def test_a_size_has_a_unit(written: str, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize("written", [5, True, None, "5", "5K", "1.5MiB", "-1B", "KiB"])
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(Refused):
        parse_size(written)


def test_a_text_is_its_literals_secrets_and_captures() -> None:
    template = read_template("a${env:KEY}b${csrf}c$${d}", lambda source, name: f"{source}-{name}")

    assert template == Template(("a", Secret("env-KEY"), "b", Capture("csrf"), "c", "${", "d}"))
    assert template.render({"csrf": "X"}) == "aenv-KEYbXc${d}"
    assert str(template) == "a***b${csrf}c${d}"
    assert template.captures == {"csrf"}
    assert "KEY" not in repr(template)


def test_without_a_way_to_look_up_a_secret_is_a_mask() -> None:
    assert read_template("${file:/key}", None).render() == "***"


@pytest.mark.parametrize("written", ["${}", "${vault:x}", "${a b}", "${1}"])
def test_what_is_no_reference_is_refused(written: str) -> None:
    with pytest.raises(Refused, match="is not a reference"):
        read_template(written, None)


@given(st.text(max_size=30))
def test_a_text_without_references_is_itself(text: str) -> None:
    if "${" not in text:
        assert read_template(text, None).render() == text


SECRET: TypeAdapter[Any] = TypeAdapter(SecretText)


def test_a_secret_that_was_written_out_is_kept_for_the_mask() -> None:
    kept: list[str] = []

    secret = SECRET.validate_python("hunter22", context={"resolve": None, "keep": kept.append})

    assert (secret.reveal(), str(secret), repr(secret)) == ("hunter22", "***", "Secret(***)")
    assert kept == ["hunter22"]


@pytest.mark.parametrize("written", [12345, "abc", "${csrf}"])
def test_a_secret_that_cannot_be_one_is_refused_without_being_repeated(written: object) -> None:
    with pytest.raises(ValidationError) as caught:
        SECRET.validate_python(written, context={"resolve": lambda *_: "", "keep": None})

    refused = caught.value.errors()[0]["ctx"]["error"]
    assert "12345" not in f"{refused.what} {refused.mend}"
    assert "abc" not in f"{refused.what} {refused.mend}"


def test_a_value_is_repeated_short_and_on_one_line() -> None:
    assert said("a\n  b") == "`a b`"
    assert said("x" * 100) == f"`{'x' * 59}…`"
    assert said(1.5) == "the number 1.5"
    assert said({}) == "a group of keys"
    assert said(object()) == "this"
