"""What steady errors and outages must reach, held against decisions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.history import Pool
from slo.policy import QUIET, Reset, Tier, decide
from slo.steady import binding, needed, steady_ratio
from tests.slo.support import HOUR, MINUTE, every_minute

FAST = Tier(
    name="fast", severity="page", long_ms=HOUR, short_ms=5 * MINUTE, factor=Fraction("14.4")
)


def fires(tier: Tier, objective: Fraction, letters: str) -> bool:
    history = Pool([every_minute(letters)])
    at_ms = (len(letters) - 1) * MINUTE
    return decide(tier, objective, history, at_ms, state=QUIET, reset=Reset.WINDOW).firing


@given(
    st.sampled_from(["0.5", "2", "14.4"]),
    st.sampled_from([Fraction("0.9"), Fraction("0.99"), Fraction("0.999")]),
    st.integers(1, 5),
)
def test_an_outage_fires_with_the_sample_that_the_binding_window_needs(
    factor: str, objective: Fraction, min_bad: int
) -> None:
    tier = replace(FAST, factor=Fraction(factor), min_bad=min_bad)
    if steady_ratio(tier, objective) is None:
        return
    long, short = needed(tier, objective, [MINUTE])
    last = max(long, short)

    assert not fires(tier, objective, "." * 60 + "x" * (last - 1))
    assert fires(tier, objective, "." * 60 + "x" * last) == (short <= 5)
    assert binding(tier, objective, [MINUTE]) == ("long" if long == last else "short")


def test_steady_errors_fire_above_the_share_and_not_at_it() -> None:
    tier = replace(FAST, factor=Fraction(2), long_ms=10 * MINUTE, short_ms=10 * MINUTE)

    assert steady_ratio(tier, Fraction("0.9")) == Fraction("0.2")
    assert not fires(tier, Fraction("0.9"), "....x" * 10)
    assert fires(tier, Fraction("0.9"), "...x" * 10)


@pytest.mark.parametrize(("objective", "ratio"), [("0.9", None), ("1", 0), ("0.999", "0.0144")])
def test_the_share_follows_from_the_factor(objective: str, ratio: str | int | None) -> None:
    expected = None if ratio is None else Fraction(ratio)

    assert steady_ratio(FAST, Fraction(objective)) == expected
