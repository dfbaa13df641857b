"""
A drill: a test that is plainly marked, sent the real way to whoever would be told.

It is an alert of its own, owed in one transaction and delivered by the courier like any page,
taken back once everybody has it, and written down.  What a crash cuts off is taken back at the
next start.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from synthetics.clock import Clock
from synthetics.config.model import Config, Service, Severity
from synthetics.language.speech import speech
from synthetics.paging.draft import links
from synthetics.paging.ways import NoDrillError, Way
from synthetics.receivers.base import Event, Message
from synthetics.store import deliveries, drills, incidents
from synthetics.store.deliveries import Delivery, State
from synthetics.store.drills import Drill, Hop

if TYPE_CHECKING:
    from synthetics.store.store import Store

LIMIT_S = 60.0
"""For everybody to take the beginning, and again to take the end."""

LOOK_S = 0.05


async def drill(
    store: Store,
    config: Config,
    way: Way,
    *,
    author: str,
    clock: Clock,
    wake: Callable[[], None],
    limit_s: float = LIMIT_S,
) -> Drill:
    """
    Go *way* with a test, take it back, and write down how it went.

    Args:
        store: Where it is owed; a courier delivers from there.
        config: Names and languages.
        way: Whom it is to reach.
        author: Who asked for it.
        clock: For times, and for the limit.
        wake: Tells the courier that something is owed.
        limit_s: For everybody to take the beginning, and again to take the end.

    Raises:
        NoDrillError: A drill of the same service goes on.
    """
    at_ms = clock.now_ms()
    drill_id = await store.write(partial(begin, config=config, way=way, author=author, at_ms=at_ms))
    wake()
    await settled(store, drill_id, Event.TRIGGER, limit_s)
    await store.write(partial(take_back, drill_id=drill_id, at_ms=clock.now_ms()))
    wake()
    await settled(store, drill_id, Event.RESOLVE, limit_s)
    return await store.write(partial(finish, drill_id=drill_id, at_ms=clock.now_ms()))


def begin(
    db: sqlite3.Connection,
    *,
    config: Config,
    way: Way,
    author: str,
    at_ms: int,
    draft: Message | None = None,
    drill_id: int | None = None,
) -> int:
    """
    Owe a test to everybody on *way*; the number of the drill.

    Args:
        db: The writer's connection, in a transaction.
        config: Names and languages.
        way: Whom it is to reach.
        author: Who asked for it.
        at_ms: Now.
        draft: What is told; if ``None``, that a message arrives.
        drill_id: The drill that this belongs to, where one was written down already.

    Raises:
        NoDrillError: A drill of the same service goes on.
    """
    service = _service(config, way)
    if incidents.open_of(db, service.id, drills.TOPIC) is not None:
        raise NoDrillError("a drill of this goes on\n  to mend: wait a minute and try again")
    message = draft or _test(config, service, way.severity, at_ms)
    key = f"synthetics-drill-{service.id[:100]}-{secrets.token_hex(8)}"
    incident_id = incidents.open_incident(
        db,
        dedup_key=key,
        service=service.id,
        topic=drills.TOPIC,
        severity=message.severity,
        opened_ms=at_ms,
        since_ms=message.since_ms,
        summary=message.summary,
        probe=message.probe,
        step=message.step,
        reason=message.reason,
    )
    message = replace(message, drill=True, incident=incident_id, dedup_key=key)
    incidents.fire(
        db,
        incident_id=incident_id,
        service=service.id,
        slo=f"{drills.TIER}:{incident_id}",
        tier=drills.TIER,
        severity=message.severity,
        fired_ms=at_ms,
        message=message.to_json(),
    )
    for receiver in way.receivers:
        _owe(db, message, receiver, at_ms)
    if drill_id is not None:
        drills.attach(db, drill_id, incident_id)
        return drill_id
    return drills.begin(
        db,
        services=way.services,
        severity=way.severity,
        receiver=way.receiver,
        author=author,
        incident_id=incident_id,
        began_ms=at_ms,
    )


def take_back(db: sqlite3.Connection, *, drill_id: int, at_ms: int) -> None:
    """Owe its end to everybody who may have heard of the beginning."""
    found = drills.by_id(db, drill_id)
    if found is None or found.incident_id is None:
        return
    incidents.resolve(
        db,
        slo=f"{drills.TIER}:{found.incident_id}",
        tier=drills.TIER,
        at_ms=at_ms,
        resolution="drill",
    )
    incidents.close(db, found.incident_id, at_ms=at_ms)
    for told in deliveries.of_incident(db, found.incident_id):
        if told.event != Event.TRIGGER:
            continue
        if told.state is State.OWED:
            deliveries.supersede(db, told.id, at_ms=at_ms)
        if told.state is State.DELIVERED or (told.state is State.OWED and told.unsure):
            message = Message.from_json(told.message)
            said = speech(message.language, message.zone).phrases
            ended = said.drill_ends.format(service=message.service_name)
            _owe(
                db,
                replace(
                    message,
                    event=Event.RESOLVE,
                    summary=said.drill.format(summary=ended),
                    detected_ms=at_ms,
                    resolution="drill",
                ),
                told.receiver,
                at_ms,
            )


def finish(db: sqlite3.Connection, *, drill_id: int, at_ms: int) -> Drill:
    """Write down how far it came; ends that nobody has taken yet stay owed."""
    found = drills.by_id(db, drill_id)
    assert found is not None
    told = deliveries.of_incident(db, found.incident_id) if found.incident_id else []
    hops = list(_hops(told))
    passed = bool(hops) and all(hop.passed for hop in hops)
    drills.end(db, drill_id, ended_ms=at_ms, passed=passed, hops=hops)
    return replace(found, ended_ms=at_ms, passed=passed, hops=tuple(hops))


def abandon(db: sqlite3.Connection, *, at_ms: int) -> list[Drill]:
    """Take back, and write down as failed, what a crash cut off; see the service's start."""
    left = drills.unfinished(db)
    for one in left:
        take_back(db, drill_id=one.id, at_ms=at_ms)
        told = deliveries.of_incident(db, one.incident_id) if one.incident_id else []
        hops = list(_hops(told, otherwise="cut off by the end of the process"))
        drills.end(db, one.id, ended_ms=at_ms, passed=False, hops=hops)
    return left


def _hops(told: Sequence[Delivery], otherwise: str = "not taken in time") -> Iterable[Hop]:
    """How far it came with each receiver; *otherwise* is the trouble where none is known."""
    ends = {one.receiver: one for one in told if one.event == Event.RESOLVE}
    for one in told:
        if one.event != Event.TRIGGER:
            continue
        end = ends.get(one.receiver)
        accepted = one.state is State.DELIVERED
        resolved = end is not None and end.state is State.DELIVERED
        worst = one if not accepted else end
        trouble = ""
        if not (accepted and resolved):
            trouble = (worst and (worst.detail or worst.reason)) or otherwise
        yield Hop(
            receiver=one.receiver,
            owed_ms=one.owed_ms,
            sent_ms=one.attempted_ms,
            accepted_ms=one.finished_ms if accepted else None,
            resolved_ms=end.finished_ms if end is not None and resolved else None,
            trouble=trouble,
        )


async def settled(store: Store, drill_id: int, event: Event, limit_s: float) -> None:
    """Wait until nothing of *event* is owed any more, or for *limit_s*."""

    def owed(db: sqlite3.Connection) -> bool:
        found = drills.by_id(db, drill_id)
        told = deliveries.of_incident(db, found.incident_id) if found and found.incident_id else []
        return any(one.event == event and one.state is State.OWED for one in told)

    try:
        async with asyncio.timeout(limit_s):
            while await store.write(owed):  # noqa: ASYNC110 - what the courier did is written there
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        pass


def _service(config: Config, way: Way) -> Service:
    """Whose language is spoken; a receiver by itself stands for itself."""
    if way.services:
        return config.services[way.services[0]]
    return Service(id=way.receiver, name=way.receiver)


def _test(config: Config, service: Service, severity: Severity, at_ms: int) -> Message:
    said = speech(service.language, service.zone)
    phrases = said.phrases
    what = phrases.test.format(service=service.name, severity=phrases.severities[severity])
    return Message(
        id="",
        event=Event.TRIGGER,
        dedup_key="",
        incident=0,
        severity=severity,
        summary=phrases.drill.format(summary=what),
        location=config.location,
        service=service.id,
        service_name=service.name,
        slo="",
        tier="",
        detected_ms=at_ms,
        objective=1.0,
        owner=service.owner,
        language=service.language,
        zone=service.zone,
        links=links(said, service),
        url=config.public_url,
    )


def _owe(db: sqlite3.Connection, message: Message, receiver: str, at_ms: int) -> None:
    told = replace(message, id=f"msg_{secrets.token_hex(12)}")
    deliveries.owe(
        db,
        incident_id=message.incident,
        receiver=receiver,
        event=told.event,
        severity=told.severity,
        dedup_key=told.dedup_key,
        message=told.to_json(),
        owed_ms=at_ms,
    )
