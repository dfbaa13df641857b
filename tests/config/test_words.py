"""Whatever the validator finds is said in words for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args

import pytest
from annotated_types import Ge, Le, MultipleOf
from pydantic import ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, core_schema

from synthetics.config.checker import Checker, by_place
from synthetics.config.words import (
    EXPECTED,
    LIMITS,
    MISSING_KEY,
    OTHERS,
    UNKNOWN_KEY,
    did_you_mean,
    in_words,
    listed,
    nearest,
    several,
)

BY_HAND = {
    "value_error",
    "assertion_error",
    "literal_error",
    "enum",
    "union_tag_invalid",
    "union_tag_not_found",
}
CONTEXT = {
    "gt": 1,
    "ge": 1,
    "lt": 9,
    "le": 9,
    "multiple_of": 2,
    "min_length": 2,
    "max_length": 9,
    "pattern": "^a$",
    "expected": "'page' or 'ticket'",
    "expected_tags": "'a', 'b'",
    "tag": "c",
    "discriminator": "'kind'",
    "expected_schemes": "'http' or 'https'",
    "max_digits": 3,
    "decimal_places": 2,
    "whole_digits": 1,
    "error": ValueError("it is raining"),
}
JARGON = ("input", "valid ", "instance", "validat", "none", "dict", "str", "discriminator", "ctx")


def test_every_error_that_the_validator_knows_has_words() -> None:
    known = {*EXPECTED, *LIMITS, *MISSING_KEY, *UNKNOWN_KEY, *OTHERS, *BY_HAND}

    assert known == set(get_args(core_schema.ErrorType))


@pytest.mark.parametrize("kind", sorted({*EXPECTED, *LIMITS, *OTHERS, *BY_HAND}))
def test_words_are_for_people_and_can_leave_the_value_out(kind: str) -> None:
    values: tuple[Any, ...] = ("hunter22", 5, True, [], {}, None)
    for value in values:
        error = ErrorDetails(type=kind, loc=(), msg="", input=value, ctx=CONTEXT)

        what, mend = in_words(error)

        assert what
        assert not [word for word in JARGON if word in f"{what} {mend}".lower()]
        assert "hunter22" not in " ".join(in_words(error, secret=True))
        assert "hunter22" not in " ".join(several([error, error], secret=True))


def test_the_nearest_word_is_named_and_otherwise_all() -> None:
    assert nearest("Tiemout", ["every", "timeout"]) == "timeout"
    assert nearest("colour", ["every", "timeout"]) is None
    assert did_you_mean("colour", ["every", "timeout"]) == "write one of every or timeout"
    assert did_you_mean("colour", [], none="add one") == "add one"
    assert listed([f"p{i}" for i in range(14)]).endswith("p11 or 2 more")


@dataclass
class Inner:
    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Annotated[str, StringConstraints(max_length=3)]
    flag: bool = False


@dataclass
class Outer:
    __pydantic_config__ = ConfigDict(extra="forbid")
    size: Annotated[int, Ge(1), Le(9), MultipleOf(2)] = 2
    maybe: int | None = None
    either: int | Inner | None = None
    many: Mapping[str, Inner] | None = None
    rate: float = 1.0


def problems(data: Any) -> list[tuple[tuple[str | int, ...], str]]:
    checker = Checker.of(Outer)
    with pytest.raises(ValidationError) as caught:
        checker(data, {})
    found = by_place(caught.value.errors(include_url=False), data)
    return [
        (path, several(errors)[0] if len(errors) > 1 else in_words(errors[0])[0])
        for path, errors in found
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"size": "4"}, [(("size",), "`4` is not a whole number")]),
        ({"size": True}, [(("size",), "`true` is not a whole number")]),
        ({"size": 4.0}, [(("size",), "the number 4.0 is not a whole number")]),
        ({"size": 12}, [(("size",), "the number 12 is above 9")]),
        ({"size": 3}, [(("size",), "the number 3 is not a multiple of 2")]),
        ({"maybe": None}, [(("maybe",), "nothing is not a whole number")]),
        ({"either": "a"}, [(("either",), "`a` is neither a whole number nor a group of keys")]),
        ({"either": {"name": 5}}, [(("either", "name"), "the number 5 is not text")]),
        ({"either": {"name": "long", "flag": 1}}, [
            (("either", "name"), "`long` is too long"),
            (("either", "flag"), "the number 1 is not true or false"),
        ]),
        ({"many": {"a": {"name": 1}}}, [(("many", "a", "name"), "the number 1 is not text")]),
        ([], [((), "a list is not a group of keys")]),
    ],
)  # fmt: skip
def test_scalars_are_taken_only_as_what_they_are(
    data: Any, expected: list[tuple[tuple[str | int, ...], str]]
) -> None:
    assert problems(data) == expected


def test_a_whole_number_is_a_number_and_what_is_not_written_has_its_default() -> None:
    assert Checker.of(Outer)({"rate": 2}, {}) == Outer(rate=2)


def test_the_keys_and_secrets_of_a_place_are_known_from_the_schema() -> None:
    checker = Checker.of(Outer)

    assert checker.keys(("either",)) == ["name", "flag"]
    assert checker.keys(("many", "anything")) == ["name", "flag"]
    assert not checker.secret(("either", "name"))
