"""
An exercise: a probe is taken to fail, so that detection is tried from the sample to the phone.

Nothing of it is stored as a result.  The samples of that probe go on as they are, count, and page
if they are really bad; copies of them that say "bad" are counted beside the others in a ledger of
its own, by the same rules and the same policy, and what would fire there is sent as a drill.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from probes.result import Outcome, Result
from slo.policy import Decision, State
from synthetics.accounting.ledger import Ledger
from synthetics.clock import Clock, instant
from synthetics.config.model import Config, Severity, Slo
from synthetics.config.words import did_you_mean
from synthetics.language.speech import speech
from synthetics.paging.draft import draft
from synthetics.paging.drill import LIMIT_S, begin, finish, settled, take_back
from synthetics.paging.evidence import evidence
from synthetics.paging.ways import NoDrillError, Way, told_now
from synthetics.receivers.base import Event
from synthetics.sample import Sample
from synthetics.store import drills
from synthetics.store.drills import Drill

if TYPE_CHECKING:
    from synthetics.store.reader import Reader
    from synthetics.store.store import Store

logger = logging.getLogger(__name__)

DRILL = "drill"
"""The reason of a sample that is bad on purpose."""


def broken(sample: Sample) -> Sample:
    """*sample* as if the probe had failed, confirmed."""
    result = Result(
        started_at=instant(sample.scheduled_ms),
        duration_s=sample.result.duration_s,
        outcome=Outcome.BAD,
        reason=DRILL,
    )
    return replace(sample, result=result, confirmed=Outcome.BAD)


@dataclass(slots=True, kw_only=True)
class _Running:
    """
    One exercise.

    Attributes:
        config: As it was when it began.
        severity: What is waited for: a page where the policy has one, else a ticket.
        from_ms, until_ms: Samples that are due in between are taken to be bad.
        fired: Whether it was sent to anybody.
    """

    config: Config
    probe: str
    severity: Severity
    from_ms: int
    until_ms: int
    ledger: Ledger
    states: dict[str, dict[str, State]] = field(default_factory=dict)
    id: int = 0
    first_ms: int | None = None
    fired: bool = False


class Exercises:
    """
    Runs exercises, one at a time.

    Args:
        store: Where they are written down, and owed.
        reader: Where the history is read that windows reach back to.
        clock: The present.
        wake: Tells the courier that something is owed.
    """

    def __init__(
        self, store: Store, reader: Reader, *, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._wake = wake
        self._running: _Running | None = None
        self._busy = False
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Stop; what was sent is taken back at the next start."""
        for task in self._tasks:
            task.cancel()

    async def start(self, config: Config, probe: str, *, lasts_s: float, author: str) -> Drill:
        """
        Take *probe* to fail from now on, for *lasts_s* seconds; it ends by itself.

        Raises:
            NoDrillError: There is no such probe, no SLO pages for it, or another one goes on.
        """
        slos = _concerned(config, probe)
        if self._busy:
            raise NoDrillError("an exercise goes on\n  to mend: wait for its end")
        told = {tier.severity for slo in slos for tier in slo.tiers} & {"page", "ticket"}
        if not told:
            raise NoDrillError(f"no SLO alerts anybody when probe `{probe}` fails")
        severity = Severity.PAGE if "page" in told else Severity.TICKET
        at_ms = self._clock.now_ms()
        running = _Running(
            config=config,
            probe=probe,
            severity=severity,
            from_ms=at_ms,
            until_ms=at_ms + round(lasts_s * 1000),
            ledger=Ledger(replace(config, slos={slo.id: slo for slo in slos})),
        )
        self._busy = True
        try:
            await self._begin(running, slos, author)
        except BaseException:
            self._busy = False
            raise
        self._running = running
        task = asyncio.create_task(self._end_after(running, lasts_s), name="exercise")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        extra = {"action": "exercise_begun", "id": running.id}
        logger.info("exercise_begun: %s", probe, extra=extra)
        found = await self._store.write(partial(drills.by_id, drill_id=running.id))
        assert found is not None
        return found

    async def _begin(self, running: _Running, slos: Sequence[Slo], author: str) -> None:
        """Read the history that windows reach back to, and write down that it begins."""
        await asyncio.to_thread(running.ledger.load, self._reader, running.from_ms)
        running.id = await self._store.write(
            partial(
                drills.begin,
                services=tuple(dict.fromkeys(slo.service for slo in slos)),
                severity=running.severity,
                probe=running.probe,
                author=author,
                incident_id=None,
                began_ms=running.from_ms,
            )
        )

    async def see(self, samples: Sequence[Sample]) -> None:
        """Count *samples*, those of the probe as bad, and send what follows from them."""
        running = self._running
        if running is None:
            return
        newest = None
        for sample in samples:
            counted = sample
            due = running.from_ms <= sample.scheduled_ms < running.until_ms
            if sample.probe == running.probe and due:
                counted = newest = broken(sample)
                running.first_ms = running.first_ms or sample.scheduled_ms
            running.ledger.apply(counted)
        if newest is None or running.fired:
            return
        at_ms = self._clock.now_ms()
        for slo in _concerned(running.config, running.probe):
            known = running.states.setdefault(slo.id, {})
            for decision in running.ledger.decisions(slo.id, at_ms, known):
                known[decision.tier.name] = decision.state
                if decision.firing and decision.tier.severity == running.severity:
                    await self._fire(running, slo, decision, newest)
                    return

    async def _fire(self, running: _Running, slo: Slo, decision: Decision, newest: Sample) -> None:
        config = running.config
        message = draft(
            config,
            slo,
            decision,
            evidence(newest, running.first_ms),
            running.ledger.standing(slo.id, decision.at_ms),
        )
        phrases = speech(message.language, message.zone).phrases
        message = replace(message, summary=phrases.drill.format(summary=message.summary))
        at_ms = self._clock.now_ms()
        way = Way(
            services=(slo.service,),
            severity=running.severity,
            receivers=told_now(config, slo.service, running.severity, at_ms),
        )
        running.fired = True

        def fire(db: sqlite3.Connection) -> int:
            return begin(
                db,
                config=config,
                way=way,
                author="",
                at_ms=at_ms,
                draft=message,
                drill_id=running.id,
            )

        await self._store.write(fire)
        self._wake()

    async def _end_after(self, running: _Running, lasts_s: float) -> None:
        await asyncio.sleep(lasts_s)
        await settled(self._store, running.id, Event.TRIGGER, LIMIT_S)
        self._running = None
        now = self._clock.now_ms
        await self._store.write(partial(take_back, drill_id=running.id, at_ms=now()))
        self._wake()
        await settled(self._store, running.id, Event.RESOLVE, LIMIT_S)
        done = await self._store.write(partial(finish, drill_id=running.id, at_ms=now()))
        self._busy = False
        logger.info(
            "exercise_ended: %s, %s",
            running.probe,
            "it was told" if done.passed else "it was not told",
            extra={"action": "exercise_ended", "id": running.id},
        )


def _concerned(config: Config, probe: str) -> list[Slo]:
    """
    The SLOs that count *probe*.

    Raises:
        NoDrillError: There are none, or there is no such probe.
    """
    if probe not in config.probes:
        raise NoDrillError(
            f"there is no probe `{probe}`\n  to mend: {did_you_mean(probe, list(config.probes))}"
        )
    found = [slo for slo in config.slos.values() if probe in slo.probes]
    if not found:
        raise NoDrillError(
            f"no SLO counts probe `{probe}`, so nobody would be told\n"
            "  to mend: add it to the `probes` of an SLO"
        )
    return found
