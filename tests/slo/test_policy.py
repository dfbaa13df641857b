"""Tiers and decisions (R7), strictly and exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.budget import INFINITE, burn_rate
from slo.counts import Counts
from slo.history import History
from slo.policy import (
    QUIET,
    Cause,
    NoData,
    Reset,
    State,
    Tier,
    decide,
    default_tiers,
    factor_for_share,
)
from slo.runs import Mark
from slo.timeline import Timeline
from tests.slo.support import DAY, HOUR, MINUTE, every_minute, history_of, steady

THREE_NINES = Fraction("0.999")
FAST = Tier(
    name="fast", severity="page", long_ms=HOUR, short_ms=5 * MINUTE, factor=Fraction("14.4")
)


class Windows:
    """A history of which nothing is known but what its windows hold."""

    def __init__(self, by_length: dict[int, Counts]) -> None:
        self.by_length = by_length

    def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
        return self.by_length[until_ms - after_ms]

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        raise AssertionError("R7 asks no more than what windows hold")

    def apart(self) -> Sequence[History]:
        return (self,)


def of_counts(long: Counts, short: Counts) -> dict[int, Counts]:
    return {FAST.long_ms: long, FAST.short_ms: short}


def decided(
    windows: dict[int, Counts],
    *,
    objective: Fraction = THREE_NINES,
    firing: bool = False,
    no_data: NoData = NoData.HOLD,
) -> tuple[bool, Cause]:
    decision = decide(
        FAST,
        objective,
        Windows(windows),
        9 * HOUR,
        state=State(firing),
        no_data=no_data,
        reset=Reset.WINDOW,
    )
    return decision.firing, decision.cause


def test_a_threshold_that_is_met_is_not_passed() -> None:
    """72 errors in 10,000 at 99.95 % burn at 14.4; as floats, at 14.400000000001585."""
    at, over = Counts(good=9_928, bad=72), Counts(good=9_927, bad=73)
    objective = Fraction("0.9995")

    assert burn_rate(at, objective) == FAST.factor
    assert decided(of_counts(at, over), objective=objective) == (False, Cause.LONG_WITHIN)
    assert decided(of_counts(over, at), objective=objective) == (False, Cause.SHORT_WITHIN)
    assert decided(of_counts(over, over), objective=objective) == (True, Cause.BURNING)


def test_one_lost_packet_in_an_hour_pages_nobody() -> None:
    """At one sample a minute it burns at 16.7, which by the book is a page."""
    timeline = every_minute("." * 59 + "x")

    decision = decide(FAST, THREE_NINES, history_of(timeline), 59 * MINUTE, state=QUIET)

    assert decision.burn_long == Fraction(1000, 60)
    assert (decision.firing, decision.cause) == (False, Cause.FEW_BAD)


def test_blips_burn_but_only_confirmed_failures_page() -> None:
    lossy, broken = Counts(good=50, blip=10), Counts(good=50, blip=8, bad=2)

    assert decided(of_counts(lossy, lossy)) == (False, Cause.FEW_BAD)
    assert decided(of_counts(broken, lossy)) == (True, Cause.BURNING)


EMPTY, GOOD, BAD = Counts(void=3, excluded=9), Counts(good=5), Counts(bad=5)


@pytest.mark.parametrize("firing", [True, False])
@pytest.mark.parametrize("windows", [of_counts(BAD, EMPTY), of_counts(EMPTY, EMPTY)])
def test_without_data_a_tier_keeps_its_state(windows: dict[int, Counts], firing: bool) -> None:
    assert decided(windows, firing=firing) == (firing, Cause.NO_DATA_HELD)


def test_without_data_a_tier_resolves_if_that_was_chosen() -> None:
    resolved = decided(of_counts(BAD, EMPTY), firing=True, no_data=NoData.RESOLVE)

    assert resolved == (False, Cause.NO_DATA_RESOLVED)


def test_with_data_the_state_before_does_not_matter() -> None:
    assert decided(of_counts(BAD, GOOD), firing=True) == (False, Cause.SHORT_WITHIN)
    assert decided(of_counts(BAD, BAD), firing=False) == (True, Cause.BURNING)


def test_at_a_hundred_percent_any_two_errors_fire() -> None:
    counts = Counts(good=10_000, bad=2)

    assert burn_rate(counts, Fraction(1)) == INFINITE
    assert decided(of_counts(counts, counts), objective=Fraction(1)) == (True, Cause.BURNING)
    assert decided(of_counts(GOOD, GOOD), objective=Fraction(1)) == (False, Cause.LONG_WITHIN)


@given(
    st.builds(Counts, good=st.integers(0, 100), bad=st.integers(0, 9), blip=st.integers(0, 3)),
    st.builds(Counts, good=st.integers(0, 100), bad=st.integers(0, 9), blip=st.integers(0, 3)),
    st.fractions(Fraction(9, 10), 1, max_denominator=1000),
    st.booleans(),
)
def test_a_decision_is_the_rule_in_other_words(
    long: Counts, short: Counts, objective: Fraction, firing: bool
) -> None:
    burns = burn_rate(long, objective), burn_rate(short, objective)

    fires, _ = decided(of_counts(long, short), objective=objective, firing=firing)

    if None in burns:
        assert fires == firing
    else:
        over = [rate is not None and rate > FAST.factor for rate in burns]
        assert fires == (all(over) and long.bad >= FAST.min_bad)


def test_an_outage_fires_and_resolves_to_the_minute() -> None:
    """Two bad samples fire the fast tier; it is over once the short window is good again."""
    history = history_of(every_minute("." * 60 + "x" * 10 + "." * 20))
    state, changes = QUIET, []

    for minute in range(60, 90):
        decision = decide(
            FAST, THREE_NINES, history, minute * MINUTE, state=state, reset=Reset.WINDOW
        )
        if decision.firing != state.firing:
            changes.append(minute)
        state = decision.state

    assert changes == [61, 74]


def test_the_default_policy_at_thirty_days() -> None:
    tiers = default_tiers(30 * DAY, MINUTE)

    assert [
        (tier.name, tier.severity, tier.long_ms, tier.short_ms, tier.factor, tier.min_bad)
        for tier in tiers
    ] == [
        ("fast", "page", HOUR, 5 * MINUTE, Fraction("14.4"), 2),
        ("slow", "page", 6 * HOUR, 30 * MINUTE, 6, 2),
        ("drift", "ticket", 24 * HOUR, 2 * HOUR, 3, 2),
        ("drip", "ticket", 72 * HOUR, 6 * HOUR, 1, 2),
    ]


def test_short_windows_stretch_to_three_intervals_and_long_ones_with_them() -> None:
    fast, slow, *_ = default_tiers(30 * DAY, 30 * MINUTE)
    hourly = default_tiers(30 * DAY, HOUR)[0]

    assert (fast.short_ms, slow.short_ms) == (90 * MINUTE, 90 * MINUTE)
    assert (hourly.long_ms, hourly.short_ms) == (3 * HOUR, 3 * HOUR)
    assert hourly.factor == factor_for_share(Fraction("0.02"), 30 * DAY, 3 * HOUR)


def test_no_default_tier_looks_back_further_than_its_slo() -> None:
    assert [tier.name for tier in default_tiers(DAY, MINUTE)] == ["fast", "slow", "drift"]


def test_no_default_tier_is_one_that_can_never_fire() -> None:
    """At 90 % a total outage burns at 10, which a factor of 14.4 never sees."""
    names = [tier.name for tier in default_tiers(30 * DAY, MINUTE, Fraction("0.9"))]

    assert names == ["slow", "drift", "drip"]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        pytest.param({"short_ms": 2 * HOUR}, "does not hold", id="short longer than long"),
        pytest.param({"factor": Fraction(0)}, "not above 0", id="no factor"),
        pytest.param({"min_bad": 0}, "below 1", id="no bad sample needed"),
    ],
)
def test_impossible_tiers_are_refused(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(FAST, **changed)


def test_a_decision_says_what_it_saw() -> None:
    timeline = Timeline([steady(Mark.GOOD, 60), steady(Mark.BAD, 6, first_ms=HOUR)])

    decision = decide(FAST, THREE_NINES, history_of(timeline), 65 * MINUTE, state=QUIET)

    assert decision.long == Counts(good=54, bad=6)
    assert decision.short == Counts(bad=5)
    assert (decision.burn_long, decision.burn_short) == (100, 1000)
