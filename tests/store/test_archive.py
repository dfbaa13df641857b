"""
The archive says what the raw rows said, whatever was stored, in whatever order, however often.

The reference is a dictionary: the last sample with a key wins, and nothing else is known.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.result import Outcome
from slo.timeline import Mark, Run
from synthetics.sample import Sample
from synthetics.store import Columns, Reader, Store, StoreError, days
from synthetics.store.codes import GOOD_CODES, MARKS, NUMBERS, SLOW
from synthetics.store.days import (
    SLOWEST,
    CodeRun,
    find_runs,
    mark_slow,
    pack_durations,
    pack_runs,
    pack_slowest,
    slow_of_all,
    slow_of_slowest,
    unpack_durations,
    unpack_runs,
)
from tests.store.support import DAY_MS, MINUTE_MS, START_MS, bad, good, minutes, opened, void

FOREVER_MS = START_MS + 1000 * DAY_MS
Known = dict[tuple[str, int], tuple[int, int]]


def reference(samples: Sequence[Sample]) -> Known:
    """What ought to be known: (probe, instant) → (code, duration)."""
    return {
        (each.probe, each.scheduled_ms): (
            NUMBERS[each.result.outcome] * 3 + NUMBERS[each.confirmed],
            round(each.result.duration_s * 1e6),
        )
        for each in samples
    }


def by_columns(reader: Reader, after_ms: int, until_ms: int) -> Known:
    names = {each.id: each.probe for each in reader.series()}
    return {
        (names[series_id], at): (code, took)
        for series_id, columns in reader.columns(after_ms, until_ms).items()
        for at, code, took in zip(
            columns.scheduled_ms, columns.codes, columns.duration_us, strict=True
        )
    }


def by_runs(
    reader: Reader, after_ms: int, until_ms: int, limit_us: int | None = None
) -> dict[tuple[str, int], Mark]:
    names = {each.id: each.probe for each in reader.series()}
    found: dict[tuple[str, int], Mark] = {}
    for series_id, runs in reader.runs(after_ms, until_ms, limit_us=limit_us).items():
        last_ms = -1
        for run in runs:
            assert run.first_ms > last_ms, "runs overlap or are out of order"
            last_ms = run.last_ms
            for index in range(run.count):
                found[names[series_id], run.first_ms + index * run.step_ms] = run.mark
    return found


def check(path: Path, known: Known, after_ms: int = 0, until_ms: int = FOREVER_MS) -> None:
    expected = {key: value for key, value in known.items() if after_ms < key[1] <= until_ms}
    with Reader.open(path) as reader:
        assert by_columns(reader, after_ms, until_ms) == expected
        assert by_runs(reader, after_ms, until_ms) == {
            key: MARKS[code] for key, (code, _) in expected.items()
        }
        for limit_us in limits(known):
            assert by_runs(reader, after_ms, until_ms, limit_us) == {
                key: MARKS[SLOW if code in GOOD_CODES and took >= limit_us else code]
                for key, (code, took) in expected.items()
            }


def limits(known: Known) -> set[int]:
    """Durations that some samples just reach, and just miss."""
    took = sorted(us for _, us in known.values())
    return {limit for us in took[:: len(took) // 3 + 1] for limit in (us, us + 1)}


OFFSETS = st.one_of(
    st.integers(0, 4 * DAY_MS - 1),
    st.integers(0, 4 * 24 * 6 - 1).map(lambda tick: tick * 10 * MINUTE_MS),
    st.sampled_from([0, 1, DAY_MS - 1, DAY_MS, DAY_MS + 1, 2 * DAY_MS - 1, 2 * DAY_MS]),
)
SAMPLES = st.lists(
    st.builds(
        lambda make, probe, offset, seconds: make(probe, START_MS + offset, seconds),
        st.sampled_from(
            [
                lambda probe, at, seconds: good(probe, at, duration_s=seconds),
                lambda probe, at, _: bad(probe, at),
                lambda probe, at, _: bad(probe, at, confirmed=Outcome.GOOD),
                lambda probe, at, _: void(probe, at),
            ]
        ),
        st.sampled_from(["home", "cart", "pay"]),
        OFFSETS,
        st.integers(0, 2**36).map(lambda us: us / 1e6),
    ),
    max_size=40,
)
STEPS = st.lists(
    st.tuples(SAMPLES, st.none() | st.tuples(st.integers(0, 5), st.integers(1, 5))),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, window=st.tuples(OFFSETS, OFFSETS), slowest=st.sampled_from([1, 3, SLOWEST]))
def test_archived_pruned_and_late_samples_are_read_as_if_all_were_raw(
    steps: list[tuple[list[Sample], tuple[int, int] | None]],
    window: tuple[int, int],
    slowest: int,
) -> None:
    """
    Samples arrive in any order and for any day, and between arrivals days are archived and raw
    rows are pruned: so they are late for archived days, and for pruned ones.  What is slow, by
    any limit, is the same too, whether or not a day keeps all of it at hand.
    """

    async def live(path: Path) -> None:
        stored: list[Sample] = []
        async with opened(path) as store:
            for samples, tending in steps:
                await store.add(samples)
                stored += samples
                check(path, reference(stored))
                if tending is not None:
                    day, retention = tending
                    await store.tend(START_MS + day * DAY_MS + DAY_MS // 2, retention * DAY_MS)
                    check(path, reference(stored))
        check(path, reference(stored), START_MS + min(window), START_MS + max(window))

    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(days, "SLOWEST", slowest)  # so that days have more than that
        asyncio.run(live(Path(folder) / "a.db"))


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, DAY_MS - 1), st.integers(0, 8)),
        unique_by=lambda pair: pair[0],
        max_size=50,
    ).map(sorted)
)
def test_a_day_of_runs_unpacks_to_the_samples_it_was_packed_from(
    pairs: list[tuple[int, int]],
) -> None:
    day = 20_000
    instants = array("q", (day * DAY_MS + at for at, _ in pairs))
    codes = bytes(code for _, code in pairs)

    unpacked = unpack_runs(pack_runs(find_runs(instants, codes), day), day)

    assert [
        (first_ms + index * step_ms, code)
        for first_ms, step_ms, samples, code in unpacked
        for index in range(samples)
    ] == list(zip(instants, codes, strict=True))


@given(st.lists(st.integers(0, 2**63)))
def test_durations_of_any_size_unpack_to_themselves(durations: list[int]) -> None:
    assert unpack_durations(pack_durations(array("Q", durations))).tolist() == durations


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 0, 0, 4, 8]), st.sampled_from([5, 5, 5, 7, 8, 9])),
        max_size=3 * SLOWEST,
    ),
    st.integers(4, 10),
)
def test_the_slowest_at_hand_say_what_is_slow_or_that_they_do_not_know(
    samples: list[tuple[int, int]], limit_us: int
) -> None:
    codes = bytes(code for code, _ in samples)
    durations = array("Q", (took for _, took in samples))
    expected = bytes(
        SLOW if code in GOOD_CODES and took >= limit_us else code for code, took in samples
    )
    runs = find_runs(range(len(codes)), codes)

    def marked(slow: list[tuple[int, int]]) -> bytes:
        found = list(mark_slow(runs, slow))
        assert [first_ms for first_ms, *_ in found] == [
            sum(samples for _, _, samples, _ in found[:index]) for index in range(len(found))
        ]
        return b"".join(bytes([code]) * samples for _, _, samples, code in found)

    at_hand = slow_of_slowest(pack_slowest(codes, durations), limit_us)
    assert marked(slow_of_all(durations, limit_us)) == expected
    assert (at_hand is None) == (expected.count(SLOW) >= SLOWEST)
    assert at_hand is None or marked(at_hand) == expected


def test_a_steady_day_is_one_run_of_a_few_bytes() -> None:
    instants = array("q", range(START_MS, START_MS + DAY_MS, MINUTE_MS))

    runs = find_runs(instants, bytes(1440))

    assert runs == [CodeRun(START_MS, MINUTE_MS, 1440, 0)]
    assert len(pack_runs(runs, START_MS // DAY_MS)) < 20


async def test_a_steady_month_is_read_as_one_run(tmp_path: Path) -> None:
    """However it is kept: half of it archived, half of it raw."""
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.add([good("home", START_MS + hour * 60 * MINUTE_MS) for hour in range(30 * 24)])
        await store.tend(START_MS + 15 * DAY_MS + DAY_MS // 2, 365 * DAY_MS)

        with Reader.open(path) as reader:
            runs = reader.runs(0, FOREVER_MS)

    assert runs == {1: [Run(START_MS, 60 * MINUTE_MS, 30 * 24, Mark.GOOD)]}


async def test_raw_rows_are_forgotten_by_whole_days_once_archived(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    samples = [each for day in range(4) for each in minutes("home", 2, start_ms=_day(day))]
    async with opened(path) as store:
        await store.add(samples)
        await store.tend(_day(3) + DAY_MS // 2, DAY_MS)

        assert _raw_days(path) == {2, 3}
        check(path, reference(samples))


async def test_a_day_is_archived_an_hour_after_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.add(minutes("home", 3))
        hour_ms = 60 * MINUTE_MS

        await store.tend(_day(1) + hour_ms - 1, 365 * DAY_MS)
        assert _archived(path) == []

        await store.tend(_day(1) + hour_ms, 365 * DAY_MS)
        assert _archived(path) == [(START_MS // DAY_MS, 3, 0, 0, 0, 0)]


async def test_the_totals_of_a_day_count_each_kind_of_sample(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    samples = [
        *minutes("home", 4),
        bad("home", START_MS + 10 * MINUTE_MS),
        bad("home", START_MS + 11 * MINUTE_MS, confirmed=Outcome.GOOD),
        bad("home", START_MS + 12 * MINUTE_MS, confirmed=Outcome.VOID),
        void("home", START_MS + 13 * MINUTE_MS),
    ]
    async with opened(path) as store:
        await store.add(samples)
        await store.tend(_day(2), 365 * DAY_MS)

    assert _archived(path) == [(START_MS // DAY_MS, 4, 1, 2, 1, 0)]


async def test_late_samples_are_counted_before_and_after_they_are_folded_in(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    first = minutes("home", 10)
    late = [bad("home", START_MS + 3 * MINUTE_MS), good("home", START_MS + 3 * MINUTE_MS + 1)]
    async with opened(path) as store:
        await store.add(first)
        await store.tend(_day(9), DAY_MS)
        assert _raw_days(path) == set()

        await store.add(late)
        check(path, reference([*first, *late]))
        assert [row[-1] for row in _archived(path)] == [2]

        await store.tend(_day(9), DAY_MS)
        check(path, reference([*first, *late]))
        assert [row[-1] for row in _archived(path)] == [0]
        assert _raw_days(path) == set()


async def test_samples_that_arrive_while_a_day_is_being_archived_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day is read in one thread and written from another; in between, more may come."""
    path = tmp_path / "a.db"
    first = minutes("home", 10)
    late = bad("home", START_MS + 5 * MINUTE_MS)
    async with opened(path) as store:
        await store.add(first)
        await _tend_with_arrival(store, late, monkeypatch)

        check(path, reference([*first, late]))
        await store.tend(_day(9), DAY_MS)
        check(path, reference([*first, late]))
        assert _raw_days(path) == set()


async def _tend_with_arrival(store: Store, late: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthetics.store.packing import Packed
    from synthetics.store.tending import Tending

    original = Tending._pack
    loop = asyncio.get_running_loop()

    def pack(self: Tending, day: int, series: Sequence[int]) -> list[Packed]:
        packed = original(self, day, series)
        asyncio.run_coroutine_threadsafe(store.add([late]), loop).result(timeout=10)
        return packed

    with monkeypatch.context() as patched:
        patched.setattr(Tending, "_pack", pack)
        await store.tend(_day(1) + DAY_MS // 2, 365 * DAY_MS)


async def test_a_store_can_be_closed_while_it_is_tended(tmp_path: Path) -> None:
    """A stopping service cancels its housekeeping, but no thread can be cancelled."""
    path = tmp_path / "a.db"
    samples = [each for probe in range(30) for each in minutes(f"probe-{probe}", 200)]
    async with opened(path) as store:
        await store.add(samples)
        tending = asyncio.ensure_future(store.tend(_day(2), 365 * DAY_MS))
        await store.write(lambda _: None)
        await asyncio.sleep(0.02)
        await store.close()
        with suppress(StoreError):
            await tending

    check(path, reference(samples))


async def test_columns_are_cut_to_the_window(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.add(minutes("home", 10))
        await store.tend(_day(2), 365 * DAY_MS)

        with Reader.open(path) as reader:
            columns: dict[int, Columns] = reader.columns(START_MS, START_MS + 2 * MINUTE_MS, [1])
            assert reader.columns(START_MS, START_MS + 2 * MINUTE_MS, []) == {}
            assert reader.first_ms() == START_MS

    assert columns[1].scheduled_ms.tolist() == [START_MS + MINUTE_MS, START_MS + 2 * MINUTE_MS]


def _day(number: int) -> int:
    return START_MS + number * DAY_MS


def _raw_days(path: Path) -> set[int]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT scheduled_ms FROM samples").fetchall()
    connection.close()
    return {(at - START_MS) // DAY_MS for (at,) in rows}


def _archived(path: Path) -> list[tuple[int, ...]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT day, good, bad, blip, void, late FROM archive").fetchall()
    connection.close()
    return rows
