"""
The browsers of one process: started when one is needed, shared, and replaced before they grow.

A browser that has served `RUNS` runs, or that takes half of the memory it may, serves no further
ones and is closed after its last; with it goes its driver, the program that Playwright speaks to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from playwright.async_api import BrowserContext, Error

from probes.browser_parts.running import CLOSE_S, Launch, Running, start
from probes.net.trip import Trouble
from probes.result import Outcome
from probes.watch import Watch

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""Runs at the same time; more wait for their turn."""

_SLOW_S = 0.5
_REMEMBERED = 1000


class Chromium:
    """What runs share; got by ``watch.shared``."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._current: dict[Launch, asyncio.Task[Running]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._all: set[Running] = set()
        self._crashed: dict[str, None] = {}
        self._warned: set[str] = set()
        self.stopped = False

    @classmethod
    async def start(cls) -> Chromium:
        """Without any browser yet."""
        return cls()

    async def close(self) -> None:
        """End all browsers; runs that are under way see it."""
        self.stopped = True
        for launching in self._current.values():
            # Half started, it has no process ID yet by which to end it; its own limit holds.
            await asyncio.wait({launching})
        await asyncio.gather(*(running.end() for running in self._all))
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def all_running(self) -> tuple[Running, ...]:
        """The browsers that there are, those that serve their last runs too."""
        return tuple(self._all)

    @contextlib.asynccontextmanager
    async def turn(self, launch: Launch, watch: Watch) -> AsyncIterator[Turn]:
        """
        A browser for one run, when it is its turn.

        Raises:
            Trouble: Void: ``browser-busy``, ``no-browser`` or ``stopped``.
        """
        taken = False
        try:
            async with asyncio.timeout(watch.remaining_s()):
                taken = await self._places.acquire()
                running = await self._running(launch)
        except BaseException as error:
            if taken:
                self._places.release()
            if isinstance(error, TimeoutError):
                what = "the browser was not started" if taken else "it was not its turn"
                said = f"{what} within {watch.timeout_s:g} s; {AT_ONCE} runs go on at the same time"
                raise Trouble("browser-busy", said, outcome=Outcome.VOID) from None
            raise
        running.begin()
        turn = Turn(self, running)
        try:
            yield turn
        finally:
            self._later(self._leave(turn))

    def warn_once(self, what: str) -> None:
        """Log *what*, the first time."""
        if what not in self._warned:
            self._warned.add(what)
            logger.warning("%s", what, extra={"action": "browser"})

    def crashed_before(self, what: str) -> bool:
        """Note that *what* has crashed its page; whether it had the last time, too."""
        before = what in self._crashed
        self._crashed[what] = None
        while len(self._crashed) > _REMEMBERED:
            del self._crashed[next(iter(self._crashed))]
        return before

    def survived(self, what: str) -> None:
        """*What* was looked at without a crash."""
        self._crashed.pop(what, None)

    async def _running(self, launch: Launch) -> Running:
        if self.stopped:
            raise Trouble("stopped", "the service is stopping", outcome=Outcome.VOID)
        current = self._current.get(launch)
        if current is not None and current.done():
            unfit = current.exception() is not None or not current.result().fit
            if unfit:
                self._retire(self._current.pop(launch))
                current = None
        return await asyncio.shield(current or self._launch(launch))

    def _is_current(self, running: Running) -> bool:
        task = self._current.get(running.launch)
        return (
            task is not None
            and task.done()
            and task.exception() is None
            and task.result() is running
        )

    def _launch(self, launch: Launch) -> asyncio.Task[Running]:
        task = self._current[launch] = asyncio.create_task(self._launched(launch))
        task.add_done_callback(asyncio.Task.exception)  # told to whoever waits, if anybody does
        return task

    async def _launched(self, launch: Launch) -> Running:
        running = await start(launch)
        self._all.add(running)
        return running

    def _retire(self, task: asyncio.Task[Running]) -> None:
        if task.exception() is None and not task.result().active:
            self._later(self._end(task.result()))

    async def _leave(self, turn: Turn) -> None:
        """Close what a run has opened, and the browser if it has served long enough."""
        running = turn.running
        closing = asyncio.create_task(turn.close())
        done, _ = await asyncio.wait({closing}, timeout=_SLOW_S)
        if not done:
            running.wear_out()  # what its pages left behind would slow the next ones down
        await closing
        running.done()
        self._places.release()
        if not running.active and not running.fit and running in self._all:
            if not self.stopped and self._is_current(running):
                self._launch(running.launch)  # before it is needed
            await self._end(running)

    async def _end(self, running: Running) -> None:
        self._all.discard(running)
        await running.end()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Turn:
    """
    One run's time with a browser.

    Attributes:
        chromium: Where the browser is from.
        running: The browser.
    """

    def __init__(self, chromium: Chromium, running: Running) -> None:
        self.chromium = chromium
        self.running = running
        self._opening: asyncio.Task[BrowserContext] | None = None

    async def open(self, **settings: Any) -> BrowserContext:
        """
        A context of its own: no cookies, no cache, nothing of other runs.

        Raises:
            Error: The browser is gone.
        """
        self._opening = asyncio.create_task(self.running.browser.new_context(**settings))
        return await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Close it with all of its pages; gives up where that takes too long."""
        if self._opening is None:
            return
        with contextlib.suppress(Error, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                context = await self._opening
                await context.close()
