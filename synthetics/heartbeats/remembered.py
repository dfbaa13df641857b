"""Where the last process stopped listening to jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthetics.heartbeats.ear import Span
from synthetics.store import Reader, pings
from synthetics.store.pings import Saved, StoredPing


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """
    What the database knows of jobs.

    Attributes:
        states: What was known of each.
        pings: Those of each that are kept, in the order in which they came.
        listened: When we listened, in order.
    """

    states: Mapping[str, Saved]
    pings: Mapping[str, Sequence[StoredPing]]
    listened: Sequence[Span]

    @classmethod
    def read(cls, reader: Reader) -> Remembered:
        """All of it, at one moment."""
        return reader.read(
            lambda db: cls(
                states=pings.saved(db), pings=pings.by_probe(db), listened=pings.listened(db)
            )
        )
