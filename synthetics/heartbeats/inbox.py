"""Pings on their way to the disk: those that come while one transaction runs share the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from probes.heartbeat_parts.facts import Ping
from synthetics.store import DiskFullError, Store, pings

BATCH = 2_000
"""Pings a transaction."""

LINGER_S = 0.01
"""A job does not notice so short a wait, and many pings share a commit."""

Heard = Callable[[str, Ping, int], None]
"""Told of a ping of a job that is on the disk, and of its number there; must not raise."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A ping that is not on the disk yet."""

    job: str
    ping: Ping
    row: pings.NewPing
    stored: asyncio.Future[None]


class Inbox:
    """
    Stores pings, and then tells of them in the order in which they came.

    Args:
        store: Where they are kept.
        heard: Told of each.
    """

    def __init__(self, store: Store, heard: Heard) -> None:
        self._store = store
        self._heard = heard
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest ping came that is not told of yet; ``None`` if there is none."""
        return self._waiting[0].ping.at_ms if self._waiting else None

    async def put(self, job: str, ping: Ping, body: str) -> None:
        """
        Keep *ping*; on return it is on the disk and survives a crash.

        Raises:
            StoreError: It could not be stored, and was not heard.
        """
        row = (job, ping.at_ms, ping.word.value, ping.rid, ping.exit_code, body)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(job, ping, row, stored))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="pings")
        await stored

    async def idle(self) -> None:
        """Wait until nothing waits."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(LINGER_S)
                batch = [one for one, _ in zip(self._waiting, range(BATCH), strict=False)]
                error: Exception | None = None
                numbers = range(0)
                try:
                    self._check_disk()
                    numbers = await self._store.write(
                        partial(pings.add, pings=[one.row for one in batch])
                    )
                except Exception as caught:  # noqa: BLE001 - whoever waits is told, whatever it is
                    error = caught
                for at, one in enumerate(batch):
                    self._waiting.popleft()
                    if error is None:
                        self._heard(one.job, one.ping, numbers[at])
                    if one.stored.done():
                        continue  # who sent it hung up; it counts all the same
                    if error is None:
                        one.stored.set_result(None)
                    else:
                        one.stored.set_exception(error)
        finally:
            self._writing = None

    def _check_disk(self) -> None:
        """The room that is left on a full disk is kept for alerts."""
        if self._store.stats().disk_full:
            raise DiskFullError(
                f"the disk of {self._store.path} is full",
                mend="free some space; a job that tries again is heard then",
            )
