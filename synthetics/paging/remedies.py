"""
Remedies: what is tried before anybody is paged, and what follows.

A page of a service with a remedy waits while that is tried.  If the probe is good again in time,
a ticket is written instead; if the remedy fails, takes too long or does not help, the page goes
out at once and says what was tried.  While a page waits it is not an alert yet, only a decision
that samples lead to: a crash forgets the waiting, decides the same again, and pages.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from probes.watch import Mask
from slo.timeline import Mark
from synthetics import words
from synthetics.accounting.views import View
from synthetics.clock import Clock
from synthetics.config.model import Config, Severity
from synthetics.config.model_remedy import Remedy
from synthetics.paging.instead import attach, write_ticket
from synthetics.paging.mending import Answer, mend
from synthetics.paging.settle import Fired
from synthetics.paging.tried import line
from synthetics.receivers.base import Message
from synthetics.sample import Sample
from synthetics.store import remedies

if TYPE_CHECKING:
    from synthetics.store.store import Store

logger = logging.getLogger(__name__)

HOUR_MS = 3_600_000
GOOD_IN_A_ROW = 2
"""Samples of the probe that failed, after the remedy: one alone can be luck."""

MENDED = "mended"

Key = tuple[str, str]
"""An SLO and a tier."""


@dataclass(slots=True, kw_only=True)
class _Try:
    """
    What is tried for one service.

    Attributes:
        due_ms: By when it must have helped.
        ran_ms: When it had ended; ``None`` while it runs.
        outcome: What came of it, a slug; empty while nobody knows.
        waiting: The pages that wait for it, by SLO and tier.
        good: How many good samples each probe had in a row since it ended.
        told: Whether somebody has been told of it.
        draft: The page that waited for it first.
    """

    id: int
    how: str
    began_ms: int
    due_ms: int
    draft: Message
    ran_ms: int | None = None
    answer: Answer | None = None
    outcome: str = ""
    waiting: dict[Key, Fired] = field(default_factory=dict)
    good: dict[str, int] = field(default_factory=dict)
    told: bool = False


class Remedies:
    """
    Tries, and holds pages back meanwhile.

    Args:
        store: Where all of it is written down.
        clock: The present.
        wake: Called after a commit that may owe something.

    Attributes:
        again: Has everything decided once more; called when something is known.
    """

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._tries: dict[str, _Try] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.again: Callable[[], Awaitable[None]] = _nothing

    @property
    def busy(self) -> bool:
        """Whether anything is tried, or was and is not over."""
        return bool(self._tries)

    async def resume(self) -> None:
        """
        Go on where the last process stopped: nobody knows whether what it tried has helped, so
        what still fires is paged.
        """
        at_ms = self._clock.now_ms()
        for left in await self._store.write(remedies.unfinished):
            await self._end(left.id, "interrupted", at_ms)
            self._tries[left.service] = _Try(
                id=left.id,
                how=left.how,
                began_ms=left.began_ms,
                due_ms=at_ms,
                draft=Message.from_json(left.message),
                ran_ms=at_ms,
                answer=Answer(outcome="", said=left.answer, output=left.output),
                outcome="interrupted",
            )

    def close(self) -> None:
        """Stop what runs; the next process pages."""
        for task in self._tasks:
            task.cancel()

    def see(self, config: Config, samples: Sequence[Sample]) -> None:
        """Look whether *samples* say that something helped, or helped only for a while."""
        for service, one in self._tries.items():
            if one.ran_ms is None or one.outcome not in {"", MENDED}:
                continue
            for slo_id, probe in {(key[0], f.draft.probe) for key, f in one.waiting.items()}:
                slo = config.slos.get(slo_id)
                if slo is None:
                    continue
                view = View.of(slo)
                for sample in samples:
                    if sample.probe not in ({probe} if probe else slo.probes):
                        continue
                    if sample.scheduled_ms <= one.ran_ms:
                        continue
                    mark = view.mark_of(sample)
                    if mark is Mark.GOOD:
                        one.good[sample.probe] = one.good.get(sample.probe, 0) + 1
                    elif mark is Mark.BAD:
                        one.good[sample.probe] = 0
                        if one.outcome == MENDED:
                            one.outcome = "relapsed"
            if not one.outcome and one.good and min(one.good.values()) >= GOOD_IN_A_ROW:
                one.outcome = MENDED
                logger.info(
                    "remedy_helped: %s", service, extra={"action": "remedy_helped", "id": one.id}
                )

    async def weigh(
        self,
        config: Config,
        fired: Sequence[Fired],
        *,
        decided: Collection[str],
        paged: Callable[[str], bool],
        at_ms: int,
    ) -> list[Fired]:
        """
        Those of *fired* that are told now; the others wait, or a ticket was written instead.

        Args:
            config: In force.
            fired: What begins to fire, or goes on to while it waits.
            decided: The SLOs that were decided.
            paged: Whether somebody was paged for a service already, and it goes on.
            at_ms: When this was decided.

        Raises:
            StoreError: It cannot be written; the next decision finds the same.
        """
        told = []
        for one in fired:
            service = one.draft.service
            remedy = config.services[service].remediation
            if remedy is None or one.draft.severity is not Severity.PAGE:
                told.append(one)
                continue
            current = self._tries.get(service)
            if current is None:
                if paged(service):
                    told.append(one)
                    continue
                current = await self._begin(remedy, one.draft, config.mask, at_ms)
                if current is None:
                    told.append(_with(one, line(one.draft, remedy.how, "spent", remedy=remedy)))
                    continue
                self._tries[service] = current
            current.waiting[one.draft.slo, one.draft.tier] = one
            if not current.outcome and at_ms >= current.due_ms:
                current.outcome = "late"
            if current.outcome not in {"", MENDED}:
                told.append(_with(one, self._line(one.draft, current, remedy)))
                current.told = True
        await self._conclude(config, fired, decided, at_ms)
        return told

    def attach(self, db: sqlite3.Connection, told: Sequence[Fired], at_ms: int) -> None:
        """Write down in the incidents of *told* what was tried; in the transaction of telling."""
        for one in told:
            current = self._tries.get(one.draft.service)
            if one.draft.tried:
                attach(db, one.draft, current.id if current else None, at_ms)

    async def _conclude(
        self, config: Config, fired: Sequence[Fired], decided: Collection[str], at_ms: int
    ) -> None:
        """Tickets for what is mended, and an end to what is over."""
        firing = {(one.draft.slo, one.draft.tier) for one in fired}
        for service, one in list(self._tries.items()):
            over = [key for key in one.waiting if key[0] in decided and key not in firing]
            if not one.outcome and len(over) == len(one.waiting):
                one.outcome = MENDED  # it does not fire any more, whoever did that
            remedy = config.services[service].remediation if service in config.services else None
            if one.outcome:
                await self._end(one.id, one.outcome, at_ms)
            slos = {slo.id for slo in config.slos.values() if slo.service == service}
            # Nobody was told of what a crash cut off, and now there is nothing to page for.
            forgotten = one.outcome == "interrupted" and not one.waiting and slos <= set(decided)
            if (one.outcome == MENDED or forgotten) and not one.told and remedy is not None:
                await self._ticket(config, one, remedy, at_ms)
            for key in over:
                del one.waiting[key]
            if one.outcome and not one.waiting and slos <= set(decided):
                del self._tries[service]

    async def _ticket(self, config: Config, one: _Try, remedy: Remedy, at_ms: int) -> None:
        draft = next((waiting.draft for waiting in one.waiting.values()), one.draft)
        said = self._line(draft, one, remedy)
        await self._store.write(
            partial(
                write_ticket, config=config, draft=draft, said=said, tried_id=one.id, at_ms=at_ms
            )
        )
        one.told = True
        self._wake()

    async def _begin(self, remedy: Remedy, draft: Message, mask: Mask, at_ms: int) -> _Try | None:
        """Try *remedy*, unless it was tried often enough."""
        service = draft.service

        def begin(db: sqlite3.Connection) -> int | None:
            if remedies.count(db, service, since_ms=at_ms - HOUR_MS) >= remedy.at_most:
                return None
            return remedies.begin(
                db,
                service=service,
                how=remedy.how,
                began_ms=at_ms,
                message=draft.to_json(),
            )

        tried_id = await self._store.write(begin)
        if tried_id is None:
            return None
        due_ms = at_ms + remedy.wait // words.MILLISECOND
        one = _Try(id=tried_id, how=remedy.how, began_ms=at_ms, due_ms=due_ms, draft=draft)
        task = asyncio.create_task(self._try(one, remedy, draft, mask), name=f"remedy {service}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        logger.info("remedy_begun: %s", service, extra={"action": "remedy_begun", "id": tried_id})
        return one

    async def _try(self, one: _Try, remedy: Remedy, draft: Message, mask: Mask) -> None:
        try:
            answer = await mend(remedy, draft, mask)
        except Exception as error:
            logger.exception("a remedy ended", extra={"action": "remedy_bug"})
            answer = Answer(outcome="failed", said=type(error).__name__)
        one.answer, one.ran_ms = answer, self._clock.now_ms()
        await self._store.write(
            partial(remedies.answered, tried_id=one.id, answer=answer.said, output=answer.output)
        )
        if answer.outcome and not one.outcome:
            one.outcome = answer.outcome
        else:
            await asyncio.sleep(max(0.0, (one.due_ms - self._clock.now_ms()) / 1000))
        if one.outcome != MENDED:
            await self.again()

    async def _end(self, tried_id: int, outcome: str, at_ms: int) -> None:
        await self._store.write(
            partial(remedies.end, tried_id=tried_id, at_ms=at_ms, outcome=outcome)
        )

    @staticmethod
    def _line(draft: Message, one: _Try, remedy: Remedy) -> str:
        return line(
            draft, one.how, one.outcome, remedy=remedy, began_ms=one.began_ms, answer=one.answer
        )


def _with(one: Fired, said: str) -> Fired:
    """*one*, saying what was tried."""
    return replace(one, draft=replace(one.draft, tried=(*one.draft.tried, said)))


async def _nothing() -> None:
    """Nobody is there to decide again."""
