"""Recording what became of a message, also when that cannot be done at once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from synthetics.clock import HeldClock
from synthetics.paging import outbox
from synthetics.paging.courier import Courier
from synthetics.paging.outbox import Outbox
from synthetics.receivers.base import Verdict
from synthetics.store import deliveries, incidents
from synthetics.store.deliveries import State
from synthetics.store.errors import DiskFullError
from synthetics.store.store import Store
from tests.paging.support import NOON_MS, Phone, all_deliveries
from tests.receivers.support import trigger

T = TypeVar("T")


class FullDisk(Store):
    """A store whose disk is full for so many writes."""

    full_for = 0

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        if self.full_for:
            self.full_for -= 1
            raise DiskFullError("the disk is full", mend="make room")
        return await super().write(change)


def owe(db: sqlite3.Connection) -> None:
    incident = incidents.open_incident(
        db,
        dedup_key="key",
        service="shop",
        severity="page",
        opened_ms=NOON_MS,
        since_ms=None,
        summary="",
        probe="",
        step="",
        reason="",
    )
    deliveries.owe(
        db,
        incident_id=incident,
        receiver="oncall",
        event="trigger",
        severity="page",
        dedup_key="key",
        message=trigger(dedup_key="key").to_json(),
        owed_ms=NOON_MS,
    )


async def test_what_was_sent_while_the_disk_was_full_is_recorded_later_and_not_sent_again(
    tmp_path: Path, phone: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "AGAIN_S", 0.01)
    store = await FullDisk.open(tmp_path / "synthetics.db", linger_s=0.0)
    assert isinstance(store, FullDisk)
    await store.write(owe)
    phone.silent = True
    async with Courier(store, {"oncall": phone.line}, clock=HeldClock(NOON_MS)):
        await phone.heard(1)
        store.full_for = 3
        phone.let_go()
        async with asyncio.timeout(10):
            while (await Store.write(store, all_deliveries))[0].state is not State.DELIVERED:
                await asyncio.sleep(0.005)

    assert len(phone.calls) == 1
    assert "outbox cannot be written" in caplog.text
    await store.close()


@pytest.mark.parametrize(
    ("verdicts", "unsure"),
    [
        pytest.param([Verdict.retry("timeout", "")], 1, id="it may have arrived"),
        pytest.param([Verdict.retry("connect", "", arrived=False)], 0, id="it has not"),
        pytest.param(
            [Verdict.retry("timeout", ""), Verdict.retry("connect", "", arrived=False)],
            1,
            id="a later failure does not undo what an earlier attempt may have done",
        ),
        pytest.param(
            [Verdict.retry("timeout", ""), Verdict.refused("status-400", "")],
            1,
            id="nor does a refusal",
        ),
    ],
)
async def test_it_is_known_how_many_attempts_may_have_arrived(
    verdicts: list[Verdict], unsure: int, tmp_path: Path
) -> None:
    store = await Store.open(tmp_path / "synthetics.db", linger_s=0.0)
    box = Outbox(store, HeldClock(NOON_MS))
    await store.write(owe)
    [owed] = await box.owed()

    for verdict in verdicts:
        await box.claim([owed.id])
        await box.record(owed.id, verdict)

    [delivery] = await store.write(all_deliveries)
    assert (delivery.attempts, delivery.unsure) == (len(verdicts), unsure)
    await store.close()


async def test_what_is_no_longer_owed_cannot_be_claimed(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "synthetics.db", linger_s=0.0)
    box = Outbox(store, HeldClock(NOON_MS))
    await store.write(owe)
    [owed] = await box.owed()
    await store.write(lambda db: deliveries.supersede(db, owed.id, at_ms=NOON_MS))

    assert await box.claim([owed.id]) == {}

    [delivery] = await store.write(all_deliveries)
    assert (delivery.attempts, delivery.unsure) == (0, 0)
    await store.close()
