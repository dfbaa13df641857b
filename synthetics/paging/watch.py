"""
The watch over the monitoring itself: what is wrong with us becomes an alert like any other.

Watchers look every few seconds and say all that is wrong now, by subject.  What is new fires,
what is gone resolves, through the same transaction and to the same receivers as alerts of SLOs;
only that each subject's topic has an incident of its own.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from synthetics.clock import Clock
from synthetics.config.model import Config, Severity
from synthetics.config.model_watch import SYNTHETICS
from synthetics.paging.holds import Quiet
from synthetics.paging.routing import audience
from synthetics.paging.settle import Cleared, Fired, settle
from synthetics.receivers.base import Event, Message
from synthetics.store import StoreError, incidents
from synthetics.store.store import Store

logger = logging.getLogger(__name__)

LOOK_S = 5.0
"""Seconds between two looks."""

OVER = "over"
"""Why an alert about the monitoring resolves: what it told of is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    Something that is wrong with the monitoring itself.

    Attributes:
        severity: ``page``, ``ticket`` or ``log``.
        summary: What, for people, useful in its first 80 characters.
        reason: The same as a slug.
        since_ms: Since when, if that is known.
        probe: Which one it concerns, if it is one.
        topic: Conditions of one topic share an incident.
        carries: A page that is told with it.
    """

    severity: str
    summary: str
    reason: str
    since_ms: int | None = None
    probe: str = ""
    topic: str
    carries: Message | None = None


class Watcher(Protocol):
    """
    Looks after one thing.

    Attributes:
        tier: The slug of what it finds, stable.
    """

    tier: str

    async def look(self, config: Config, at_ms: int) -> Mapping[str, Condition] | None:
        """
        All that is wrong now, by subject; ``None`` while that is not known, and nothing changes.

        Args:
            config: In force.
            at_ms: Now.
        """


class Watchman:
    """
    Sends the watchers round.

    Args:
        store: Where alerts are.
        config: Who is told.
        watchers: One for each tier.
        clock: The present.
        wake: Called after a commit that may owe something; the courier's `wake`.
    """

    def __init__(
        self,
        store: Store,
        config: Config,
        watchers: Sequence[Watcher],
        *,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._config = config
        self._quiet = Quiet.of(config)
        self._watchers = tuple(watchers)
        self._clock = clock
        self._wake = wake
        self._firing: dict[str, set[str]] = {}

    async def resume(self) -> None:
        """
        Go on where the last process stopped.

        Raises:
            StoreError: The database cannot be read.
        """
        for alert in await self._store.write(incidents.firing):
            if alert.service == SYNTHETICS:
                self._firing.setdefault(alert.tier, set()).add(alert.slo)

    def use(self, config: Config) -> None:
        """Go by *config* from the next look on."""
        self._config = config
        self._quiet = Quiet.of(config)

    def firing(self) -> dict[str, int]:
        """How many alerts fire, by tier."""
        return {watcher.tier: len(self._firing.get(watcher.tier, ())) for watcher in self._watchers}

    async def run(self) -> None:
        """Look for ever; a database that cannot be written now is tried again at the next look."""
        stood_still = False
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(LOOK_S)
            # Whoever stood still knows nothing: first let in what waited at the door.  Only once,
            # so that a machine under load is watched all the same.
            stood_still = not stood_still and self._clock.monotonic() - before > 2 * LOOK_S
            if stood_still:
                continue
            try:
                await self.look()
            except (StoreError, sqlite3.Error) as error:
                logger.error(  # noqa: TRY400  (the stack says nothing that the message does not)
                    "the watch could not be written down: %s",
                    error,
                    extra={"action": "watch_blocked"},
                )

    async def look(self) -> None:
        """
        Look once, and write what changed together with all it owes.

        Raises:
            StoreError: It could not be written; the next look finds the same.
        """
        at_ms = self._clock.now_ms()
        config = self._config
        fired: list[tuple[str, str, Condition]] = []
        cleared: list[Cleared] = []
        for watcher in self._watchers:
            firing = self._firing.get(watcher.tier, set())
            found = await watcher.look(config, at_ms)
            if found is None:
                continue
            fired += [
                (watcher.tier, subject, condition)
                for subject, condition in found.items()
                if subject not in firing
            ]
            cleared += [
                Cleared(subject, watcher.tier, OVER) for subject in sorted(firing - found.keys())
            ]
        if fired or cleared:
            await self._settle(config, fired, cleared, at_ms)

    async def _settle(
        self,
        config: Config,
        fired: Sequence[tuple[str, str, Condition]],
        cleared: Sequence[Cleared],
        at_ms: int,
    ) -> None:
        change = partial(
            settle,
            fired=[
                Fired(_draft(config, tier, subject, condition, at_ms), topic=condition.topic)
                for tier, subject, condition in fired
            ],
            cleared=cleared,
            routes=partial(audience, config),
            receivers=config.receivers.keys(),
            quiet=self._quiet,
            at_ms=at_ms,
            public_url=config.public_url,
        )
        await self._store.write(change)
        for tier, subject, condition in fired:
            self._firing.setdefault(tier, set()).add(subject)
            _log("alert_fired", subject, tier, condition.summary)
        for end in cleared:
            self._firing[end.tier].discard(end.slo)
            _log("alert_resolved", end.slo, end.tier, end.resolution)
        self._wake()


def _draft(config: Config, tier: str, subject: str, condition: Condition, at_ms: int) -> Message:
    """What to tell of *condition*."""
    page = condition.carries
    if page is not None:
        return replace(
            page,
            id="",
            event=Event.TRIGGER,
            severity=Severity(condition.severity),
            summary=condition.summary,
            service=SYNTHETICS,
            slo=subject,
            tier=tier,
            detected_ms=at_ms,
            handle="",
        )
    return Message(
        id="",
        event=Event.TRIGGER,
        dedup_key="",
        incident=0,
        severity=Severity(condition.severity),
        summary=condition.summary,
        location=config.location,
        service=SYNTHETICS,
        service_name="Synthetics",
        slo=subject,
        tier=tier,
        probe=condition.probe,
        reason=condition.reason,
        detected_ms=at_ms,
        since_ms=condition.since_ms,
        language=config.language,
        zone=config.zone,
        url=config.public_url,
    )


def _log(action: str, subject: str, tier: str, why: str) -> None:
    extra = {"action": action, "slo": subject, "tier": tier}
    logger.warning("%s: %s/%s: %s", action, subject, tier, why, extra=extra)
