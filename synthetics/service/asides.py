"""Work beside the service's own: waiting for its end, and stopping it."""

from __future__ import annotations

import asyncio


async def ended(task: asyncio.Task[None]) -> None:
    """Wait for the end of *task*, however it ends; who started it looks at its error."""
    await asyncio.wait([task])


async def cancelled(task: asyncio.Task[None]) -> None:
    """Stop *task*."""
    task.cancel()
    await ended(task)
