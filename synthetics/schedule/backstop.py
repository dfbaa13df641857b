"""
The backstop: ends a run whose kind does not keep its own limit.

A kind watches its limit itself, so this is hardly ever needed; `asyncio.timeout` for every run
would cost a tenth of scheduling and storing it.  One look at all that goes on does the same.
"""

from __future__ import annotations

import asyncio

LOOK_S = 0.1
"""Seconds between two looks: how much later than its limit a run may end."""


class Limit:
    """How long one run may go on; made by `Backstop.begin`."""

    __slots__ = ("_cancelling", "_struck", "_task", "over_at")

    def __init__(self, task: asyncio.Task[object], over_at: float) -> None:
        self._task = task
        self._cancelling = task.cancelling()
        self._struck = False
        self.over_at = over_at

    def strike(self) -> None:
        """Cancel the run, once."""
        if not self._struck:
            self._struck = True
            self._task.cancel()

    def passed(self) -> bool:
        """Whether a cancellation that was caught is this limit's, and nobody else's; ask once."""
        return self.take_back() and self._task.cancelling() <= self._cancelling

    def take_back(self) -> bool:
        """Undo the strike, since the task goes on; whether there was one."""
        struck, self._struck = self._struck, False
        if struck:
            self._task.uncancel()
        return struck


class Backstop:
    """All runs that go on, each with its limit; for one event loop."""

    def __init__(self) -> None:
        self._limits: set[Limit] = set()
        self._look: asyncio.TimerHandle | None = None

    def begin(self, within_s: float) -> Limit:
        """Cancel the current task unless `end` is called *within_s* seconds or little more."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        limit = Limit(task, loop.time() + within_s)
        self._limits.add(limit)
        if self._look is None:
            self._look = loop.call_later(min(within_s, LOOK_S), self._end_what_is_over, loop)
        return limit

    def end(self, limit: Limit) -> None:
        """The run is over."""
        self._limits.discard(limit)
        limit.take_back()

    def _end_what_is_over(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for limit in self._limits:
            if limit.over_at <= now:
                limit.strike()
        self._look = loop.call_later(LOOK_S, self._end_what_is_over, loop) if self._limits else None
