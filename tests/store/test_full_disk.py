"""A disk that fills up stops raw samples first; alerts have a reserve."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetics.clock import HeldClock
from synthetics.store import DiskFullError, Store
from tests.store.support import DAY_MS, MINUTE_MS, START_MS, good, instants, opened, read_back

MIB = 1 << 20


def change_state(connection: sqlite3.Connection) -> None:
    """As small a change as an alert's, with a row of some size like a delivery's."""
    connection.execute("INSERT INTO reasons (reason) VALUES (hex(randomblob(1000)))")


async def change_many(store: Store, times: int) -> None:
    """One transaction each, as alerts come."""
    for _ in range(times):
        await store.write(change_state)


def filler_bytes(connection: sqlite3.Connection) -> int:
    """What is set aside."""
    return int(connection.execute("SELECT total(length(filler)) FROM reserve").fetchone()[0])


async def fill_up(store: Store, *, limit: int = 200) -> int:
    """Add samples until some are refused; when the last accepted one was due."""
    last_ms = 0
    for batch in range(limit):
        samples = [good(f"probe-{probe}", START_MS + batch * MINUTE_MS) for probe in range(2000)]
        if await store.add(samples):
            return last_ms
        last_ms = START_MS + batch * MINUTE_MS
    raise AssertionError("the disk did not fill up")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of 24 MiB, or ``None`` where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
            check=False,
            capture_output=True,
        ).returncode
        == 0
    )
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def cap(connection: sqlite3.Connection, pages: int) -> None:
    """Let the file grow by *pages* and no more, as a full disk would."""
    now = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {now + pages}")


async def test_a_real_disk_that_fills_up(small_disk: Path | None, tmp_path: Path) -> None:
    """
    Another program takes all that is left, at once, past the low-water mark.

    Where no small file system can be mounted, the file's own limit stands in for the disk's.
    """
    path = (small_disk or tmp_path) / "a.db"
    clock = HeldClock(START_MS)
    async with opened(path, clock=clock, reserve_bytes=2 * MIB, low_water_bytes=MIB) as store:
        await store.add([good("home", START_MS - MINUTE_MS)])
        hog = path.with_name("hog")
        if small_disk is None:
            await store.write(lambda c: cap(c, 100))
        else:
            _take_everything(hog)

        last_ms = await fill_up(store)
        await change_many(store, 100)
        stats = store.stats()
        assert stats.disk_full
        assert stats.dropped >= 2000
        assert stats.failure is None

        if small_disk is None:
            await store.write(lambda c: cap(c, 1 << 20))
        else:
            hog.unlink()
        clock.advance(60)
        assert await store.add([good("home", START_MS + DAY_MS)]) == ()
        assert not store.stats().disk_full

    kept = instants(read_back(path))
    assert max(kept) == START_MS + DAY_MS
    assert all(at <= max(last_ms, START_MS) for at in kept[:-1])
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM reasons").fetchone() == (100,)
    connection.close()


async def test_samples_stop_at_the_low_water_mark_and_alerts_go_on(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    disk = os.statvfs(tmp_path)
    more_than_free = 2 * disk.f_bavail * disk.f_frsize + MIB
    async with opened(path, low_water_bytes=more_than_free) as store:
        samples = [good("home", START_MS)]

        assert await store.add(samples) == tuple(samples)
        await store.write(change_state)

        assert store.stats().dropped == 1
        assert store.stats().disk_full
    assert read_back(path) == []


async def test_a_file_that_cannot_grow_has_a_reserve_for_alerts(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    clock = HeldClock(START_MS)
    async with opened(path, clock=clock, reserve_bytes=MIB) as store:
        await store.write(lambda c: cap(c, 20))
        await fill_up(store)

        await change_many(store, 100)

        clock.advance(60)
        assert await store.add([good("home", START_MS)]), "the reserve was used for samples"
        await store.write(lambda c: cap(c, 1 << 20))
        clock.advance(60)
        assert await store.add([good("home", START_MS)]) == ()
        assert not store.stats().disk_full
        assert await store.write(filler_bytes) == MIB


async def test_when_the_reserve_is_used_up_too_the_caller_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db", reserve_bytes=64 << 10) as store:
        await store.write(lambda c: cap(c, 4))

        with pytest.raises(DiskFullError, match="and so is the reserve"):
            await change_many(store, 200)

        await store.write(lambda c: cap(c, 1 << 20))
        await store.write(change_state)


def _take_everything(hog: Path) -> None:
    with hog.open("wb", buffering=0) as file:
        for size in (MIB, 4096):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
