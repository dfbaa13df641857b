"""A replay leaves out minutes, and says what every minute would have said."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.history import History, Pool
from slo.policy import QUIET, NoData, Policy, Reset, State, Tier, decide
from slo.replay import Alert, Firing, replay, together
from slo.runs import Mark
from slo.spans import Spans
from slo.timeline import Timeline
from tests.slo.support import HOUR, MINUTE, SECOND, every_minute

LETTERS = {".": Mark.GOOD, "x": Mark.BAD, "b": Mark.BLIP, "o": Mark.VOID}


def plainly(policy: Policy, history: History, from_ms: int, to_ms: int) -> dict[str, list[State]]:
    """The reference: every tier at every whole minute."""
    found: dict[str, list[State]] = {}
    for tier in policy.tiers:
        state, states = QUIET, []
        for at_ms in range(-(-from_ms // MINUTE) * MINUTE, to_ms + 1, MINUTE):
            state = decide(
                tier,
                policy.objective,
                history,
                at_ms,
                state=state,
                no_data=policy.no_data,
                reset=policy.reset,
            ).state
            states.append(state)
        found[tier.name] = states
    return found


def alerts_of(states: list[State], first_ms: int) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int | None]] = []
    before = False
    for index, state in enumerate(states):
        at_ms = first_ms + index * MINUTE
        if state.firing and not before:
            found.append((at_ms, None))
        elif before and not state.firing:
            found[-1] = found[-1][0], at_ms
        before = state.firing
    return found


def a_tier(name: str, severity: str, windows: tuple[int, int], factor: str, min_bad: int) -> Tier:
    return Tier(
        name=name,
        severity=severity,
        long_ms=windows[0],
        short_ms=windows[1],
        factor=Fraction(factor),
        min_bad=min_bad,
    )


windows = st.tuples(
    st.sampled_from([1, 3, 12]),
    st.sampled_from([30 * SECOND, MINUTE, 90 * SECOND, 5 * MINUTE, 20 * MINUTE, HOUR]),
).map(lambda pair: (pair[0] * pair[1], pair[1]))
tiers = st.lists(
    st.builds(
        a_tier,
        st.just("tier"),
        st.sampled_from(["page", "ticket"]),
        windows,
        st.sampled_from(["0.5", "3", "14.4"]),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=1,
)
policies = st.builds(
    Policy,
    objective=st.sampled_from([Fraction(9, 10), Fraction("0.99"), Fraction("0.999"), Fraction(1)]),
    tiers=tiers.map(tuple),
    no_data=st.sampled_from(NoData),
    reset=st.sampled_from(Reset),
)
pieces = st.one_of(
    st.integers(1, 90).map(lambda count: "." * count),
    st.integers(1, 25).map(lambda count: "x" * count),
    st.integers(1, 40).map(lambda count: " " * count),
    st.text(".xbo ", min_size=1, max_size=8),
)
series = st.tuples(
    st.lists(pieces, min_size=1, max_size=8).map("".join),
    st.sampled_from([20 * SECOND, MINUTE, 61_007, 5 * MINUTE]),
    st.integers(0, 2 * MINUTE),
)
outside = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 60)).map(
        lambda pair: (pair[0] * MINUTE, sum(pair) * MINUTE)
    ),
    max_size=2,
).map(Spans.of)


def timeline_of(text: str, step_ms: int, first_ms: int) -> Timeline:
    timeline = Timeline()
    for index, letter in enumerate(text):
        if letter != " ":
            timeline.add(first_ms + index * step_ms, LETTERS[letter])
    return timeline


@settings(max_examples=150)
@given(policies, st.lists(series, min_size=1, max_size=2), outside, st.integers(0, 20 * MINUTE))
def test_a_replay_says_what_every_minute_says(
    policy: Policy, several: list[tuple[str, int, int]], excluded: Spans, from_ms: int
) -> None:
    history = Pool([timeline_of(*one) for one in several], excluded)
    to_ms = 4 * HOUR
    first_ms = -(-from_ms // MINUTE) * MINUTE

    found = replay(policy, history, from_ms, to_ms)
    (states,) = plainly(policy, history, from_ms, to_ms).values()

    assert [(alert.fired_ms, alert.resolved_ms) for alert in found.alerts] == alerts_of(
        states, first_ms
    )
    assert found.states["tier"] == states[-1]


FAST = a_tier("fast", "page", (HOUR, 5 * MINUTE), "14.4", 2)
SLOW = a_tier("slow", "page", (6 * HOUR, 30 * MINUTE), "6", 2)
DRIFT = a_tier("drift", "ticket", (24 * HOUR, 2 * HOUR), "3", 2)
BOOK = Policy(objective=Fraction("0.999"), tiers=(FAST, SLOW, DRIFT), reset=Reset.WINDOW)


@pytest.mark.parametrize("reset", Reset)
@pytest.mark.parametrize("share", [0.003, 0.05])
def test_so_it_does_of_days_of_noise(share: float, reset: Reset) -> None:
    """Leaps of hours, past failures that come and go: at 0.3 % tiers hover about their factors."""
    dice = Random(17)
    noise = "".join("x" if dice.random() < share else "." for _ in range(2 * 1440))
    history = Pool([every_minute(noise[:1440] + "x" * 20 + noise[1440:])])
    policy, to_ms = replace(BOOK, reset=reset), 2900 * MINUTE

    found = replay(policy, history, 0, to_ms)

    for tier, states in plainly(policy, history, 0, to_ms).items():
        fired = [(one.fired_ms, one.resolved_ms) for one in found.alerts if one.tier == tier]
        assert fired == alerts_of(states, 0)
        assert found.states[tier] == states[-1]


def test_an_outage_of_ten_minutes_by_the_book() -> None:
    """By hand, from R7: a window lets go of the last failure, at minute 609, its length later."""
    history = Pool([every_minute("." * 600 + "x" * 10 + "." * 600)])

    found = replay(BOOK, history, 0, 1209 * MINUTE)

    assert found.alerts == (
        Alert(tier="fast", severity="page", fired_ms=601 * MINUTE, resolved_ms=614 * MINUTE),
        Alert(tier="drift", severity="ticket", fired_ms=601 * MINUTE, resolved_ms=729 * MINUTE),
        Alert(tier="slow", severity="page", fired_ms=602 * MINUTE, resolved_ms=639 * MINUTE),
    )
    assert found.by_severity("page") == (Firing(fired_ms=601 * MINUTE, resolved_ms=639 * MINUTE),)
    assert found.by_severity("log") == ()
    assert found.firing() == frozenset()


def test_what_still_fires_at_the_end_has_no_end() -> None:
    found = replay(BOOK, Pool([every_minute("." * 60 + "xxx")]), 0, 62 * MINUTE)

    assert found.by_severity("page")[0].resolved_ms is None
    assert "fast" in found.firing()


@pytest.mark.parametrize(
    ("pairs", "one"),
    [
        ([(0, 5), (5, 9)], [(0, 9)]),
        ([(0, 5), (6, 9)], [(0, 5), (6, 9)]),
        ([(2, None), (0, 3)], [(0, None)]),
        ([(0, None), (4, 5)], [(0, None)]),
        ([], []),
    ],
    ids=["on end", "apart", "one goes on", "one within", "none"],
)
def test_a_severity_fires_while_any_of_its_tiers_does(
    pairs: list[tuple[int, int | None]], one: list[tuple[int, int | None]]
) -> None:
    found = together(Firing(fired_ms=start, resolved_ms=end) for start, end in pairs)

    assert [(each.fired_ms, each.resolved_ms) for each in found] == one


def test_a_policy_without_tiers_does_nothing() -> None:
    found = replay(Policy(objective=Fraction("0.9"), tiers=()), Pool([Timeline()]), 0, HOUR)

    assert (found.alerts, found.states) == ((), {})
