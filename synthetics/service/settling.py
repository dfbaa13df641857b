"""What is done with samples once they are stored."""

from __future__ import annotations

from collections.abc import Sequence

from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.kinds import probe_kinds
from synthetics.paging.exercise import Exercises
from synthetics.paging.watch_samples import SilenceWatch
from synthetics.results.take import Taken
from synthetics.sample import Sample
from synthetics.schedule.composites import Composites
from synthetics.service.books import Books
from synthetics.store import Store
from synthetics.store.bare import Bare


class Settling:
    """
    Counts samples that were stored, notes that they came, and makes others of them.

    Args:
        store: Where those that are made are kept.
        silence, books, exercises: Who is told of all.
        clock, config: For the composites.

    Attributes:
        composites: Makes samples of others.
    """

    def __init__(
        self,
        store: Store,
        *,
        silence: SilenceWatch,
        books: Books,
        exercises: Exercises,
        clock: Clock,
        config: Config,
    ) -> None:
        self._store = store
        self._silence = silence
        self._books = books
        self._exercises = exercises
        self.composites = Composites(
            clock=clock, kinds=probe_kinds(), sink=self.keep, config=config
        )

    async def __call__(self, samples: Sequence[Sample]) -> None:
        """Settle *samples*, which are stored."""
        self._silence.heard({(sample.probe, sample.location) for sample in samples})
        await self._books.settle(samples)
        await self._exercises.see(samples)
        await self.composites.see(samples)

    async def keep(self, samples: Sequence[Sample]) -> None:
        """Store *samples*, which no run brought, and settle them."""
        await self._store.add(samples)
        await self(samples)

    async def take(self, samples: Bare) -> Taken:
        """Store results that a command hands over, and count them; archived by housekeeping."""
        changed = await self._store.keep(samples)
        if changed:
            self._silence.heard({(kind.probe, kind.location) for kind in samples.kinds})
            await self._books.count_again(samples.probes)
        return Taken(samples=len(samples), changed=changed)
