"""Places: how many runs go on at the same time, in all and at one host."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

from synthetics.config.model import Config, Probe


def _runs(count: int) -> str:
    return "one run is" if count == 1 else f"{count} runs are"


Held = tuple[asyncio.Semaphore, ...]
"""The places that one run has taken."""


class FullError(Exception):
    """No place became free in time; says of what there were too many."""


class Places:
    """
    Lets runs begin.

    Args:
        kinds: By name; one whose module has ``host(options)`` asks that host.
        config: How many places there are.
    """

    def __init__(self, kinds: Mapping[str, Any], config: Config) -> None:
        self._kinds = kinds
        self._config = config
        self._all = asyncio.Semaphore(config.in_flight)
        self._at: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def configure(self, config: Config) -> None:
        """Go by the limits of *config* from now on; runs that have places keep them."""
        if config.in_flight != self._config.in_flight:
            self._all = asyncio.Semaphore(config.in_flight)
        if config.per_host != self._config.per_host:
            self._at = WeakValueDictionary()
        self._config = config

    async def take(self, probe: Probe, *, within_s: float | None = None) -> Held:
        """
        Wait for a place; the caller gives it back.

        That of the host comes first, so that nobody who waits for it keeps others out.

        Args:
            probe: What will be asked.
            within_s: How long to wait at most, in seconds.

        Raises:
            FullError: No place became free in that time.
        """
        config, host = self._config, self.host(probe)
        if not host and not self._all.locked():
            await self._all.acquire()  # at once: a timer would cost more than the place
            return (self._all,)
        taken: list[asyncio.Semaphore] = []
        full = f"{config.in_flight} runs were in flight"
        try:
            async with asyncio.timeout(within_s):
                if host:
                    full = f"{_runs(config.per_host or 1)} at {host} already"
                    at_host = self._of(host)
                    await at_host.acquire()
                    taken.append(at_host)
                    full = f"{config.in_flight} runs were in flight"
                everywhere = self._all
                await everywhere.acquire()
                taken.append(everywhere)
        except TimeoutError:
            self.give_back(tuple(taken))
            raise FullError(full) from None
        except BaseException:
            self.give_back(tuple(taken))
            raise
        return tuple(taken)

    def give_back(self, held: Held) -> None:
        """The run of *held* has ended."""
        for place in held:
            place.release()

    def host(self, probe: Probe) -> str:
        """The host that *probe* asks, as far as it is known and limited; else empty."""
        if self._config.per_host is None:
            return ""
        name = getattr(getattr(self._kinds[probe.kind], "module", None), "host", None)
        return str(name(probe.options)).lower() if name is not None else ""

    def _of(self, host: str) -> asyncio.Semaphore:
        known = self._at.get(host)
        if known is None:
            known = self._at[host] = asyncio.Semaphore(self._config.per_host or 1)
        return known
