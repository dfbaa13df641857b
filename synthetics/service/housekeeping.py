"""Housekeeping: what is old is archived, and then forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.service.books import Books
from synthetics.store import Store, StoreError, changes

logger = logging.getLogger(__name__)

TEND_S = 300.0
"""Seconds between two rounds."""

_MILLISECOND = timedelta(milliseconds=1)


async def tend(books: Books, store: Store, *, clock: Clock, config: Callable[[], Config]) -> None:
    """Tend *books* and *store* by *config*, as it is at each round; until it is cancelled."""
    while True:
        await asyncio.sleep(TEND_S)
        await books.trim()
        try:
            await store.tend(clock.now_ms(), config().retention_raw // _MILLISECOND)
            oldest_ms = clock.now_ms() - config().changes.keep // _MILLISECOND
            await store.write(partial(changes.forget, before_ms=oldest_ms))
        except StoreError as error:
            logger.error("%s", error, extra={"action": "not_tended"})  # noqa: TRY400 - it says all
