"""An outbox to owe messages in, and a courier that works it off."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from synthetics.clock import Clock, SystemClock
from synthetics.config.model import Severity
from synthetics.paging.courier import Courier
from synthetics.paging.lane import Line
from synthetics.receivers.base import Event, Message
from synthetics.store import deliveries, incidents
from synthetics.store.deliveries import Delivery
from synthetics.store.store import Store
from tests.paging.support import NOON_MS, Phone, all_deliveries


def at_once(_low: float, _high: float) -> float:
    """No pause: so that time matters only in the tests about time."""
    return 0.0


def the_longest(_low: float, high: float) -> float:
    return high


class Box:
    """An outbox with incidents to owe messages for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._opened = 0

    async def owe(
        self, *events: str, receiver: str = "oncall", severity: str = "page", key: str = ""
    ) -> str:
        """Owe messages of one new incident, or of the one with *key*; its key."""
        self._opened += 1
        number, key = self._opened, key or f"key-{self._opened}"

        def change(db: sqlite3.Connection) -> None:
            for event in events:
                deliveries.owe(
                    db,
                    incident_id=self._incident(db, key),
                    receiver=receiver,
                    event=event,
                    severity=severity,
                    dedup_key=key,
                    message=message(Event(event), key, f"msg_{number}_{event}").to_json(),
                    owed_ms=NOON_MS,
                )

        await self.store.write(change)
        return key

    async def all(self) -> list[Delivery]:
        """Every delivery, in order."""
        return await self.store.write(all_deliveries)

    async def states(self) -> list[str]:
        return [one.state.value for one in await self.all()]

    def _incident(self, db: sqlite3.Connection, key: str) -> int:
        row = db.execute("SELECT id FROM incidents WHERE dedup_key = ?", [key]).fetchone()
        if row is not None:
            return int(row[0])
        return incidents.open_incident(
            db,
            dedup_key=key,
            service=key,
            severity="page",
            opened_ms=NOON_MS,
            since_ms=None,
            summary="",
            probe="",
            step="",
            reason="",
        )


def message(event: Event, key: str, message_id: str) -> Message:
    return Message(
        id=message_id,
        event=event,
        dedup_key=key,
        incident=1,
        severity=Severity.PAGE,
        summary="本店: checkout fails",
        location="tokyo",
        service="shop",
        service_name="本店",
        slo="checkout",
        tier="fast",
        detected_ms=NOON_MS,
        objective=0.999,
    )


@asynccontextmanager
async def courier(
    box: Box, receivers: Mapping[str, Line], clock: Clock | None = None, **options: Any
) -> AsyncIterator[Courier]:
    options = {"jitter": at_once} | options
    async with Courier(box.store, receivers, clock=clock or SystemClock(), **options) as one:
        yield one


async def until(box: Box, *states: str) -> list[Delivery]:
    """Wait until the deliveries stand so."""
    async with asyncio.timeout(10):
        while await box.states() != list(states):
            await asyncio.sleep(0.002)
    return await box.all()


def kinds(phone: Phone) -> list[tuple[str, str]]:
    return [
        (call.body["type"].removeprefix("incident."), call.body["data"]["dedup_key"])
        for call in phone.calls
    ]
