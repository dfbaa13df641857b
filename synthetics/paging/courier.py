"""The courier: sends what is owed, each receiver in a lane of its own."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.config.model_watch import Delivery
from synthetics.kinds import receiver_kinds
from synthetics.paging.lane import LIMIT_S, Lane, LaneStats, Line
from synthetics.paging.outbox import Outbox
from synthetics.paging.pace import Jitter, Pace
from synthetics.receivers.post import new_session
from synthetics.store.store import Store

logger = logging.getLogger(__name__)

STUCK_S = 30.0
"""A lane that could send for so long and does not is stuck."""

_MS = timedelta(milliseconds=1)


def lines(config: Config) -> dict[str, Line]:
    """How each receiver of *config* is reached, by identifier."""
    kinds = receiver_kinds()
    found = {}
    for receiver in config.receivers.values():
        kind = kinds[receiver.kind]
        account = getattr(kind.module, "account", None)
        found[receiver.id] = Line(
            kind.act,
            receiver.options,
            per_minute=getattr(kind.module, "PER_MINUTE", None),
            repeat_s=getattr(kind.module, "REPEAT_S", None),
            account=(kind.name, account(receiver.options)) if account else None,
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierStats:
    """
    What was sent since the process began.

    Attributes:
        receivers: By identifier of the receiver.
        orphaned: Messages refused because their receiver is no longer configured.
    """

    receivers: Mapping[str, LaneStats]
    orphaned: int


class Courier:
    """
    Delivers what is owed, at least once, in order for each receiver and incident.

    Use it as a context: leaving it begins no further attempt, lets those under way
    end within their limit, and leaves owed what is owed.

    Args:
        store: Where deliveries are.
        receivers: How each receiver is reached; see `lines`.
        clock: For what is recorded, and for pauses.
        limit_s: Of one attempt.
        jitter: For pauses.
    """

    def __init__(
        self,
        store: Store,
        receivers: Mapping[str, Line],
        *,
        clock: Clock,
        limit_s: float = LIMIT_S,
        jitter: Jitter = random.uniform,
    ) -> None:
        self._outbox = Outbox(store, clock)
        self._lines = dict(receivers)
        self._clock = clock
        self._limit_s = limit_s
        self._jitter = jitter
        self._lanes: dict[str, Lane] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._repeat_at: dict[str, float] = {}
        self._paces: dict[Hashable, Pace] = {}
        self._idle_since: dict[str, tuple[int, float]] = {}
        self._news = asyncio.Event()
        self._orphaned = 0
        self._stopping = False
        self._main: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Courier:
        self._session = new_session()
        self._main = asyncio.create_task(self._run(), name="courier")
        self.wake()
        return self

    async def __aexit__(self, *_exit: object) -> None:
        self._stopping = True
        self._news.set()
        for lane in self._lanes.values():
            lane.stop()
        tasks = [self._main, *self._running.values()] if self._main else []
        # Sends have their own limit; what hangs longer is a store that cannot be written.
        _done, hanging = await asyncio.wait(tasks, timeout=self._limit_s + 1.0)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.close()

    def wake(self) -> None:
        """Something may be owed, or no longer; call it after each commit that changes that."""
        self._news.set()

    def use(self, receivers: Mapping[str, Line]) -> None:
        """
        Reach receivers by these lines from now on.

        What is owed to one that is gone is refused, visibly.
        """
        self._lines = dict(receivers)
        self._news.set()

    def stats(self) -> CourierStats:
        """What was done so far."""
        return CourierStats(
            receivers={name: lane.stats() for name, lane in self._lanes.items()},
            orphaned=self._orphaned,
        )

    def stuck(self, delivery: Delivery) -> str:
        """
        Why messages do not go out, in a few words; empty if they do.

        Asked again and again: a lane that could send and does not is stuck only once it has been
        seen so for a while.  A far side that is down is not our being stuck, unless all are.

        Args:
            delivery: How long pages may be owed.
        """
        if self._main is None or self._main.done():
            return "the courier has ended"
        now, idle = self._clock.monotonic(), {}
        for name, lane in self._lanes.items():
            attempts = lane.stats().attempts
            before, since = self._idle_since.get(name, (attempts, now))
            if lane.could_send():
                idle[name] = (attempts, since if before == attempts else now)
        self._idle_since = idle
        for name, (_, since) in idle.items():
            if now - since > STUCK_S:
                return f"messages to {name} are not sent"
        late_ms = self._clock.now_ms() - delivery.page.others // _MS
        lanes = self._lanes.values()
        late = any(lane.owes_since(late_ms, "page") for lane in lanes)
        nobody = late and all(lane.stats().failing for lane in lanes)
        return "no receiver can be reached" if nobody else ""

    async def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            self._align()
            await self._repeat()
            await self._hand_out()
            try:
                async with asyncio.timeout(self._idle_s()):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _repeat(self) -> None:
        """Owe again what goes on, to each receiver that forgets, whenever its time has come."""
        now = self._clock.monotonic()
        every = {name: line.repeat_s for name, line in self._lines.items() if line.repeat_s}
        self._repeat_at = {name: self._repeat_at.get(name, now + s) for name, s in every.items()}
        for name, repeat_s in every.items():
            if self._repeat_at[name] <= now:
                self._repeat_at[name] = now + repeat_s
                await self._outbox.owe_again(name)

    def _idle_s(self) -> float | None:
        """How long nothing is to be repeated; ``None`` for ever."""
        nearest = min(self._repeat_at.values(), default=None)
        return None if nearest is None else max(nearest - self._clock.monotonic(), 0.0)

    def _align(self) -> None:
        """One lane for each line; a lane without one ends once its attempts have."""
        for name, line in self._lines.items():
            lane = self._lanes.get(name)
            if lane is not None and line != lane.line:
                lane.replace(line, self._pace_of(name, line))
            elif lane is None and name not in self._running:
                lane = Lane(
                    name,
                    line,
                    self._pace_of(name, line),
                    self._outbox,
                    self._session,
                    clock=self._clock,
                    limit_s=self._limit_s,
                    jitter=self._jitter,
                )
                self._lanes[name] = lane
                task = asyncio.create_task(lane.run(), name=f"lane {name}")
                task.add_done_callback(partial(self._ended, name, lane))
                self._running[name] = task
        for name in self._lanes.keys() - self._lines.keys():
            self._lanes.pop(name).stop()

    def _pace_of(self, name: str, line: Line) -> Pace:
        """The pace of *line*, which it shares with those of the same account."""
        account = ("receiver", name) if line.account is None else line.account
        pace = self._paces.get(account)
        if pace is None or pace.per_minute != line.per_minute:
            pace = self._paces[account] = Pace(line.per_minute, self._clock.monotonic())
        return pace

    def _ended(self, name: str, lane: Lane, task: asyncio.Task[None]) -> None:
        if self._stopping:
            return
        del self._running[name]
        if self._lanes.get(name) is lane:
            # Only a bug ends a lane unasked; the receiver must get its pages all the same.
            del self._lanes[name]
            logger.error("lane %s ended", name, exc_info=task.exception())
        self._news.set()

    async def _hand_out(self) -> None:
        """Tell each lane all that its receiver is owed; refuse what no lane is there for."""
        owed = await self._outbox.owed()
        for name, lane in self._lanes.items():
            lane.renew(one for one in owed if one.receiver == name)
        orphans = {one.receiver for one in owed} - self._lanes.keys() - self._running.keys()
        for name in sorted(orphans):
            self._orphaned += await self._outbox.refuse_all_of(
                name, reason="no-receiver", detail="this receiver is no longer configured"
            )
