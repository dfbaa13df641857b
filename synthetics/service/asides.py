"""Work beside the service's own: starting it, waiting for its end, and stopping it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Failed = Callable[[str, BaseException], None]
"""Told what failed, and how."""


class Asides:
    """
    Work that runs beside the rest.

    Args:
        failed: Told when a piece of it fails; being cancelled is no failure.
    """

    def __init__(self, failed: Failed) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run *work*, called *name* in messages."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(f"{task.get_name()} failed", error)


async def ended(task: asyncio.Task[None]) -> None:
    """Wait for the end of *task*, however it ends; who started it looks at its error."""
    await asyncio.wait([task])


async def cancelled(task: asyncio.Task[None]) -> None:
    """Stop *task*."""
    task.cancel()
    await ended(task)
