"""Whether the service is truly well: it asks, stores, decides and delivers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.paging.courier import Courier
from synthetics.paging.judge import Judge
from synthetics.paging.watch_samples import SilenceWatch
from synthetics.schedule.beats import Beats
from synthetics.store import Store, StoreError
from synthetics.web.board import Board, Phase

WRITE_LIMIT_S = 5.0
"""A store that takes longer for one row is not well."""

LATE_S = 150.0
"""Everything is decided at each whole minute; this long without, and it is not."""

LOOK_LIMIT_S = 10.0
"""The scheduler compares the clocks each second."""

ALIVE = """
    INSERT INTO state (name, value) VALUES ('alive_ms', :now_ms)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


@dataclass(slots=True)
class Pulse:
    """
    Feels the pulse of every room.

    Attributes:
        config: The one in force.
    """

    board: Board
    beats: Beats
    silence: SilenceWatch
    store: Store
    judge: Judge
    courier: Courier
    clock: Clock
    config: Callable[[], Config]
    _decided: tuple[int, float] | None = None

    async def __call__(self) -> str:
        """Why the service is not well; empty if it is."""
        config = self.config()
        if self.board.phase is not Phase.RUNNING:
            return f"the service is {self.board.phase}"
        if config.probes and self.beats.looked_s() > LOOK_LIMIT_S:
            return "the scheduler stands still"
        if self.silence.all_silent(config):
            return "no probe brings samples"
        return self._undecided() or self.courier.stuck(config.delivery) or await self._unwritten()

    def _undecided(self) -> str:
        """By how long ago passes were last seen to grow, whatever the wall clock says."""
        now, passes = self.clock.monotonic(), self.judge.stats().passes
        if self._decided is None or self._decided[0] != passes:
            self._decided = passes, now
        late = now - self._decided[1] > LATE_S
        return "alerts are not decided" if late else ""

    async def _unwritten(self) -> str:
        """Write something for real, to the disk."""
        try:
            async with asyncio.timeout(WRITE_LIMIT_S):
                await self.store.write(partial(_say_alive, now_ms=self.clock.now_ms()))
        except TimeoutError:
            return "the store takes too long to write"
        except (StoreError, sqlite3.Error):
            return "the store cannot be written"
        return "the disk is full" if self.store.stats().disk_full else ""


def _say_alive(db: sqlite3.Connection, *, now_ms: int) -> None:
    db.execute(ALIVE, {"now_ms": now_ms})
