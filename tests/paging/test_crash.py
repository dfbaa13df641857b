"""``kill -9`` of a real process, with the receiver having the message and nobody the answer."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from synthetics.store.deliveries import State
from synthetics.store.store import Store
from tests.paging.support import Phone, all_deliveries
from tests.paging.test_outbox import owe

CHILD = Path(__file__).with_name("crash_child.py")


async def deliver(database: Path, phone: Phone) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        str(CHILD),
        str(database),
        phone.url.reveal(),
    )


async def test_a_killed_process_repeats_the_message_with_the_same_key(
    tmp_path: Path, phone: Phone
) -> None:
    database = tmp_path / "synthetics.db"
    store = await Store.open(database)
    await store.write(owe)
    await store.close()
    phone.silent = True

    first = await deliver(database, phone)
    await phone.heard(1)
    first.kill()
    await first.wait()
    store = await Store.open(database)
    [delivery] = await store.write(all_deliveries)
    await store.close()
    assert (delivery.state, delivery.unsure) == (State.OWED, 1), "it is known that it may have it"

    phone.let_go()
    second = await deliver(database, phone)
    async with asyncio.timeout(20):
        assert await second.wait() == 0

    store = await Store.open(database)
    [delivery] = await store.write(all_deliveries)
    await store.close()
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 2)
    assert len(phone.calls) == 2
    assert len({call.headers["webhook-id"] for call in phone.calls}) == 1
    assert len({call.body["data"]["dedup_key"] for call in phone.calls}) == 1
