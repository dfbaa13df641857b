"""Objectives made of others, against the mean and the maximum of plain fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.composite import Composite, Mix, Mixed
from slo.counts import NOTHING, Counts
from slo.evidence import is_over, strongest
from slo.history import History, Pool
from slo.policy import QUIET, Cause, Policy, Reset, Tier, decide
from slo.replay import replay
from slo.slices import Age, Gaps, Ratio, Slices
from slo.timeline import Timeline
from tests.slo.support import HOUR, MINUTE, every_minute
from tests.slo.test_replay import alerts_of, plainly, policies, series, timeline_of

FAST = Tier(
    name="fast",
    severity="page",
    long_ms=HOUR,
    short_ms=5 * MINUTE,
    factor=Fraction("14.4"),
    min_bad=2,
)
OBJECTIVE = Fraction("0.999")


def of(*letters: str, mix: Mix | None = None) -> Composite:
    parts = [Pool([every_minute(each)]) for each in letters]
    return Composite(parts, mix or Mix(weights=(1,) * len(parts)))


few = st.builds(
    Counts,
    good=st.integers(0, 5),
    bad=st.integers(0, 3),
    blip=st.integers(0, 2),
    void=st.integers(0, 2),
    excluded=st.integers(0, 2),
)


@given(st.lists(st.tuples(few, st.integers(1, 9)), min_size=1, max_size=4), st.booleans())
def test_the_ratio_of_the_whole_is_made_of_those_of_its_parts(
    known: list[tuple[Counts, int]], needs_all: bool
) -> None:
    parts = tuple(counts for counts, _ in known)
    weights = tuple(weight for _, weight in known)
    ratios = [(c.error_ratio, weight) for c, weight in known if c.error_ratio is not None]
    unknown = not ratios or (needs_all and len(ratios) < len(parts))

    mean = Mixed.made(parts, Mix(weights=weights, needs_all=needs_all))
    worst = Mixed.made(parts, Mix(weights=weights, worst=True, needs_all=needs_all))

    if unknown:
        assert (mean.error_ratio, worst.sli) == (None, None)
        assert not mean.passes(0, 1)
        assert not (mean.valid and worst.valid)
    else:
        expected = sum(r * w for r, w in ratios) / Fraction(sum(w for _, w in ratios))
        assert (mean.error_ratio, mean.sli) == (expected, 1 - expected)
        assert worst.error_ratio == max(ratio for ratio, _ in ratios)
        assert mean.passes(1, 10) == (expected > Fraction(1, 10))
        assert mean.valid == sum(counts.valid for counts in parts)
    assert (mean.good, mean.excluded) == (
        sum(counts.good for counts in parts),
        sum(counts.excluded for counts in parts),
    )


def test_counts_of_days_add_up_to_those_of_a_month() -> None:
    mix = Mix(weights=(3, 1))
    day = Mixed.made((Counts(good=9, bad=1), Counts(good=4)), mix)

    total = sum([day, day], NOTHING)

    assert total == Mixed.made((Counts(good=18, bad=2), Counts(good=8)), mix)
    assert total.sli == Fraction(3 * 9, 40) + Fraction(1, 4)
    with pytest.raises(TypeError):
        day + Counts(good=1)


def test_a_part_that_is_asked_more_often_weighs_no_more() -> None:
    often = Pool([Timeline(every_minute("." * 60).runs())] * 10)
    counts = Composite([often, Pool([every_minute("x" * 60)])], Mix(weights=(1, 1)))(-1, HOUR)

    assert counts.error_ratio == Fraction(1, 2)


@pytest.mark.parametrize(
    ("letters", "cause"),
    [
        pytest.param(
            ("." * 59 + "x", "." * 59 + "x"), Cause.FEW_BAD, id="one lost sample seen by two parts"
        ),
        pytest.param(("." * 59 + "x", "." * 60), Cause.LONG_WITHIN, id="half as much of the whole"),
        pytest.param(("." * 50 + "x" * 10, "." * 60), Cause.BURNING, id="one part is down"),
        pytest.param(("." * 57 + "x..", "." * 59 + "x"), Cause.FEW_BAD, id="two losses by chance"),
    ],
)
def test_failures_are_evidence_in_the_part_that_has_them(
    letters: tuple[str, str], cause: Cause
) -> None:
    decision = decide(FAST, OBJECTIVE, of(*letters), 59 * MINUTE, state=QUIET)

    assert decision.cause is cause


def test_an_incident_is_over_when_it_is_in_every_part() -> None:
    one, other = "." * 40 + "x" * 20 + "." * 20, "." * 50 + "x" * 12 + "." * 18
    history = of(one, other, "." * 80)
    began = strongest(history, OBJECTIVE, -1, 62 * MINUTE)

    def over_from(history: History) -> int:
        ends = (m for m in range(62, 80) if is_over(history, 39 * MINUTE, m * MINUTE))
        return next(ends)

    assert began.more_than_chance
    assert began.from_ms == strongest(of(one), OBJECTIVE, -1, 62 * MINUTE).from_ms
    assert over_from(of(one)) < over_from(of(other)) == over_from(history)


def test_without_failures_it_is_over_once_enough_was_good() -> None:
    assert not is_over(of("...", "  ."), -1, 2 * MINUTE)
    assert is_over(of("." * 10, "  ."), -1, 9 * MINUTE)


mixes = st.builds(
    Mix,
    weights=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    worst=st.booleans(),
    needs_all=st.booleans(),
)
rules = st.one_of(
    st.sampled_from([Fraction(1), Fraction(2, 3)]).map(Ratio),
    st.sampled_from([3 * MINUTE, 12 * MINUTE]).map(Age),
)


def agree(policy: Policy, history: History, to_ms: int) -> None:
    slow = plainly(policy, history, 0, to_ms)
    found = replay(policy, history, 0, to_ms)
    (tier,) = policy.tiers
    assert [(each.fired_ms, each.resolved_ms) for each in found.alerts] == alerts_of(
        slow[tier.name], 0
    )
    assert found.states == {name: states[-1] for name, states in slow.items()}


@settings(max_examples=60)
@given(policies, series, series, mixes)
def test_a_replay_of_a_composite_says_what_every_minute_says(
    policy: Policy,
    one: tuple[str, int, int],
    other: tuple[str, int, int],
    mix: Mix,
) -> None:
    parts = [timeline_of(*one), timeline_of(*other)]
    to_ms = max(line.last_ms or 0 for line in parts) + HOUR
    history = Composite([Pool([line]) for line in parts], mix)
    nested = Composite([history, Pool([parts[0]])], mix)

    agree(policy, history, to_ms)
    agree(policy, nested, to_ms)


@settings(max_examples=60)
@given(policies, series, rules, st.sampled_from(Gaps), st.sampled_from([1, 5]))
def test_a_replay_of_slices_says_what_every_minute_says(
    policy: Policy, one: tuple[str, int, int], rule: Ratio | Age, gaps: Gaps, length: int
) -> None:
    line = timeline_of(*one)
    to_ms = (line.last_ms or 0) + HOUR

    agree(policy, Slices([line], length * MINUTE, rule, gaps=gaps), to_ms)


def test_a_window_alone_does_not_count_a_lost_sample_twice() -> None:
    twice = of("." * 59 + "x", "." * 59 + "x")

    decision = decide(FAST, OBJECTIVE, twice, 59 * MINUTE, state=QUIET, reset=Reset.WINDOW)

    assert decision.cause is Cause.FEW_BAD
