"""Messages that a receiver does not get: others are told, and at its deadline it is given up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from synthetics import words
from synthetics.config.model import Config
from synthetics.config.model_watch import SYNTHETICS
from synthetics.language.speech import speech
from synthetics.paging.routing import UNDELIVERED, undelivered
from synthetics.paging.watch import Condition
from synthetics.paging.words import told
from synthetics.receivers.base import Message
from synthetics.store import deliveries
from synthetics.store.deliveries import State
from synthetics.store.overdue import DEADLINE, Overdue, give_up, overdue
from synthetics.store.reader import Reader
from synthetics.store.store import Store

logger = logging.getLogger(__name__)

_MS = timedelta(milliseconds=1)


class DeliveryWatch:
    """
    Watches what is owed.

    A trigger that was refused counts at once, one that is tried again after the patience of its
    severity.  Nobody is told of messages about the monitoring itself: those go to everybody.

    Args:
        store: Where deliveries are given up.
        reader: For this alone, one thread at a time.
        wake: Called when some were given up; the courier's `wake`.
    """

    tier = UNDELIVERED

    def __init__(self, store: Store, reader: Reader, wake: Callable[[], None]) -> None:
        self._store = store
        self._reader = reader
        self._wake = wake
        self.given_up = 0

    async def look(self, config: Config, at_ms: int) -> Mapping[str, Condition]:
        """See `Watcher`."""
        await self._give_up(config, at_ms)
        late = await asyncio.to_thread(self._reader.read, partial(overdue, but_of=SYNTHETICS))
        found = {}
        for one in late:
            others_ms = config.delivery.of(one.severity).others // _MS
            over = one.state is State.REFUSED or at_ms - one.owed_ms >= others_ms
            if over and one.receiver in config.receivers:
                subject = undelivered(one.receiver, one.incident_id)
                found[subject] = _condition(one, at_ms, subject)
        return found

    async def _give_up(self, config: Config, at_ms: int) -> None:
        """Try no longer what its deadline has passed; any event, also of the monitoring itself."""
        owed = await asyncio.to_thread(self._reader.read, deliveries.owed)
        over = {
            one.id: words.exactly(config.delivery.of(one.severity).deadline // _MS)
            for one in owed
            if at_ms - one.owed_ms >= config.delivery.of(one.severity).deadline // _MS
        }
        if not over:
            return
        self.given_up += await self._store.write(partial(give_up, deadlines=over, at_ms=at_ms))
        logger.error(
            "%s past the deadline: given up",
            words.many(len(over), "message"),
            extra={"action": "message_given_up", "count": len(over)},
        )
        self._wake()


def _condition(one: Overdue, at_ms: int, subject: str) -> Condition:
    # What the receiver was told before is nothing to those who are told now.
    page = replace(
        Message.from_json(one.message),
        summary=Message.from_json(one.alert).summary,
        again=0,
        flapping=False,
        reminder=0,
        unanswered_ms=0,
        held_back=0,
    )
    said = speech(page.language, page.zone)
    phrases = said.phrases.watch
    late = one.state is State.OWED
    how = "late" if late else "deadline" if one.reason == DEADLINE else "refused"
    named = one.reason not in ("", DEADLINE)
    return Condition(
        severity=one.severity,
        summary=phrases.undelivered[how].format(
            receiver=one.receiver,
            severity=said.phrases.severities[one.severity],
            time=said.about(max(at_ms - one.owed_ms, 0)),
            why=said.phrases.because.format(why=one.reason) if named else "",
            summary=told(page, at_ms),
        ),
        reason=one.reason or "undelivered",
        since_ms=page.since_ms,
        topic=subject,
        carries=page,
    )
