"""One change of alerts, with its incidents and all that it owes: one transaction, or nothing."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from synthetics.config.model import Severity
from synthetics.paging.holds import Holds, Quiet
from synthetics.paging.owing import RANKS
from synthetics.paging.rhythm import reopens_since_ms
from synthetics.paging.scene import Routes, Scene
from synthetics.paging.telling import tell
from synthetics.receivers.base import Message
from synthetics.store import events, incidents
from synthetics.store.incidents import Incident
from synthetics.words import about


@dataclass(frozen=True, slots=True)
class Fired:
    """
    A tier that begins to fire.

    Attributes:
        draft: Says all of it but which incident it belongs to.
        began_ms: The first failure of what it fires for, where its policy asks.
        topic: Alerts of one service and topic share an incident; those of users' services have
            none, those about the monitoring itself one for each thing that can go wrong.
    """

    draft: Message
    began_ms: int | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A tier that stops firing, and why, as a slug."""

    slo: str
    tier: str
    resolution: str


def settle(
    db: sqlite3.Connection,
    *,
    fired: Sequence[Fired],
    cleared: Sequence[Cleared],
    routes: Routes,
    receivers: Collection[str],
    quiet: Quiet,
    at_ms: int,
    public_url: str = "",
    all_open: bool = False,
) -> int | None:
    """
    Write *fired* and *cleared*, and owe every receiver what follows from them.

    Idempotent: what fires already is not fired again, nor what is over resolved again.

    Args:
        db: The writer's connection, in a transaction.
        fired: Alerts that begin.
        cleared: Alerts that end.
        routes: Who is told now.
        receivers: Those that are configured; others are owed nothing more.
        quiet: What decides how much is told.
        at_ms: When this was decided.
        public_url: Where people reach the service, for links in messages; empty for no links.
        all_open: Look at every open incident, also those that nothing happened to: routes may
            have changed, a silence ended, a reminder be due.

    Returns:
        When next somebody is to be told of one of those that were looked at, if nothing happens.
    """
    touched: dict[int, None] = {}
    if all_open:
        touched = dict.fromkeys(incident.id for incident in incidents.still_open(db))
    for one in cleared:
        incident_id = incidents.resolve(
            db, slo=one.slo, tier=one.tier, at_ms=at_ms, resolution=one.resolution
        )
        if incident_id is not None:
            touched[incident_id] = None
    scene = Scene(
        routes=routes,
        receivers=receivers,
        quiet=quiet,
        holds=Holds(db, quiet, receivers, at_ms),
        at_ms=at_ms,
        public_url=public_url,
    )
    for begun in fired:
        incident_id = _fire(db, begun, scene)
        if incident_id is not None:
            touched[incident_id] = None
    coming: list[int] = []
    for incident_id in touched:
        incident = incidents.by_id(db, incident_id)
        if incident is not None:
            next_ms = tell(db, incident, scene)
            coming += [] if next_ms is None else [next_ms]
    return min(coming, default=None)


def _fire(db: sqlite3.Connection, begun: Fired, scene: Scene) -> int | None:
    """Record that an alert begins; the incident that it is part of."""
    draft = begun.draft
    if incidents.fires(db, slo=draft.slo, tier=draft.tier):
        return None
    incident = None
    if draft.severity is not Severity.LOG:
        incident = incidents.open_of(db, draft.service, begun.topic) or _reopened(db, begun, scene)
        if incident is None:
            incident_id = incidents.open_incident(
                db,
                dedup_key=_new_key(draft.service),
                service=draft.service,
                topic=begun.topic,
                severity=draft.severity,
                opened_ms=draft.detected_ms,
                since_ms=draft.since_ms,
                summary=draft.summary,
                probe=draft.probe,
                step=draft.step,
                reason=draft.reason,
            )
            incident = incidents.by_id(db, incident_id)
        else:
            worst = max(incident.severity, draft.severity.value, key=RANKS.__getitem__)
            incidents.join(db, incident.id, severity=worst, since_ms=draft.since_ms)
    if incident is not None:
        draft = replace(draft, incident=incident.id, dedup_key=incident.dedup_key)
    incidents.fire(
        db,
        incident_id=incident.id if incident else None,
        service=draft.service,
        slo=draft.slo,
        tier=draft.tier,
        severity=draft.severity,
        fired_ms=draft.detected_ms,
        message=draft.to_json(),
        began_ms=begun.began_ms,
    )
    return incident.id if incident else None


def _reopened(db: sqlite3.Connection, begun: Fired, scene: Scene) -> Incident | None:
    """The incident that ended so lately that this is more of it, open again."""
    since_ms = reopens_since_ms(scene.rules(begun.draft.service), scene.at_ms)
    ended = incidents.closed_since(db, begun.draft.service, begun.topic, since_ms)
    if ended is None or ended.closed_ms is None:
        return None
    incidents.reopen(db, ended.id)
    after = about(max(scene.at_ms - ended.closed_ms, 0))
    events.note(
        db,
        ended.id,
        events.Kind.REOPENED,
        at_ms=scene.at_ms,
        slo=begun.draft.slo,
        tier=begun.draft.tier,
        detail=f"{after} after its end",
    )
    return incidents.by_id(db, ended.id)


def _new_key(service: str) -> str:
    """Unique also among installations that share a receiver, and short enough for all of them."""
    return f"synthetics-{service[:100]}-{secrets.token_hex(8)}"
