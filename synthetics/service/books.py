"""The books: what is counted, what is shown and who is paged, changed one step at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence

from synthetics.accounting.ledger import Ledger
from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.paging.judge import Judge
from synthetics.sample import Sample
from synthetics.store import DiskFullError, Reader, StoreError
from synthetics.web.board import Board

logger = logging.getLogger(__name__)


class Books:
    """
    Ledger, board and judge, kept in step.

    Attributes:
        lock: Held while any of them changes; take it to read them together.
    """

    def __init__(
        self, *, ledger: Ledger, board: Board, judge: Judge, reader: Reader, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._judge = judge
        self._reader = reader
        self._clock = clock
        self.lock = asyncio.Lock()
        judge.remedies.again = self.again

    async def settle(self, samples: Sequence[Sample]) -> None:
        """Count *samples*, which are stored, and decide what follows from them."""
        async with self.lock:
            for sample in samples:
                self._ledger.apply(sample)
            self._board.show(samples)
            try:
                await self._judge.on_samples(samples)
            except DiskFullError as error:
                _not_decided(error)

    async def minute(self, at_ms: int) -> None:
        """Decide every SLO at the whole minute *at_ms* (R8)."""
        async with self.lock:
            try:
                await self._judge.on_minute(at_ms)
            except DiskFullError as error:
                _not_decided(error)

    async def again(self) -> None:
        """Decide every SLO now: what was tried has come out."""
        await self.minute(self._clock.now_ms())

    async def trim(self) -> None:
        """Forget what no window reaches any more."""
        async with self.lock:
            self._ledger.trim(self._clock.now_ms())

    async def count_again(self, probes: Collection[str]) -> None:
        """Count samples of *probes* that were stored by another way than `settle`."""
        async with self.lock:
            self._ledger.forget(probes)
            await asyncio.to_thread(self._ledger.load, self._reader, self._clock.now_ms())

    async def declared(self) -> None:
        """Go by what commands have declared: what counts from the next decision on (R2), and
        what may be told at once.
        """
        async with self.lock:
            self._ledger.declare(await asyncio.to_thread(self._reader.exclusions))
            try:
                await self._judge.look_again()
            except DiskFullError as error:
                _not_decided(error)

    async def adopt(self, config: Config) -> None:
        """
        Go by *config*, whole: history that it needs is read first.

        Reading goes on in a thread; meanwhile samples wait in the queue and probing goes on.

        Raises:
            StoreError: The database could not be read or written; nothing has changed.
        """
        async with self.lock:
            try:
                await self._turn_to(config)
                await self._judge.reload(config)
            except StoreError:
                await self._turn_to(self._board.config)
                raise
            self._board.adopt(config)
            self._board.taken()

    async def _turn_to(self, config: Config) -> None:
        self._ledger.adopt(config)
        if self._ledger.unknown():
            await asyncio.to_thread(self._ledger.load, self._reader, self._clock.now_ms())


def _not_decided(error: DiskFullError) -> None:
    """An alert that cannot be written is decided again with the next samples."""
    logger.error("%s", error, extra={"action": "alert_not_written"})
