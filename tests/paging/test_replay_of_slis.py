"""Slices, steps and composites: the running judge and a replay of what was stored agree."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.composite import Mix
from slo.policy import NoData, Reset
from slo.slices import Age, Gaps, Ratio
from synthetics.accounting.past import Past, policy_of
from synthetics.config.model import Composite, Config, Latency, Slices, Slo
from synthetics.store import Reader
from tests.paging.support import DRIFT, FAST, MINUTE_MS, NOON_MS, Desk, config, renamed, slo
from tests.paging.test_replay import HALF_A_MINUTE_MS, pieces, seen

FIRED = "SELECT tier, fired_ms, resolved_ms FROM alerts WHERE slo = ? ORDER BY fired_ms, tier"
SHORT = renamed(FAST, name="short", short_ms=2 * MINUTE_MS, long_ms=10 * MINUTE_MS, min_bad=1)


def slices(rule: Ratio | Age, minutes: int, gaps: Gaps, latency: Latency | None = None) -> Slo:
    of = Slices(length_ms=minutes * MINUTE_MS, rule=rule, gaps=gaps, latency=latency)
    return slo("slices", sli=of, tiers=(FAST, DRIFT, SHORT))


gaps = st.sampled_from(Gaps)
ratios = st.builds(
    slices,
    st.sampled_from([Fraction(1), Fraction(3, 4)]).map(Ratio),
    st.sampled_from([1, 4]),
    gaps,
    st.sampled_from([None, Latency(bound_us=100_001)]),
)
fresh = st.builds(
    slices,
    st.sampled_from([2, 7]).map(lambda minutes: Age(minutes * MINUTE_MS)),
    st.sampled_from([1, 5]),
    gaps,
)
steps = st.builds(
    lambda name, limit: replace(
        slo("step", tiers=(FAST, DRIFT), sli=limit and Latency(bound_us=limit)), step=name
    ),
    st.sampled_from(["order", "never"]),
    st.sampled_from([None, 1]),
)
slis = st.one_of(ratios, fresh, steps)


async def judged(path_of: pytest.TempPathFactory, configured: Config, text: str, off: int) -> None:
    async with Desk.open(path_of.mktemp("judged"), configured) as desk:
        instants = [NOON_MS + index * MINUTE_MS for index in range(1, len(text) + 1)]
        samples = {
            at_ms: seen(letter, at_ms - off)
            for at_ms, letter in zip(instants, text, strict=True)
            if letter != " "
        }
        await desk.store.add(list(samples.values()))
        for at_ms in instants:
            desk.clock.advance(60)
            if at_ms in samples:
                desk.ledger.apply(samples[at_ms])
            await desk.judge.on_minute(at_ms)
        until_ms = desk.clock.now_ms()
        for watched in configured.slos.values():
            if not watched.tiers:
                continue

            def fired(db: sqlite3.Connection, name: str = watched.id) -> list[tuple[object, ...]]:
                return db.execute(FIRED, (name,)).fetchall()

            took = await desk.store.write(fired)
            with Reader.open(desk.store.path) as reader:
                past = Past(configured, watched, reader, until_ms)
            found = past.replay(policy_of(watched), until_ms)
            assert sorted(
                (each.tier, each.fired_ms, each.resolved_ms) for each in found.alerts
            ) == sorted(took)
            start_ms = until_ms - watched.window.longest_ms
            live = desk.ledger.history(watched.id)(start_ms, until_ms)
            assert past.history(start_ms, until_ms) == live


@settings(max_examples=12, deadline=None)
@given(
    slis,
    slis,
    pieces,
    st.booleans(),
    st.booleans(),
    st.sampled_from(Reset),
    st.sampled_from([0, HALF_A_MINUTE_MS]),
)
def test_whatever_is_counted_the_judge_and_a_replay_agree(
    tmp_path_factory: pytest.TempPathFactory,
    one: Slo,
    other: Slo,
    text: str,
    worst: bool,
    needs_all: bool,
    reset: Reset,
    off: int,
) -> None:
    parts = (
        replace(one, id="one", reset=reset),
        replace(other, id="other", no_data=NoData.RESOLVE),
    )
    mix = Mix(weights=(3, 1), worst=worst, needs_all=needs_all)
    whole = slo("whole", sli=Composite(parts=("one", "other"), mix=mix), tiers=(FAST, DRIFT, SHORT))

    configured = config(*parts, replace(whole, reset=reset))

    asyncio.run(judged(tmp_path_factory, configured, text, off))
