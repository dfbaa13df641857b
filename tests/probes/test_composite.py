"""Kind ``composite``: what members come to together, also where some are not known."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.composite import Options, combine, steps, taken_together
from probes.result import Outcome, Result

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
LETTERS = {"g": Outcome.GOOD, "b": Outcome.BAD, "v": Outcome.VOID}


def options(written: Any) -> Options:
    return TypeAdapter(Options).validate_python(written)


def seen(letter: str, took_s: float = 0.1) -> Result:
    outcome = LETTERS[letter]
    return Result(
        started_at=NOON,
        duration_s=took_s,
        outcome=outcome,
        reason={"g": "", "b": "timeout", "v": "no-sockets"}[letter],
        detail="" if letter == "g" else "not done after 5 s",
    )


def rounds(letters: str) -> dict[str, Result]:
    """Members a, b, c by what they came to; a dot is none."""
    return {
        name: seen(letter) for name, letter in zip("abc", letters, strict=True) if letter != "."
    }


@pytest.mark.parametrize(
    ("written", "letters", "outcome"),
    [
        ({"any": ["a", "b", "c"]}, "bbg", "g"),
        ({"any": ["a", "b", "c"]}, "v.g", "g"),
        ({"any": ["a", "b", "c"]}, "bbb", "b"),
        ({"any": ["a", "b", "c"]}, "bbv", "v"),
        ({"any": ["a", "b", "c"]}, "b..", "v"),
        ({"all": ["a", "b", "c"]}, "ggg", "g"),
        ({"all": ["a", "b", "c"]}, "vvb", "b"),
        ({"all": ["a", "b", "c"]}, "..b", "b"),
        ({"all": ["a", "b", "c"]}, "ggv", "v"),
        ({"at_least": 2, "of": ["a", "b", "c"]}, "gg.", "g"),
        ({"at_least": 2, "of": ["a", "b", "c"]}, "gbv", "v"),
        ({"at_least": 2, "of": ["a", "b", "c"]}, "bb.", "b"),
    ],
)
def test_what_is_not_known_counts_only_where_it_would_make_a_difference(
    written: Any, letters: str, outcome: str
) -> None:
    result = combine(options(written), rounds(letters))

    assert result.outcome is LETTERS[outcome]
    assert result.reason == {"g": "", "b": "too-few-good", "v": "members-unknown"}[outcome]


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_it_is_void_exactly_if_the_unknown_could_turn_it_either_way(needed: int) -> None:
    """Every way in which three members can be, held against all that the unknown may have been."""
    written = options({"at_least": needed, "of": ["a", "b", "c"]})

    for letters in product("gbv", repeat=3):
        worlds = product(*("gb" if letter == "v" else letter for letter in letters))
        could_be = {world.count("g") >= needed for world in worlds}
        expected = (
            Outcome.VOID if len(could_be) == 2 else LETTERS["g" if could_be == {True} else "b"]
        )

        assert taken_together(written, [LETTERS[letter] for letter in letters]) is expected


def test_it_takes_as_long_as_those_that_were_needed() -> None:
    results = {"a": seen("g", 0.3), "b": seen("g", 0.1), "c": seen("b", 5)}

    took = [
        combine(options(written), results).duration_s
        for written in (
            {"any": ["a", "b", "c"]},
            {"at_least": 2, "of": ["a", "b", "c"]},
            {"all": ["a", "b", "c"]},
        )
    ]

    assert took == [0.1, 0.3, 5]


def test_a_failure_keeps_who_failed_and_why() -> None:
    result = combine(options({"at_least": 2, "of": ["a", "b", "c"]}), rounds("gb."))
    worse = combine(options({"all": ["a", "b", "c"]}), rounds("gb."))

    assert result.detail == "1 of 3 good: b: timeout: not done after 5 s; c: no sample"
    assert worse.evidence is not None
    assert worse.evidence.request == "all of a, b, c"
    assert worse.evidence.body == "a: good\nb: timeout: not done after 5 s\nc: no sample\n"
    assert (worse.evidence.expected, worse.evidence.actual) == ("at least 3 good", "1 good")
    assert [step.name for step in worse.steps] == ["a", "b"]
    assert steps(options({"any": ["a", "b"]})) == ("a", "b")


def test_many_members_with_much_to_say_still_fit_one_line() -> None:
    names = [f"a-probe-with-a-long-name-{n}" for n in range(100)]

    result = combine(options({"all": names}), {name: seen("b") for name in names})

    assert len(result.detail) == 200


def test_a_round_without_any_sample_is_no_round() -> None:
    with pytest.raises(ValueError, match="no member"):
        combine(options({"any": ["a"]}), {})


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({}, "one of `any`, `all` and `at_least`"),
        ({"any": ["a"], "all": ["b"]}, "one of `any`, `all` and `at_least`"),
        ({"any": []}, "at least 1 item"),
        ({"any": [1]}, "the number 1 is not a probe"),
        ({"at_least": 2}, "says how many, and `of` of which"),
        ({"of": ["a"]}, "says how many, and `of` of which"),
        ({"at_least": 3, "of": ["a", "b"]}, "of 2 probes, 3 are never good"),
        ({"all": ["a", "b", "a"]}, "`a` is here twice"),
        ({"some": ["a"]}, "some"),
    ],
)
def test_what_is_refused(written: Any, what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        options(written)
