"""
From the runner to the books: samples wait in a bounded queue, are stored, then counted.

Nothing is counted or paged that is not on the disk, unless the disk is full: an outage that
begins then must still page.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from synthetics.sample import Sample
from synthetics.store import Store

CAPACITY = 20_000
BATCH = 2_000
"""Samples that are counted in one go, so that the loop is not held for long."""

Settle = Callable[[Sequence[Sample]], Awaitable[None]]
"""Counts samples that were stored."""


class Intake:
    """
    The queue, and who works it off.

    Args:
        store: Where samples are kept.
        settle: What is done with them afterwards.
        capacity: Samples that may wait before `put` makes its caller wait.

    Attributes:
        waits: How often a caller had to.
    """

    def __init__(self, store: Store, settle: Settle, *, capacity: int = CAPACITY) -> None:
        self._store = store
        self._settle = settle
        self._capacity = capacity
        self._waiting: deque[Sample] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._closing = False
        self._lost = False
        self.waits = 0

    def __len__(self) -> int:
        return len(self._waiting)

    async def put(self, samples: Sequence[Sample]) -> None:
        """
        Take *samples*; while the queue is full the caller waits.

        Once `work` has failed they are let go, so that no run waits for ever.
        """
        while (
            not self._lost and self._waiting and len(self._waiting) + len(samples) > self._capacity
        ):
            self.waits += 1
            self._room.clear()
            await self._room.wait()
        self._waiting.extend(samples)
        self._news.set()

    async def work(self) -> None:
        """
        Store and settle what comes, until `close` and the queue is empty.

        Raises:
            StoreError: The database was lost, or cannot be written at all.
        """
        try:
            while self._waiting or not self._closing:
                if not self._waiting:
                    self._news.clear()
                    await self._news.wait()
                    continue
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                self._room.set()
                await self._store.add(batch)
                await self._settle(batch)
        except BaseException:
            self._lost = True
            self._room.set()
            raise

    def close(self) -> None:
        """Let `work` end once the queue is empty."""
        self._closing = True
        self._news.set()
