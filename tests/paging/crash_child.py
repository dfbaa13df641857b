"""A process that delivers what its database owes, to be killed while it does: DATABASE URL."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from probes.fields import Secret
from synthetics.clock import SystemClock
from synthetics.paging.courier import Courier
from synthetics.paging.lane import Line
from synthetics.receivers import webhook
from synthetics.store import deliveries
from synthetics.store.store import Store


async def main(database: str, url: str) -> None:
    store = await Store.open(Path(database))
    line = Line(webhook.send, webhook.Options(url=Secret(url)))
    async with Courier(store, {"oncall": line}, clock=SystemClock()):
        while await store.write(deliveries.owed):
            await asyncio.sleep(0.01)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
