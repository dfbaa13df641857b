"""Time limits that end early where there is nothing left to wait for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Limits:
    """
    The limits of one run.

    Attributes:
        interrupted: Whether it has become pointless to wait.
    """

    def __init__(self) -> None:
        self._open: set[asyncio.Timeout] = set()
        self.interrupted = False

    def interrupt(self) -> None:
        """What is under way, and what follows, has become pointless."""
        self.interrupted = True
        for limit in self._open:
            limit.reschedule(asyncio.get_running_loop().time())

    @contextlib.asynccontextmanager
    async def limited(self, limit_s: float) -> AsyncIterator[asyncio.Timeout]:
        """
        What happens inside takes no longer.

        Raises:
            TimeoutError: It took so long, or was interrupted.
        """
        async with asyncio.timeout(0 if self.interrupted else limit_s) as limit:
            self._open.add(limit)
            try:
                yield limit
            finally:
                self._open.discard(limit)
