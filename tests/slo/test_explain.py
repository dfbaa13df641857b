"""What `check` says of a tier, against what the tier then does."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.explain import (
    MONTH_MS,
    Outage,
    false_alarms_per_month,
    never_fires,
    resolves_within_ms,
    short_window_too_short,
    smallest_outage,
)
from slo.policy import QUIET, Reset, Tier, decide, default_tiers
from slo.runs import Mark
from slo.timeline import Timeline
from tests.slo.support import DAY, HOUR, MINUTE, SECOND, history_of, steady

THREE_NINES = Fraction("0.999")
FAST, SLOW, DRIFT, DRIP = default_tiers(30 * DAY, MINUTE)


@pytest.mark.parametrize(
    ("tier", "interval_ms", "outage"),
    [
        pytest.param(
            FAST,
            MINUTE,
            Outage(samples=2, lasting_ms=MINUTE, found_within_ms=2 * MINUTE),
            id="two samples page, because one is never enough",
        ),
        pytest.param(
            SLOW,
            MINUTE,
            Outage(samples=3, lasting_ms=2 * MINUTE, found_within_ms=3 * MINUTE),
            id="the slow tier needs three of 360",
        ),
        pytest.param(
            FAST,
            5 * SECOND,
            Outage(samples=11, lasting_ms=50 * SECOND, found_within_ms=55 * SECOND),
            id="every five seconds, eleven of 720",
        ),
        pytest.param(
            FAST,
            [MINUTE, MINUTE],
            Outage(samples=2, lasting_ms=0, found_within_ms=MINUTE),
            id="two probes that fail together are two samples",
        ),
    ],
)
def test_the_smallest_outage_that_fires(
    tier: Tier, interval_ms: int | list[int], outage: Outage
) -> None:
    assert smallest_outage(tier, interval_ms, THREE_NINES, Reset.WINDOW) == outage


tiers = st.builds(
    lambda long, short, factor, min_bad: Tier(
        name="own",
        severity="page",
        long_ms=max(long, short) * SECOND,
        short_ms=min(long, short) * SECOND,
        factor=factor,
        min_bad=min_bad,
    ),
    st.integers(30, 1800),
    st.integers(5, 600),
    st.fractions(Fraction(1, 2), 30, max_denominator=10),
    st.integers(1, 4),
)


@settings(max_examples=60)
@given(
    tiers,
    st.sampled_from([10, 30, 45]),
    st.sampled_from(["0.9", "0.99", "1"]),
    st.sampled_from(Reset),
)
def test_an_outage_fires_with_the_sample_that_was_foretold(
    tier: Tier, interval_s: int, objective: str, reset: Reset
) -> None:
    interval = interval_s * SECOND
    promised = Fraction(objective)
    timeline = Timeline([steady(Mark.GOOD, 200, step_ms=interval)])
    fired = None
    for sample in range(1, 200):
        now = (199 + sample) * interval
        timeline.add(now, Mark.BAD)
        if decide(tier, promised, history_of(timeline), now, state=QUIET, reset=reset).firing:
            fired = sample
            break

    outage = smallest_outage(tier, interval, promised, reset)

    assert (outage.samples if outage else None) == fired
    assert (never_fires(tier, interval, promised, reset) is None) == (outage is not None)


def test_a_tier_above_a_total_outage_can_never_fire() -> None:
    assert never_fires(FAST, MINUTE, Fraction("0.9")) == (
        "a total outage burns at 10, which does not pass the factor 14.4"
    )
    assert smallest_outage(FAST, MINUTE, Fraction("0.9")) is None
    assert never_fires(FAST, MINUTE, Fraction(1)) is None


def test_a_tier_with_too_few_samples_can_never_fire() -> None:
    assert never_fires(FAST, HOUR, THREE_NINES) == (
        "its long window holds 1 of the 2 bad samples that it needs"
    )
    assert never_fires(FAST, [HOUR, HOUR], THREE_NINES) is None


def test_a_short_window_of_less_than_two_intervals_is_too_short() -> None:
    assert not short_window_too_short(FAST, MINUTE)
    assert not short_window_too_short(FAST, 150 * SECOND)
    assert short_window_too_short(FAST, [MINUTE, 151 * SECOND])


SMALL = Tier(
    name="small", severity="page", long_ms=8 * MINUTE, short_ms=3 * MINUTE, factor=Fraction(2)
)


@pytest.mark.parametrize("confirmations", [0, 1])
@pytest.mark.parametrize("min_bad", [1, 2, 3])
def test_false_alarms_are_those_of_all_possible_histories(min_bad: int, confirmations: int) -> None:
    """Every history of eight samples by itself, weighed by its chance."""
    tier = replace(SMALL, min_bad=min_bad)
    loss, objective = Fraction(1, 5), Fraction("0.9")
    chances = {
        Mark.GOOD: 1 - loss,
        Mark.BAD: loss ** (1 + confirmations),
        Mark.BLIP: loss - loss ** (1 + confirmations),
    }
    expected = Fraction(0)
    for marks in product([mark for mark in chances if chances[mark]], repeat=8):
        if marks[-1] is Mark.GOOD:
            continue
        timeline = Timeline(steady(mark, 1, first_ms=i * MINUTE) for i, mark in enumerate(marks))
        if decide(
            tier, objective, history_of(timeline), 7 * MINUTE, state=QUIET, reset=Reset.WINDOW
        ).firing:
            chance = Fraction(1)
            for mark in marks:
                chance *= chances[mark]
            expected += chance * MONTH_MS / MINUTE

    alarms = false_alarms_per_month(
        tier,
        MINUTE,
        objective,
        loss=loss,
        confirmations=confirmations,
        reset=Reset.WINDOW,
    )

    assert alarms == pytest.approx(float(expected), rel=1e-9)


def test_about_as_many_false_alarms_happen_as_are_foretold() -> None:
    """Eight months of one sample a minute with 0.5 % lost, from a fixed seed."""
    dice = random.Random(20261101)
    loss = Fraction(5, 1000)
    timeline, firing, began = Timeline(), False, 0
    minutes = 8 * MONTH_MS // MINUTE
    for minute in range(minutes):
        lost = dice.random() < loss
        timeline.add(minute * MINUTE, Mark.BAD if lost else Mark.GOOD)
        if lost or firing:
            now = minute * MINUTE
            fires = decide(
                FAST,
                THREE_NINES,
                history_of(timeline),
                now,
                state=QUIET,
                reset=Reset.WINDOW,
            ).firing
            began += fires and not firing
            firing = fires

    bound = false_alarms_per_month(FAST, MINUTE, THREE_NINES, loss=loss, reset=Reset.WINDOW)

    assert 0.9 * bound < began / 8 < 1.05 * bound


def test_one_lost_sample_in_a_thousand_and_what_a_confirmation_is_worth() -> None:
    window = Reset.WINDOW
    alone = false_alarms_per_month(FAST, MINUTE, THREE_NINES, reset=window)
    confirmed = false_alarms_per_month(FAST, MINUTE, THREE_NINES, confirmations=1, reset=window)

    assert 2 < alone < 3
    assert false_alarms_per_month(FAST, MINUTE, THREE_NINES) < 0.1
    assert confirmed < alone / 100_000


@pytest.mark.parametrize(
    ("tier", "reset", "bad", "minutes"),
    [
        pytest.param(FAST, Reset.WINDOW, 90, 5, id="the short window has to empty"),
        pytest.param(SLOW, Reset.WINDOW, 90, 30, id="of however many it needs"),
        pytest.param(FAST, Reset.EVIDENCE, 2, 15, id="two bad samples are little to go by"),
        pytest.param(SLOW, Reset.EVIDENCE, 3, 8, id="three say more"),
        pytest.param(DRIFT, Reset.EVIDENCE, 90, 120, id="a ticket stays while it burns"),
    ],
)
def test_it_resolves_when_that_was_foretold(
    tier: Tier, reset: Reset, bad: int, minutes: int
) -> None:
    history = history_of(
        Timeline(
            [
                steady(Mark.GOOD, 1440),
                steady(Mark.BAD, bad, first_ms=DAY),
                steady(Mark.GOOD, 1440, first_ms=DAY + bad * MINUTE),
            ]
        )
    )
    state, last_bad = QUIET, DAY + (bad - 1) * MINUTE
    for now in range(DAY, 2 * DAY, MINUTE):
        decision = decide(tier, THREE_NINES, history, now, state=state, reset=reset)
        if state.firing and not decision.firing:
            break
        state = decision.state

    assert now - last_bad == minutes * MINUTE
    foretold = resolves_within_ms(tier, MINUTE, THREE_NINES, reset)
    assert foretold is not None
    assert minutes * MINUTE <= foretold <= (minutes + 5) * MINUTE
