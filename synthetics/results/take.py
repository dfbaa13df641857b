"""Into the store: by whoever has it open, and the days that are over straight into the archive."""

from __future__ import annotations

from dataclasses import dataclass

from synthetics.store.bare import Bare
from synthetics.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """
    What an import did.

    Attributes:
        samples: How many were in it.
        changed: How many of them were new, or say something else than what was stored.
    """

    samples: int
    changed: int

    def __add__(self, other: Taken) -> Taken:
        return Taken(samples=self.samples + other.samples, changed=self.changed + other.changed)


async def take(store: Store, samples: Bare, now_ms: int) -> Taken:
    """
    Store *samples*, and archive the days that are over, so that they are read quickly.

    Nothing is pruned: raw rows go when the service tends the file by its own retention.

    Raises:
        StoreError: The disk is full, or the database cannot be written.
    """
    changed = await store.keep(samples)
    if changed:
        await store.tend(now_ms, retention_ms=now_ms)
    return Taken(samples=len(samples), changed=changed)
