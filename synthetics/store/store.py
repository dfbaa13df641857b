"""The one writer of a database file, as the rest of the service sees it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from synthetics.clock import Clock, SystemClock
from synthetics.sample import Sample
from synthetics.store.bare import Bare
from synthetics.store.errors import StoreError
from synthetics.store.lock import Lock
from synthetics.store.opening import check_folder, explain
from synthetics.store.tending import Tending
from synthetics.store.values import StoreStats
from synthetics.store.writer import Change, Done, Intake, Work, Writer

T = TypeVar("T")

LINGER_S = 0.1
BARE_AT_ONCE = 50_000
"""Imported samples a transaction; some tenths of a second for which an alert may have to wait."""

CAPACITY = 20_000
BATCH = 5_000
RESERVE_BYTES = 8 << 20
LOW_WATER_BYTES = 16 << 20


class Store:
    """
    Takes samples and changes, and commits them in groups in a thread of its own.

    Use it from one event loop.  What arrives while a transaction runs, or within a tenth of a
    second, shares the next one; a change of an alert does not wait for company.
    """

    def __init__(
        self,
        writer: Writer,
        thread: ThreadPoolExecutor,
        lock: Lock,
        *,
        clock: Clock,
        linger_s: float,
        capacity: int,
    ) -> None:
        self._writer = writer
        self._thread = thread
        self._lock = lock
        self._clock = clock
        self._linger_s = linger_s
        self._capacity = capacity
        self._loop = asyncio.get_running_loop()
        self._works: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._queued = 0
        self._committing: asyncio.Future[list[Done]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._waits = 0
        self._waited_s = 0.0
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock | None = None,
        linger_s: float = LINGER_S,
        capacity: int = CAPACITY,
        reserve_bytes: int = RESERVE_BYTES,
        low_water_bytes: int = LOW_WATER_BYTES,
    ) -> Store:
        """
        Lock, check and bring up to date the database at *path*; a missing file is made.

        Args:
            path: The file; its folder must exist.
            clock: Read for the lock's text and for measuring.
            linger_s: How long samples wait for others to share a commit with.
            capacity: Samples that may wait before `add` makes its caller wait.
            reserve_bytes: Room in the file that is kept for alerts when the disk is full.
            low_water_bytes: With less than this free on the disk, samples are not stored.

        Raises:
            StoreError: What is wrong with the file, why, and how to mend it.
        """
        clock = clock or SystemClock()
        path, lock = _claim(path, clock)
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            writer = await asyncio.get_running_loop().run_in_executor(
                thread,
                lambda: Writer.open(
                    path,
                    clock=clock,
                    reserve_bytes=reserve_bytes,
                    low_water_bytes=low_water_bytes,
                ),
            )
        except BaseException:
            thread.shutdown(wait=True)
            lock.release()
            raise
        return cls(writer, thread, lock, clock=clock, linger_s=linger_s, capacity=capacity)

    @staticmethod
    def check_free(path: Path) -> None:
        """
        Refuse early what `open` would refuse because a service runs on the database at *path*.

        Raises:
            InUseError: Which process holds it, and since when.
        """
        Lock.check_free(path.resolve())

    @property
    def path(self) -> Path:
        """The database file, absolute."""
        return self._writer.path

    def announce(self, url: str, token: str) -> None:
        """Let commands that find the database in use know where to ask, and what to show."""
        self._lock.say(url=url, token=token)

    async def add(self, samples: Sequence[Sample]) -> tuple[Sample, ...]:
        """
        Store *samples*; on return they are on the disk and survive a crash.

        A sample with the key of an earlier one replaces it (R3).  While the queue is full the
        caller waits.

        Returns:
            Those that were not stored because the disk is full: all of *samples* or none.

        Raises:
            StoreError: The database was lost, or cannot be written at all.
        """
        if not samples:
            return ()
        if self._queued and self._queued + len(samples) > self._capacity:
            await self._wait_for_room(len(samples))
        dropped: tuple[Sample, ...] = await self._submit(Intake(samples), len(samples))
        return dropped

    async def keep(self, samples: Bare) -> int:
        """
        Store *samples* that come from elsewhere, in several transactions.

        On return all are on the disk.  A call that failed half-way is simply repeated.

        Returns:
            How many were new, or say something else than what was stored.

        Raises:
            StoreError: The disk is full, or the database cannot be written.
        """
        changed = 0
        for part in samples.parts(BARE_AT_ONCE):
            changed += await self.write(partial(self._writer.keep, samples, part))
        return changed

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """
        Run *change* in the writer's thread, inside one transaction, and commit at once.

        Everything that was added before is committed before or with it.  If *change* raises,
        what it wrote is undone and the exception is raised here.  It may be run a second time
        after its first run was undone, so it must have no effect but on the connection; and it
        must not begin, commit or roll back.

        Raises:
            StoreError: The database was lost, or is too full even for this.
        """
        result: T = await self._submit(Change(change), 0)
        return result

    async def tend(self, now_ms: int, retention_ms: int) -> None:
        """
        Archive the days that are over, and forget raw samples that are old.

        A day is archived once it ended an hour ago; samples that come later still count, and
        are folded in by the next call.  Raw samples are forgotten by whole days, *retention_ms*
        after their day ended, and only when archived.  Call it every few minutes, never twice
        at once.

        Raises:
            StoreError: The database was lost, or cannot be written.
        """
        tending = Tending(self.write, self._writer.beside, self._writer.expect_late)
        try:
            await tending.run(now_ms, retention_ms)
        except sqlite3.Error as error:
            raise explain(self.path, error) from error

    def stats(self) -> StoreStats:
        """How the writer is doing."""
        return self._writer.stats(
            queued=self._queued,
            capacity=self._capacity,
            waits=self._waits,
            waited_s=self._waited_s,
        )

    async def close(self) -> None:
        """Commit what waits, close the file and let go of the lock; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        while self._works or self._committing:
            self._hand_over()
            if self._committing:
                await asyncio.wait([self._committing])
                await asyncio.sleep(0)
        try:
            await self._loop.run_in_executor(self._thread, self._writer.close)
        finally:
            self._thread.shutdown(wait=True)
            self._lock.release()

    async def _submit(self, work: Work, count: int) -> Any:
        if self._closed:
            raise StoreError(f"{self.path} is closed", mend="nothing: the service is stopping")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._works.append((work, future))
        self._queued += count
        if not count or self._queued >= BATCH:
            self._hand_over()
        elif self._timer is None and self._committing is None:
            self._timer = self._loop.call_later(self._linger_s, self._hand_over)
        return await future

    async def _wait_for_room(self, count: int) -> None:
        began = self._clock.monotonic()
        self._waits += 1
        while self._queued and self._queued + count > self._capacity:
            room: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append(room)
            await room
        self._waited_s += self._clock.monotonic() - began

    def _hand_over(self) -> None:
        """Give the thread the next batch, unless it is busy; it asks again when it is done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._committing is not None or not self._works:
            return
        batch: list[tuple[Work, asyncio.Future[Any]]] = []
        rows = 0
        while self._works and rows < BATCH:
            batch.append(self._works.popleft())
            rows += batch[-1][0].rows
        works = [work for work, _ in batch]
        self._committing = self._loop.run_in_executor(self._thread, self._writer.commit, works)
        self._committing.add_done_callback(lambda done: self._settle(batch, rows, done))

    def _settle(
        self,
        batch: list[tuple[Work, asyncio.Future[Any]]],
        rows: int,
        committed: asyncio.Future[list[Done]],
    ) -> None:
        self._committing = None
        self._queued -= rows
        error = committed.exception()
        results = [Done(error=error)] * len(batch) if error else committed.result()
        for (_, future), done in zip(batch, results, strict=True):
            if future.done():
                continue  # the caller was cancelled; the work was done all the same
            if done.error is not None:
                future.set_exception(done.error)
            else:
                future.set_result(done.value)
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
        if self._works:
            self._hand_over()


def _claim(path: Path, clock: Clock) -> tuple[Path, Lock]:
    path = path.resolve()
    check_folder(path)
    return path, Lock.take(path, clock)
