"""A lane: everything owed to one receiver, sent at its own pace."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from synthetics.clock import Clock
from synthetics.paging.outbox import Outbox
from synthetics.paging.owing import RANKS
from synthetics.paging.pace import Jitter, Pace, backoff_s
from synthetics.receivers.base import Fate, Message, Verdict
from synthetics.store.deliveries import Claimed, Owed

logger = logging.getLogger(__name__)

TOGETHER = 8
"""Attempts to one receiver at the same time."""

LIMIT_S = 10.0
"""Of one attempt."""

_FOR_ALL = frozenset({"connect", "dns", "tls", "status-429", "status-503"})
"""Failures that say nothing of the message, so the whole lane waits."""

Send = Callable[[Any, Message, aiohttp.ClientSession], Awaitable[Verdict]]


@dataclass(frozen=True, slots=True)
class Line:
    """
    How a receiver is reached.

    Attributes:
        send: Of its kind.
        options: What was configured.
        per_minute: Most attempts in a minute; ``None`` for no limit.
        repeat_s: How often what goes on is told again, to a far side that forgets;
            ``None`` for one that does not.
        account: What *per_minute* holds for, such as a routing key: lines with the same one
            share it; ``None`` shares it with nobody.
    """

    send: Send
    options: Any
    per_minute: float | None = None
    repeat_s: float | None = None
    account: Hashable = None


@dataclass(slots=True)
class LaneStats:
    """
    What a lane has done since the process began.

    Attributes:
        attempts: Attempts begun.
        delivered: Messages taken by the receiver.
        refused: Messages that it will never take.
        failures: Attempts that did not deliver, by reason.
        owed: Messages that wait or are under way now.
        oldest_owed_ms: When the oldest of those was owed; ``None`` if none is.
        failing: Attempts failed in a row for reasons that are not the message's.
    """

    attempts: int = 0
    delivered: int = 0
    refused: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    owed: int = 0
    oldest_owed_ms: int | None = None
    failing: int = 0


class Lane:
    """
    Sends what one receiver is owed, the most severe first, in order for each incident.

    Args:
        name: Identifier of the receiver.
        line: How it is reached.
        pace: Kept together with whoever else leads to the same far side.
        outbox: Where each step is recorded.
        session: For all sends.
        clock: Its monotonic side, for pauses.
        limit_s: Of one attempt.
        jitter: For pauses.
    """

    def __init__(
        self,
        name: str,
        line: Line,
        pace: Pace,
        outbox: Outbox,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        limit_s: float = LIMIT_S,
        jitter: Jitter = random.uniform,
    ) -> None:
        self._name = name
        self.line = line
        self._outbox = outbox
        self._session = session
        self._clock = clock
        self._limit_s = limit_s
        self._jitter = jitter
        self._waiting: dict[int, Owed] = {}
        self._flying: dict[int, Owed] = {}
        self._failed: Counter[int] = Counter()
        self._not_before: dict[int, float] = {}
        self._closed_until = 0.0
        self._pace = pace
        self._changed = asyncio.Event()
        self._stopping = False
        self._stats = LaneStats()

    def replace(self, line: Line, pace: Pace) -> None:
        """Reach it by *line* from the next attempt on, without waiting out an old pause."""
        self._pace.want(self._name, 0)
        self.line = line
        self._pace = pace
        self._closed_until = 0.0
        self._not_before.clear()
        self._changed.set()

    def renew(self, owed: Iterable[Owed]) -> None:
        """This is all that is owed now; what is not in it any more was superseded."""
        self._waiting = {one.id: one for one in owed if one.id not in self._flying}
        known = self._waiting.keys() | self._flying.keys()
        for memory in (self._not_before, self._failed):
            for delivery_id in memory.keys() - known:
                del memory[delivery_id]
        self._changed.set()

    def stop(self) -> None:
        """Begin nothing more; `run` ends when what is under way has been recorded."""
        self._stopping = True
        self._pace.want(self._name, 0)
        self._changed.set()

    def stats(self) -> LaneStats:
        """What was done so far."""
        open_ms = [one.owed_ms for one in (*self._waiting.values(), *self._flying.values())]
        self._stats.owed = len(open_ms)
        self._stats.oldest_owed_ms = min(open_ms, default=None)
        return self._stats

    def could_send(self) -> bool:
        """Whether something is owed that nothing keeps from being sent now."""
        return not self._stopping and bool(self._turn())

    def owes_since(self, before_ms: int, severity: str) -> bool:
        """Whether a message of *severity* is owed that was so at *before_ms*."""
        owed = (*self._waiting.values(), *self._flying.values())
        return any(one.severity == severity and one.owed_ms <= before_ms for one in owed)

    async def run(self) -> None:
        """Send until `stop`."""
        async with asyncio.TaskGroup() as attempts:
            while not self._stopping:
                self._changed.clear()
                turn = self._turn()
                if turn:
                    messages = await self._claim(turn)
                    for one, message in messages:
                        attempts.create_task(self._attempt(one, message))
                    continue
                try:
                    async with asyncio.timeout(self._idle_s()):
                        await self._changed.wait()
                except TimeoutError:
                    pass

    def _turn(self) -> list[Owed]:
        """Whose turn it is: the first of each incident, the most severe first, within the pace."""
        now = self._clock.monotonic()
        # While nothing gets through, one attempt at a time finds out whether it does again.
        together = (1 if self._stats.failing else TOGETHER) - len(self._flying)
        ready: list[Owed] = []
        if together > 0 and now >= self._closed_until:
            ready = [one for one in self._firsts() if self._not_before.get(one.id, 0.0) <= now]
        ready.sort(key=lambda one: (-RANKS[one.severity], one.id))
        self._pace.want(self._name, RANKS[ready[0].severity] if ready else 0)
        return ready[: int(min(together, self._pace.room(self._name, now)))] if ready else []

    def _firsts(self) -> Iterable[Owed]:
        """The first message of each incident that has none under way; a resolve never overtakes."""
        begun = {one.dedup_key for one in self._flying.values()}
        for one in self._waiting.values():
            if one.dedup_key not in begun:
                begun.add(one.dedup_key)
                yield one

    def _idle_s(self) -> float | None:
        """How long nothing can happen unless something changes; ``None`` for ever."""
        if not self._waiting or len(self._flying) >= TOGETHER:
            return None
        now = self._clock.monotonic()
        firsts = [self._not_before.get(one.id, 0.0) for one in self._firsts()]
        if not firsts or (self._stats.failing and self._flying):
            return None
        opens = max(self._closed_until, min(firsts))
        return max(opens - now, self._pace.wait_s(self._name, now))

    async def _claim(self, turn: list[Owed]) -> list[tuple[Owed, Claimed]]:
        """Take *turn* off the queue; those of it that are still owed are under way."""
        for one in turn:
            self._flying[one.id] = self._waiting.pop(one.id)
        self._pace.take(len(turn))
        messages = await self._outbox.claim([one.id for one in turn])
        for one in turn:
            if one.id not in messages:
                del self._flying[one.id]
        return [(one, messages[one.id]) for one in turn if one.id in messages]

    async def _attempt(self, one: Owed, claimed: Claimed) -> None:
        """Send once, then record; in between a crash repeats the message rather than losing it."""
        self._stats.attempts += 1
        verdict = await self._send(claimed)
        self._weigh(one, verdict)
        still_owed = await self._outbox.record(one.id, verdict)
        del self._flying[one.id]
        if still_owed:
            self._waiting = dict(sorted([*self._waiting.items(), (one.id, one)]))
        self._changed.set()

    async def _send(self, claimed: Claimed) -> Verdict:
        line = self.line
        try:
            message = replace(Message.from_json(claimed.message), handle=claimed.handle)
        except ValueError:
            return Verdict.refused("unreadable", "the stored message cannot be read")
        try:
            async with asyncio.timeout(self._limit_s):
                return await line.send(line.options, message, self._session)
        except TimeoutError:
            return Verdict.retry("timeout", f"no answer within {self._limit_s:g} s")
        except Exception as error:  # noqa: BLE001  (a bug in one receiver must not end the others)
            # Its text could hold anything, a secret too.
            return Verdict.retry("bug", f"the receiver raised {type(error).__name__}")

    def _weigh(self, one: Owed, verdict: Verdict) -> None:
        """What *verdict* means for the pace, and for whoever watches."""
        if verdict.fate is Fate.DELIVERED:
            self._stats.delivered += 1
            self._stats.failing = 0
            self._failed.pop(one.id, None)
            self._say(logging.INFO, "message_delivered", one, "")
            return
        self._stats.failures[verdict.reason] += 1
        now = self._clock.monotonic()
        if verdict.fate is Fate.REFUSED:
            self._stats.refused += 1
            self._stats.failing = 0
            self._failed.pop(one.id, None)
            self._say(logging.ERROR, "message_refused", one, verdict.detail)
        elif verdict.reason in _FOR_ALL:
            # Attempts that were under way together and fail together are one failure.
            if now >= self._closed_until:
                self._stats.failing += 1
            pause_s = backoff_s(self._stats.failing, verdict.after_s, self._jitter)
            self._closed_until = max(self._closed_until, now + pause_s)
            self._say(logging.WARNING, "receiver_failing", one, verdict.detail)
        else:
            self._failed[one.id] += 1
            pause_s = backoff_s(self._failed[one.id], verdict.after_s, self._jitter)
            self._not_before[one.id] = now + pause_s
            self._say(logging.WARNING, "message_failed", one, verdict.detail)

    def _say(self, level: int, action: str, one: Owed, detail: str) -> None:
        extra = {"action": action, "receiver": self._name, "dedup_key": one.dedup_key}
        said = f": {detail}" if detail else ""
        logger.log(level, "%s: %s %s%s", action, self._name, one.dedup_key, said, extra=extra)
