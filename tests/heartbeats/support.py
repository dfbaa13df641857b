"""Jobs, and a room where they report: a real database, a clock that is held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from probes.heartbeat_parts.facts import Word
from synthetics.clock import HeldClock
from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.heartbeats.remembered import Remembered
from synthetics.heartbeats.room import Heartbeats
from synthetics.sample import Sample
from synthetics.store import Reader, Store, pings

START_MS = 1_795_392_000_000
"""A midnight in UTC."""

MINUTE_MS = 60_000
BACKUP = "6f1d1b6e-9d38-4b57-a9f6-0c6f2f6a0f11"
REPORT = "6f1d1b6e-9d38-4b57-a9f6-0c6f2f6a0f12"
DUMP = "6f1d1b6e-9d38-4b57-a9f6-0c6f2f6a0f13"
KEY = "fqOOd6-F4MMNuCEnzTU01w"
CONFIG = f"""
services: {{shop: {{}}}}
probes:
  backup: {{service: shop, heartbeat: {{uuid: {BACKUP}, every: 1h, grace: 10m}}}}
  report:
    service: shop
    heartbeat: {{uuid: "${{env:REPORT}}", cron: "0 * * * *", grace: 20m, run: {{at_most: 10m}}}}
  sync: {{service: shop, heartbeat: {{ping_key: "${{env:KEY}}", every: 1h, grace: 10m}}}}
  dump:
    service: shop
    heartbeat: {{ping_key: "${{env:KEY}}", slug: db-dump, uuid: {DUMP}, every: 1h, grace: 10m}}
  home: {{service: shop, http: {{get: "https://shop.example/"}}}}
"""


def a_config(folder: Path, text: str = CONFIG) -> Config:
    file = folder / "synthetics.yaml"
    file.write_text(text)
    return load(file, environ={"REPORT": REPORT, "PASSWORD": "open & sesame", "KEY": KEY})


@dataclass
class Room:
    """The room, and the samples that came of it; later ones replace earlier ones."""

    heartbeats: Heartbeats
    store: Store
    clock: HeldClock
    config: Config
    samples: dict[tuple[str, int], Sample] = field(default_factory=dict)

    async def says(
        self, uuid: str, word: str = "success", *, rid: str = "", body: bytes = b""
    ) -> None:
        await self.heartbeats.take(uuid, Word(word), rid=rid, body=body)

    async def passes(self, minutes: float) -> None:
        """Time passes while we listen."""
        for _ in range(round(minutes * 60 / 5)):
            self.clock.advance(5)
            self.heartbeats.look()
        await self.heartbeats.step()

    def reasons(self, probe: str) -> list[str]:
        """Of each due time in order; empty for a good one."""
        return [
            sample.result.reason
            for (name, _), sample in sorted(self.samples.items())
            if name == probe
        ]

    def kept(self, probe: str) -> list[pings.StoredPing]:
        """The pings of *probe* on the disk."""
        with Reader.open(self.store.path) as reader:
            return reader.read(pings.by_probe).get(probe, [])


@asynccontextmanager
async def a_room(
    folder: Path, clock: HeldClock, text: str = CONFIG, *, crashes: bool = False
) -> AsyncIterator[Room]:
    """A room on the database in *folder*; one that *crashes* keeps nothing at its end."""
    config = a_config(folder, text)
    store = await Store.open(folder / "s.db", clock=clock, linger_s=0)
    try:
        with Reader.open(store.path) as reader:
            remembered = Remembered.read(reader)

        async def sink(samples: Sequence[Sample]) -> None:
            room.samples |= {(one.probe, one.scheduled_ms): one for one in samples}

        heartbeats = Heartbeats(store, clock=clock, sink=sink, config=config, remembered=remembered)
        room = Room(heartbeats, store, clock, config)
        yield room
        if not crashes:
            heartbeats.close()
            await heartbeats.work()
    finally:
        await store.close()
