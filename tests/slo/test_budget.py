"""Burn rates and budgets, to the last digit (R4 to R6)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.budget import INFINITE, Rate, budget, burn_rate
from slo.counts import NOTHING, Counts
from tests.slo.support import DAY, HOUR, MINUTE, SECOND

THREE_NINES = Fraction("0.999")
numbers = st.integers(0, 50)
tallies = st.builds(Counts, good=numbers, bad=numbers, blip=numbers, void=numbers, excluded=numbers)


@pytest.mark.parametrize(
    ("failed", "valid", "objective", "rate"),
    [
        pytest.param(10, 10_000, "0.999", "1", id="errors at the budget burn at 1"),
        pytest.param(72, 10_000, "0.9995", "14.4", id="the fast-page threshold, to the digit"),
        pytest.param(0, 10_000, "0.999", "0", id="no errors burn nothing"),
        pytest.param(5, 5, "0.999", "1000", id="a total outage burns at 1 ÷ (1 − objective)"),
        pytest.param(0, 5, "1", "0", id="at 100 % nothing burns without errors"),
    ],
)
def test_burn_rate_is_error_ratio_over_budget(
    failed: int, valid: int, objective: str, rate: str
) -> None:
    counts = Counts(good=valid - failed, bad=failed)

    assert burn_rate(counts, Fraction(objective)) == Fraction(rate)


def test_one_error_burns_a_budget_of_nothing_infinitely() -> None:
    assert burn_rate(Counts(good=10_000, blip=1), Fraction(1)) == INFINITE


def test_an_empty_window_has_no_ratio_and_no_burn_rate() -> None:
    """
    A prober that was down counted nothing.  Reading that as 0 would clear a
    page during an outage, so "unknown" must stay distinguishable.
    """
    counts = Counts(void=7, excluded=3)

    assert counts.error_ratio is None
    assert counts.sli is None
    assert burn_rate(counts, THREE_NINES) is None
    assert budget(counts, THREE_NINES, length_ms=DAY).remaining is None
    assert budget(counts, THREE_NINES, length_ms=DAY).exhausted_in_ms(Fraction(2)) is None


def test_a_blip_counts_as_failed() -> None:
    """R10: the user of that moment was hurt."""
    counts = Counts(good=8, bad=1, blip=1)

    assert (counts.failed, counts.valid, counts.sli) == (2, 10, Fraction(8, 10))


@given(tallies, tallies, tallies)
def test_counts_add_up_in_any_order(one: Counts, two: Counts, three: Counts) -> None:
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + NOTHING == one
    assert (one + two).valid == one.valid + two.valid


def test_a_count_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        Counts(good=-1)


@given(tallies, st.fractions(Fraction(1, 2), Fraction(999, 1000), max_denominator=1000))
def test_consumed_and_remaining_are_the_whole(counts: Counts, objective: Fraction) -> None:
    spent = budget(counts, objective, length_ms=30 * DAY)

    if spent.consumed is None or spent.remaining is None:
        assert counts.valid == 0
    else:
        assert spent.consumed + spent.remaining == 1
        assert spent.consumed * spent.allowed_events == spent.spent_events


def test_a_budget_is_shown_as_events_and_as_time() -> None:
    spent = budget(Counts(good=43_196, bad=4), THREE_NINES, length_ms=30 * DAY, down_ms=4 * MINUTE)

    assert spent.allowed_events == Fraction("43.2")
    assert spent.spent_events == 4
    assert spent.allowed_ms == 43 * MINUTE + 12 * SECOND
    assert spent.spent_ms == 4 * MINUTE
    assert spent.consumed == Fraction(4, 1) / Fraction("43.2")


def test_a_small_budget_of_time_keeps_all_its_digits() -> None:
    spent = budget(Counts(good=1), Fraction("0.999999"), length_ms=3_600_123)

    assert spent.allowed_ms == Fraction("3.600123")


def test_what_remains_goes_below_zero() -> None:
    assert budget(Counts(good=997, bad=3), THREE_NINES, length_ms=DAY).remaining == -2


def test_of_a_period_in_progress_only_what_has_passed_can_have_burnt() -> None:
    """
    Three days of a 30-day month at exactly the objective burn at 1, which is R6.  They spend a
    tenth of the month's budget, not all.
    """
    so_far = budget(
        Counts(good=999, bad=1), THREE_NINES, length_ms=30 * DAY, passed=Fraction(3, 30)
    )

    assert (so_far.consumed, so_far.remaining) == (1, 0)
    assert (so_far.period_consumed, so_far.period_remaining) == (Fraction(1, 10), Fraction(9, 10))


@given(tallies, st.fractions(0, 1, max_denominator=100))
def test_both_views_of_a_budget_meet_when_the_period_has_passed(
    counts: Counts, passed: Fraction
) -> None:
    so_far = budget(counts, THREE_NINES, length_ms=DAY, passed=passed)
    whole = budget(counts, THREE_NINES, length_ms=DAY)

    assert so_far.consumed == whole.consumed == whole.period_consumed
    if so_far.consumed is not None and so_far.period_consumed is not None:
        assert so_far.period_consumed == so_far.consumed * passed
        assert so_far.period_remaining == 1 - so_far.period_consumed


def test_one_error_overspends_a_budget_of_nothing_from_the_first_instant() -> None:
    so_far = budget(Counts(bad=1), Fraction(1), length_ms=DAY, passed=Fraction(0))

    assert so_far.consumed == so_far.period_consumed == INFINITE


@pytest.mark.parametrize(
    ("bad", "rate", "lasts"),
    [
        pytest.param(0, Fraction(1), 30 * DAY, id="a whole budget at 1 lasts the window"),
        pytest.param(0, Fraction("14.4"), 50 * HOUR, id="at 14.4, fifty hours"),
        pytest.param(5, Fraction(1), 15 * DAY, id="half of it lasts half as long"),
        pytest.param(10, Fraction(1), 0, id="spent is spent"),
        pytest.param(20, Fraction(0), 0, id="spent stays spent when nothing burns"),
        pytest.param(5, Fraction(0), None, id="nothing burns"),
        pytest.param(5, None, None, id="nobody knows what burns"),
        pytest.param(5, INFINITE, 0, id="burning infinitely"),
    ],
)
def test_when_a_budget_runs_out(bad: int, rate: Rate | None, lasts: int | None) -> None:
    spent = budget(Counts(good=10_000 - bad, bad=bad), THREE_NINES, length_ms=30 * DAY)

    assert spent.exhausted_in_ms(rate) == lasts


def test_a_budget_that_outlasts_its_month_does_not_run_out() -> None:
    """Half of the month has passed with half of the budget spent: at 1 it lasts to the end."""
    spent = budget(Counts(good=999, bad=1), THREE_NINES, length_ms=30 * DAY, passed=Fraction(1, 2))

    assert spent.exhausted_in_ms(Fraction(1)) is None
    assert spent.exhausted_in_ms(Fraction(3, 2)) == 10 * DAY
