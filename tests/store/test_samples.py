"""What goes in comes out."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from probes.result import Facts, Outcome, Phases
from synthetics.sample import Sample
from synthetics.store import Reader
from synthetics.store.rows import NO_FACTS, PHASES, Stored, row, sample
from synthetics.store.samples import FACTS_A_SERIES
from tests.store.support import (
    MINUTE_MS,
    START_MS,
    bad,
    failed_journey,
    good,
    minutes,
    opened,
    read_back,
    void,
)


async def test_a_sample_with_everything_comes_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    samples = [failed_journey(), good("home", START_MS), void("home", START_MS + MINUTE_MS)]

    async with opened(path) as store:
        await store.add(samples)

    assert sorted(read_back(path), key=repr) == sorted(samples, key=repr)


async def test_the_last_of_two_with_one_key_wins(tmp_path: Path) -> None:
    """
    Steps and evidence of the first must go with it: they tell of a failure that is no longer
    said to have happened.
    """
    path = tmp_path / "a.db"
    mended = good("checkout", START_MS, location="本店")

    async with opened(path) as store:
        await store.add([failed_journey()])
        await store.add([bad("checkout", START_MS), mended])

    with Reader.open(path) as reader:
        found = {each.sample.location: each.sample for each in reader.every_sample(0, START_MS)}
    assert found == {"local": bad("checkout", START_MS), "本店": mended}


async def test_facts_that_never_repeat_do_not_fill_the_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    count = FACTS_A_SERIES + 20
    samples = [
        replace(each, result=replace(each.result, facts=Facts(url=f"https://shop.example/?{n}")))
        for n, each in enumerate(minutes("home", count))
    ]

    async with opened(path) as store:
        await store.add(samples)

    assert read_back(path) == samples
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM facts").fetchone() == (FACTS_A_SERIES,)
    connection.close()


async def test_pages_get_the_newest_samples_of_one_series(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    failure = bad("home", START_MS + 90 * MINUTE_MS)
    async with opened(path) as store:
        await store.add([*minutes("home", 100), *minutes("cart", 100), failure])

        with Reader.open(path) as reader:
            home, cart = (each.id for each in reader.series())
            newest = reader.samples(home, 0, START_MS + 98 * MINUTE_MS, limit=3)
            failed = reader.samples(home, 0, START_MS + 99 * MINUTE_MS, failed_only=True)
            latest = reader.latest()

    assert [each.sample.scheduled_ms for each in newest] == [
        START_MS + minute * MINUTE_MS for minute in (98, 97, 96)
    ]
    assert [each.sample for each in failed] == [failure]
    assert {key: each.sample.scheduled_ms for key, each in latest.items()} == dict.fromkeys(
        (home, cart), START_MS + 99 * MINUTE_MS
    )


async def test_the_latest_sample_of_a_series_that_was_not_asked_for_hours_is_found(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.add([good("nightly", START_MS), *minutes("home", 600)])

    with Reader.open(path) as reader:
        latest = {each.sample.probe: each.sample for each in reader.latest().values()}

    assert latest["nightly"] == good("nightly", START_MS)


def test_an_empty_database_has_nothing_to_say(tmp_path: Path) -> None:
    async def make() -> None:
        async with opened(tmp_path / "a.db"):
            pass

    import asyncio

    asyncio.run(make())
    with Reader.open(tmp_path / "a.db") as reader:
        assert reader.series() == []
        assert reader.latest() == {}
        assert reader.runs(0, START_MS) == {}
        assert reader.columns(0, START_MS) == {}
        assert reader.first_ms() is None


MICROSECONDS = st.none() | st.integers(0, 2**40).map(lambda us: us / 1e6)


@given(
    phases=st.builds(Phases, **dict.fromkeys(PHASES, MICROSECONDS)),
    body_bytes=st.none() | st.integers(0, 2**50),
    late_ms=st.integers(0, 2**40),
    attempts=st.integers(0, 1000),
    trace_id=st.just("") | st.binary(min_size=16, max_size=16).map(bytes.hex),
    confirmed=st.sampled_from([Outcome.GOOD, Outcome.BAD, Outcome.VOID]),
)
def test_the_packed_part_of_a_row_holds_any_numbers(
    phases: Phases,
    body_bytes: int | None,
    late_ms: int,
    attempts: int,
    trace_id: str,
    confirmed: Outcome,
) -> None:
    plain = bad("home", START_MS, confirmed=confirmed)
    result = replace(
        plain.result, phases=phases, facts=Facts(body_bytes=body_bytes), trace_id=trace_id
    )
    before = replace(plain, late_ms=late_ms, attempts=attempts, result=result)

    values, details = row(before, 1, lambda _: 7, lambda _, __: 8, lambda _: 9)
    after = sample(_stored(values, details), "home", "local")

    assert replace(after, result=replace(after.result, started_at=result.started_at)) == before
    assert details is None


def _stored(values: tuple[object, ...], details: bytes | None) -> Stored:
    at, series_id, outcome, confirmed, took, _, facts_id, packed, _ = values
    assert facts_id is None
    return Stored._make((at, series_id, outcome, confirmed, took, "timeout", None, packed, details))


def test_a_plain_row_has_no_facts() -> None:
    plain: Sample = good("home", START_MS)

    values, details = row(plain, 1, lambda _: 7, lambda _, __: 8, lambda _: 9)

    assert plain.result.facts == NO_FACTS
    assert values[6] is None
    assert details is None
