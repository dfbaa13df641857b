"""When failures are more than chance, and when an incident is over."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from itertools import combinations
from math import comb, log

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from slo.evidence import (
    ONCE_IN,
    SURE,
    chance_pages,
    fewest_bad,
    fewest_good,
    fewest_good_after,
    is_over,
    strongest,
)
from slo.history import Pool
from slo.runs import Mark
from slo.spans import Spans
from slo.tails import few_at_end_are_rare, log_at_least, many_are_rare
from slo.timeline import Timeline
from tests.slo.support import MINUTE, arrivals, every_minute, moments, pairs

THREE_NINES = Fraction("0.999")


def binomial_tail(failed: int, samples: int, chance: Fraction) -> Fraction:
    return sum(
        (
            comb(samples, many) * chance**many * (1 - chance) ** (samples - many)
            for many in range(failed, samples + 1)
        ),
        Fraction(0),
    )


@given(
    st.integers(1, 200),
    st.integers(0, 200),
    st.sampled_from(["0.5", "0.001", "0.05", "0.9", "0.0001"]),
)
def test_the_logarithm_of_a_tail_is_right_to_eight_digits(
    samples: int, failed: int, ratio: str
) -> None:
    assume(failed <= samples)
    exact = binomial_tail(failed, samples, Fraction(ratio))

    found = log_at_least(failed, samples, float(ratio))

    assert abs(found - (log(exact.numerator) - log(exact.denominator))) < 1e-8


@given(st.integers(1, 60), st.integers(0, 60), st.sampled_from(["1/2", "1/1000", "1/20"]))
def test_a_chance_that_meets_its_limit_is_rare_and_one_just_above_is_not(
    samples: int, failed: int, ratio: str
) -> None:
    """No float can tell them apart."""
    assume(failed <= samples)
    chance = Fraction(ratio)
    exact = binomial_tail(failed, samples, chance)

    assert many_are_rare(failed, samples, chance, exact)
    assert not many_are_rare(failed, samples, chance, exact * (1 - Fraction(1, 10**30)))


@given(st.integers(1, 7), st.integers(0, 7), st.integers(0, 5))
def test_fewer_at_the_end_are_as_rare_as_among_all_orders(
    others: int, samples: int, all_failed: int
) -> None:
    whole = others + samples
    assume(all_failed <= whole)
    orders = list(combinations(range(whole), all_failed))
    for failed in range(max(all_failed - others, 0), min(samples, all_failed) + 1):
        so_few = sum(sum(at >= others for at in order) <= failed for order in orders)
        exact = Fraction(so_few, len(orders))

        assert few_at_end_are_rare(failed, samples, all_failed, whole, exact)
        just_less = exact * (1 - Fraction(1, 10**30))
        assert not few_at_end_are_rare(failed, samples, all_failed, whole, just_less)


@given(arrivals, moments, moments, st.integers(1, 50), pairs)
def test_failures_are_those_of_every_sample_by_itself(
    samples: list[tuple[int, Mark]],
    after_ms: int,
    until_ms: int,
    most: int,
    aside: list[tuple[int, int]],
) -> None:
    timeline = Timeline()
    for at_ms, mark in samples:
        timeline.add(at_ms, mark)
    excluded = Spans.of(aside)
    expected = [
        at_ms
        for at_ms, mark in sorted(dict(samples).items())
        if after_ms < at_ms <= until_ms
        and mark in (Mark.BAD, Mark.BLIP)
        and not any(start <= at_ms < end for start, end in aside)
    ]

    assert timeline.failures(after_ms, until_ms, most, excluded) == expected[-most:]


def found_in(letters: str, objective: Fraction = THREE_NINES) -> tuple[bool, int | None]:
    group = strongest(Pool([every_minute(letters)]), objective, -1, len(letters) * MINUTE)
    return group.more_than_chance, group.from_ms and group.from_ms // MINUTE


@pytest.mark.parametrize(
    ("letters", "more"),
    [
        pytest.param("." * 50 + "x", False, id="one is never"),
        pytest.param("." * 50 + "xx", True, id="two in a row"),
        pytest.param("." * 50 + "x.x", False, id="two with one between come twice as often"),
        pytest.param("." * 50 + "x" + "." * 25 + "x.x", True, id="three in twenty-nine"),
        pytest.param("." * 50 + "x" + "." * 26 + "x.x", False, id="but not in thirty"),
        pytest.param(("." * 99 + "x") * 6, False, id="six of six hundred"),
        pytest.param(("." * 99 + "x") * 7, True, id="seven of seven hundred"),
        pytest.param("." * 50 + "bb", True, id="blips are failures here"),
        pytest.param("." * 50, False, id="nothing failed"),
    ],
)
def test_what_is_more_than_chance(letters: str, more: bool) -> None:
    assert found_in(letters)[0] is more


def test_a_gap_neither_is_evidence_nor_weakens_any() -> None:
    assert found_in("x" + "o" * 500 + " " * 500 + "x") == (True, 0)
    assert found_in("x." + "o" * 500 + " " * 500 + "x")[0] is False


def test_an_incident_began_with_the_failure_that_chance_explains_least() -> None:
    assert found_in("." * 10 + "x" + "." * 80 + "xxxx") == (True, 91)
    assert found_in("." * 10 + "x" + "." * 5 + "xxxx") == (True, 10)


def test_at_a_hundred_percent_two_failures_are_more_than_chance() -> None:
    assert found_in("x" + "." * 9 + "x", Fraction(1))[0]
    assert not found_in("." * 9 + "x", Fraction(1))[0]


def over(letters: str) -> bool:
    """Of what began with the first sample."""
    return is_over(Pool([every_minute(letters)]), -1, len(letters) * MINUTE)


def good_until_over(letters: str) -> int:
    return bisect_left(range(1000), 1, key=lambda good: over(letters + "." * good))


@pytest.mark.parametrize(
    ("incident", "good"),
    [
        pytest.param("xx", 15, id="two samples say little of what they came from"),
        pytest.param("xxx", 8, id="three more"),
        pytest.param("x" * 4, 7, id="a total outage"),
        pytest.param("x" * 500, 7, id="however long"),
        pytest.param("xxxxx.....xxxxx", 7, id="what flaps"),
        pytest.param(("x" + "." * 99) * 20 + "x", 518, id="one in a hundred"),
    ],
)
def test_how_many_good_samples_end_an_incident(incident: str, good: int) -> None:
    assert good_until_over(incident) == good
    assert not over(incident + " " * 500 + "o" * 500)


def test_a_stray_failure_afterwards_only_delays_the_end() -> None:
    assert over("x" * 30 + "." * 20 + "x" + "." * 3)
    assert not over("x" * 30 + "." * 3 + "x" + "." * 3)


def test_where_no_failure_is_known_any_more_a_few_good_samples_end_it() -> None:
    assert not over("." * 6)
    assert over("." * 7)


def test_what_is_said_beforehand_is_what_happens() -> None:
    assert fewest_bad(THREE_NINES) == 2
    assert fewest_bad(Fraction("0.995")) == 3
    assert fewest_good(0, 1) == 7
    assert [fewest_good_after(failed) for failed in (2, 3, 4)] == [15, 8, 7]


@pytest.mark.parametrize("objective", ["0.9", "0.99", "0.999", "0.9999"])
def test_what_chance_can_do_is_bounded(objective: str) -> None:
    """A service that just keeps its objective pages at one sample in `ONCE_IN` at most."""
    promised = Fraction(objective)

    assert chance_pages(promised, 1 - promised, 1000) <= 1 / ONCE_IN


def test_no_end_is_looked_at_that_coins_could_bring() -> None:
    for number in range(1, 6):
        least = fewest_good(number - 1, number)
        chance = sum(comb(least, few) for few in range(number)) / 2**least

        assert chance <= 1 / (SURE * number * (number + 1))
