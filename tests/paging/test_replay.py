"""A replay of what was stored takes the decisions that the running judge took, to the minute."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.result import Outcome
from slo.budget_alerts import BudgetAlert, BudgetWatch, Kind
from slo.policy import NoData, Reset
from slo.window import Rolling
from synthetics.accounting.past import Past, policy_of
from synthetics.config.model import Config
from synthetics.sample import Sample
from synthetics.store import Reader
from tests.paging.support import DRIFT, FAST, MINUTE_MS, NOON_MS, Desk, config, sample, slo

HALF_A_MINUTE_MS = MINUTE_MS // 2

FIRED = "SELECT tier, fired_ms, resolved_ms FROM alerts ORDER BY fired_ms, tier"

pieces = st.lists(
    st.one_of(
        st.integers(1, 12).map(lambda count: "x" * count),
        st.integers(1, 40).map(lambda count: "." * count),
        st.integers(1, 20).map(lambda count: " " * count),
        st.text(".xbo ", min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=6,
).map("".join)


def budget_watch(no_data: NoData) -> BudgetWatch:
    """All alerts about the budget of an hour, so that it is spent and comes back."""
    return BudgetWatch(
        objective=Fraction(9, 10),
        window=Rolling(60 * MINUTE_MS),
        intervals_ms=(MINUTE_MS,),
        alerts=(
            BudgetAlert(kind=Kind.LOW, severity="ticket", below=Fraction(1, 4)),
            BudgetAlert(kind=Kind.EXHAUSTED, severity="page"),
            BudgetAlert(kind=Kind.FORECAST, severity="log", over_ms=9 * MINUTE_MS),
        ),
        no_data=no_data,
    )


def seen(letter: str, at_ms: int) -> Sample:
    """A sample that came half a minute before a whole one, or on it."""
    found = sample(at_ms, bad=letter in "xb")
    if letter == "b":
        return replace(found, confirmed=Outcome.GOOD)
    if letter == "o":
        void = replace(found.result, outcome=Outcome.VOID, reason="busy")
        return replace(found, result=void, confirmed=Outcome.VOID)
    return found


async def judged(path_of: pytest.TempPathFactory, configured: Config, text: str, off: int) -> None:
    async with Desk.open(path_of.mktemp("judged"), configured) as desk:
        for index, letter in enumerate(text, start=1):
            at_ms = NOON_MS + index * MINUTE_MS
            desk.clock.advance(60)
            if letter != " ":
                one = seen(letter, at_ms - off)
                await desk.store.add([one])
                desk.ledger.apply(one)
            await desk.judge.on_minute(at_ms)

        def fired(db: sqlite3.Connection) -> list[tuple[str, int, int | None]]:
            return db.execute(FIRED).fetchall()

        took = await desk.store.write(fired)
        (one_slo,) = configured.slos.values()
        until_ms = desk.clock.now_ms()
        with Reader.open(desk.store.path) as reader:
            past = Past(configured, one_slo, reader, until_ms)
        found = past.replay(policy_of(one_slo), until_ms)
        watch = one_slo.budget_watch
        assert watch is not None
        of_budget = past.replay_budget(watch, until_ms)
        firing = {each.tier for each in await desk.firing()}

    assert sorted(
        [
            *((each.fired_ms, each.tier, each.resolved_ms) for each in found.alerts),
            *((each.fired_ms, each.alert.name, each.resolved_ms) for each in of_budget.firings),
        ]
    ) == sorted((fired_ms, tier, resolved_ms) for tier, fired_ms, resolved_ms in took)
    spent = {name for name, state in of_budget.states.items() if state.firing}
    assert found.firing() | spent == firing


@settings(max_examples=12, deadline=None)
@given(
    pieces,
    st.sampled_from(Reset),
    st.sampled_from(NoData),
    st.sampled_from([0, HALF_A_MINUTE_MS]),
)
def test_the_judge_and_a_replay_agree(
    tmp_path_factory: pytest.TempPathFactory, text: str, reset: Reset, no_data: NoData, off: int
) -> None:
    watched = replace(
        slo(tiers=(FAST, DRIFT)),
        reset=reset,
        no_data=no_data,
        budget_watch=budget_watch(no_data),
    )

    asyncio.run(judged(tmp_path_factory, config(watched), text, off))
