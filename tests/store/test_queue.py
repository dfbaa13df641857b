"""Commits are shared, in order, and the queue before them is bounded."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from probes.result import Phases
from synthetics.clock import SystemClock
from synthetics.store import Reader, StoreError
from tests.store.support import MINUTE_MS, START_MS, good, minutes, opened, read_back

COUNT = "SELECT count(*) FROM samples"


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute(COUNT).fetchone()[0])


async def test_what_arrives_together_is_committed_together(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db", linger_s=0.05) as store:
        before = store.stats().commits
        adding = [store.add([sample]) for sample in minutes("home", 50)]

        assert await asyncio.gather(*adding) == [()] * 50

        stats = store.stats()
        assert stats.commits - before == 1
        assert stats.stored == 50
        assert stats.queued == 0


async def test_added_samples_can_be_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as store:
        with Reader.open(path) as reader:
            await store.add(minutes("home", 3))
            assert reader.read(count) == 3
            await store.add([good("home", START_MS - 1)])
            assert reader.read(count) == 4


async def test_nothing_to_add_is_no_transaction(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as store:
        assert await store.add([]) == ()
        assert store.stats().commits == 0


async def test_a_change_is_committed_at_once_and_after_what_was_added_before_it(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "a.db", linger_s=3600) as store:
        adding = asyncio.ensure_future(store.add(minutes("home", 3)))
        await asyncio.sleep(0)

        assert await store.write(count) == 3
        assert await adding == ()


async def test_a_change_that_fails_is_undone_alone(tmp_path: Path) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO reasons (reason) VALUES ('lost')")
        connection.execute("INSERT INTO no_such_table VALUES (1)")

    def works(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO reasons (reason) VALUES ('kept')")
        return 7

    async with opened(tmp_path / "a.db", linger_s=3600) as store:
        adding = asyncio.ensure_future(store.add(minutes("home", 3)))
        await asyncio.sleep(0)
        failed, kept = await asyncio.gather(
            store.write(fails), store.write(works), return_exceptions=True
        )

        assert isinstance(failed, sqlite3.OperationalError)
        assert kept == 7
        assert await adding == ()
        reasons = await store.write(
            lambda c: c.execute("SELECT reason FROM reasons").fetchall(),
        )
        assert reasons == [("kept",)]


async def test_a_change_that_has_a_transaction_of_its_own_is_undone_as_well(tmp_path: Path) -> None:
    """And numbers that it gave to words are given anew."""

    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO series (probe, location) VALUES ('home', 'local')")
        raise LookupError

    path = tmp_path / "a.db"
    async with opened(path) as store:
        with pytest.raises(LookupError):
            await store.write(fails)
        assert await store.write(lambda c: c.execute("SELECT * FROM series").fetchall()) == []
        assert await store.add(minutes("home", 2)) == ()

    assert read_back(path) == minutes("home", 2)


async def test_a_sample_that_cannot_be_stored_harms_no_other(tmp_path: Path) -> None:
    """Kinds of third parties may yield anything; a phase below 0, say."""
    path = tmp_path / "a.db"
    fine = good("home", START_MS)
    broken = replace(fine, probe="cart", result=replace(fine.result, phases=Phases(tls_s=-1.0)))
    async with opened(path, linger_s=0.02) as store:
        results = await asyncio.gather(
            store.add([broken]), store.add([fine]), return_exceptions=True
        )

    assert isinstance(results[0], ValueError)
    assert results[1] == ()
    assert read_back(path) == [fine]


async def test_an_exception_of_a_change_reaches_its_caller(tmp_path: Path) -> None:
    def fails(_: sqlite3.Connection) -> None:
        raise LookupError("no such incident")

    async with opened(tmp_path / "a.db") as store:
        with pytest.raises(LookupError, match="no such incident"):
            await store.write(fails)


async def test_a_full_queue_makes_its_callers_wait(tmp_path: Path) -> None:
    """And says so in numbers; the wait ends when the disk has caught up."""
    path = tmp_path / "a.db"
    held, go_on = threading.Event(), threading.Event()

    def slow_disk(_: sqlite3.Connection) -> None:
        held.set()
        assert go_on.wait(10)

    async with opened(path, capacity=10, clock=SystemClock()) as store:
        slow = asyncio.ensure_future(store.write(slow_disk))
        await asyncio.to_thread(held.wait)
        accepted = asyncio.ensure_future(store.add(minutes("home", 10)))
        await asyncio.sleep(0)
        waiting = [
            asyncio.ensure_future(store.add([good("cart", START_MS + minute * MINUTE_MS)]))
            for minute in range(15)
        ]
        await asyncio.sleep(0)

        assert store.stats().queued == store.stats().capacity == 10
        assert store.stats().waits == 15

        go_on.set()
        await asyncio.gather(slow, accepted, *waiting)
        assert store.stats().queued == 0
        assert store.stats().waited_s > 0
    assert len(read_back(path)) == 25


async def test_one_call_may_be_larger_than_the_queue(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db", capacity=10) as store:
        assert await store.add(minutes("home", 25)) == ()


async def test_a_caller_that_gives_up_does_not_disturb_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path, linger_s=0.02) as store:
        first, second = (
            asyncio.ensure_future(store.add(minutes(probe, 2))) for probe in ("home", "cart")
        )
        await asyncio.sleep(0)
        first.cancel()

        assert await second == ()
    assert len(read_back(path)) == 4


async def test_closing_commits_what_waits_and_then_takes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path, linger_s=3600) as store:
        adding = asyncio.ensure_future(store.add(minutes("home", 3)))
        await asyncio.sleep(0)
        await store.close()

        assert await adding == ()
        with pytest.raises(StoreError, match="is closed"):
            await store.add(minutes("home", 1))
    assert len(read_back(path)) == 3


async def test_readers_do_not_keep_the_log_from_being_used_again(tmp_path: Path) -> None:
    """A reader that stays open for hours, as a status page's does, must not let the log grow."""
    path = tmp_path / "a.db"
    async with opened(path) as store:
        with Reader.open(path) as reader:
            sizes = []
            for start in range(8):
                samples = [
                    good(f"probe-{probe}", START_MS + (start * 50 + minute) * MINUTE_MS)
                    for probe in range(100)
                    for minute in range(50)
                ]
                await store.add(samples)
                assert reader.read(count) == (start + 1) * 5000
                sizes.append(store.stats().wal_bytes)
        # Each round writes some 40 pages a probe; without checkpoints the log would be eightfold.
        assert sizes[-1] < 2 * sizes[1] + (1 << 20)
