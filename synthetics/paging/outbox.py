"""The outbox as the courier uses it: every step recorded, or tried again until it is."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from synthetics.clock import Clock
from synthetics.receivers.base import Fate, Verdict
from synthetics.store import deliveries
from synthetics.store.deliveries import Claimed, Owed
from synthetics.store.errors import StoreError
from synthetics.store.store import Store

logger = logging.getLogger(__name__)

T = TypeVar("T")

AGAIN_S = 1.0
"""Between attempts to write to a store that cannot be written just now, such as a full disk."""


class Outbox:
    """
    Deliveries of a store.

    Args:
        store: The one writer.
        clock: For the times that are recorded.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def owed(self) -> list[Owed]:
        """All that is owed, oldest first."""
        return await self._surely(deliveries.owed)

    async def claim(self, ids: Sequence[int]) -> dict[int, Claimed]:
        """Record that attempts begin; what is to be sent of those that are still owed."""
        return await self._surely(partial(deliveries.claim, ids=ids, at_ms=self._clock.now_ms()))

    async def record(self, delivery_id: int, verdict: Verdict) -> bool:
        """Record how an attempt ended; whether the delivery is owed still."""
        return await self._surely(
            partial(_record, delivery_id=delivery_id, verdict=verdict, at_ms=self._clock.now_ms())
        )

    async def refuse_all_of(self, receiver: str, *, reason: str, detail: str) -> int:
        """Give up what *receiver* is owed; how many deliveries there were."""
        at_ms = self._clock.now_ms()
        return await self._surely(
            partial(
                deliveries.refuse_all_of,
                receiver=receiver,
                at_ms=at_ms,
                reason=reason,
                detail=detail,
            )
        )

    async def owe_again(self, receiver: str) -> int:
        """Owe *receiver* once more what goes on; how many messages those are."""
        at_ms = self._clock.now_ms()
        return await self._surely(partial(deliveries.owe_again, receiver=receiver, at_ms=at_ms))

    async def _surely(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """
        Write, however often it takes.

        What was sent and cannot be recorded must not be sent again and again instead;
        if the process ends first, it is sent once more, which is the promise.
        """
        while True:
            try:
                return await self._store.write(change)
            except (StoreError, sqlite3.Error) as error:
                logger.error(  # noqa: TRY400  (the stack says nothing that the message does not)
                    "outbox cannot be written: %s", error, extra={"action": "outbox_blocked"}
                )
                await asyncio.sleep(AGAIN_S)


def _record(db: sqlite3.Connection, delivery_id: int, verdict: Verdict, at_ms: int) -> bool:
    reason, detail = verdict.reason, verdict.detail
    match verdict.fate:
        case Fate.DELIVERED:
            deliveries.delivered(db, delivery_id, at_ms=at_ms, handle=verdict.handle)
            return False
        case Fate.REFUSED:
            deliveries.refused(db, delivery_id, at_ms=at_ms, reason=reason, detail=detail)
            return False
        case Fate.RETRY:
            return deliveries.failed(
                db, delivery_id, maybe_arrived=verdict.arrived, reason=reason, detail=detail
            )
