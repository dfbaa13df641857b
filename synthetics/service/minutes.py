"""Whole minutes, whatever the clock does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from synthetics.clock import Clock

MINUTE_MS = 60_000
LOOK_S = 1.0
"""Longest sleep between two looks at the clock, which may be set meanwhile."""


async def minutes(clock: Clock) -> AsyncGenerator[int, None]:
    """
    Each whole UTC minute as it comes, in milliseconds.

    After a jump only the minute that it is; none that was skipped is made up for.
    """
    last = clock.now_ms() // MINUTE_MS
    while True:
        left_s = (MINUTE_MS - clock.now_ms() % MINUTE_MS) / 1000
        await asyncio.sleep(min(left_s, LOOK_S))
        minute = clock.now_ms() // MINUTE_MS
        if minute != last:
            last = minute
            yield minute * MINUTE_MS
