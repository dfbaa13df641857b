"""One change of alerts, with its incidents and all that it owes: one transaction, or nothing."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass, replace

from synthetics.config.model import Severity
from synthetics.paging.owing import RANKS, knows, plan
from synthetics.paging.routing import Audience, Told
from synthetics.paging.words import acknowledge_link, resolved, unanswered
from synthetics.receivers.base import Event, Message
from synthetics.store import acknowledgements, deliveries, incidents
from synthetics.store.deliveries import Delivery
from synthetics.store.incidents import Alert, Incident

Routes = Callable[[Sequence[Alert], Sequence[int], Collection[str], int], Audience]
"""
Who is to know of an incident: of all its alerts, when it was acknowledged, who knows already, and
the present; see `synthetics.paging.routing.audience`.
"""


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
    receivers: Container[str],
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
        at_ms: When this was decided.
        public_url: Where people reach the service, for links in messages; empty for no links.
        all_open: Look at every open incident, also those that nothing happened to; for a
            reload that may have changed the routes, and for time that has passed.

    Returns:
        When next somebody is to be told of one of those that were looked at, if nothing happens.
    """
    touched: dict[int, str] = {}
    if all_open:
        touched = {incident.id: "" for incident in incidents.still_open(db)}
    for one in cleared:
        incident_id = incidents.resolve(
            db, slo=one.slo, tier=one.tier, at_ms=at_ms, resolution=one.resolution
        )
        if incident_id is not None:
            touched[incident_id] = one.resolution
    for begun in fired:
        incident_id = _fire(db, begun)
        if incident_id is not None:
            touched.setdefault(incident_id, "")
    coming: list[int] = []
    for incident_id, resolution in touched.items():
        incident = incidents.by_id(db, incident_id)
        if incident is not None:
            next_ms = _owe(
                db,
                incident,
                routes=routes,
                receivers=receivers,
                at_ms=at_ms,
                public_url=public_url,
                resolution=resolution,
            )
            coming += [] if next_ms is None else [next_ms]
    return min(coming, default=None)


def _fire(db: sqlite3.Connection, begun: Fired) -> int | None:
    """Record that an alert begins; the incident that it is part of."""
    draft = begun.draft
    if incidents.fires(db, slo=draft.slo, tier=draft.tier):
        return None
    incident = None
    if draft.severity is not Severity.LOG:
        incident = incidents.open_of(db, draft.service, begun.topic)
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


def _owe(
    db: sqlite3.Connection,
    incident: Incident,
    *,
    routes: Routes,
    receivers: Container[str],
    at_ms: int,
    public_url: str,
    resolution: str,
) -> int | None:
    """
    Owe each receiver what it should know of *incident* and does not; close it if it is over.

    Returns:
        When next somebody is to be told, if nothing happens before.
    """
    every = incidents.alerts_of(db, incident.id)
    alerts = [alert for alert in every if alert.resolved_ms is None]
    past: dict[str, list[Delivery]] = {}
    for delivery in deliveries.of_incident(db, incident.id):
        past.setdefault(delivery.receiver, []).append(delivery)
    acknowledged = [one.at_ms for one in acknowledgements.of_incident(db, incident.id)]
    knowing = [receiver for receiver, before in past.items() if knows(before)]
    audience = routes(every, acknowledged, knowing, at_ms)
    for receiver in dict.fromkeys([*audience.told, *past]):
        told = audience.told.get(receiver)
        before = past.get(receiver, [])
        step = plan(before, told.alert.severity if told else None, told.again_ms if told else None)
        for delivery_id in step.supersede:
            deliveries.supersede(db, delivery_id, at_ms=at_ms)
        if step.owe is None or receiver not in receivers:
            continue
        if told:
            message = _trigger(told, alerts)
            if public_url:
                message = _with_link(db, message, incident.id, receiver, public_url)
        else:
            message = _resolve(before, every, at_ms, resolution or "rerouted")
        deliveries.owe(
            db,
            incident_id=incident.id,
            receiver=receiver,
            event=message.event,
            severity=message.severity,
            dedup_key=message.dedup_key,
            message=message.to_json(),
            owed_ms=at_ms,
        )
    if not alerts:
        incidents.close(db, incident.id, at_ms=at_ms)
    return audience.next_ms


def _trigger(told: Told, alerts: Sequence[Alert]) -> Message:
    others = dict.fromkeys(other.slo for other in alerts if other.slo != told.alert.slo)
    message = replace(Message.from_json(told.alert.message), id=_new_id(), also=tuple(others))
    if told.unanswered_ms:
        return replace(message, summary=unanswered(message, told.unanswered_ms))
    return message


def _with_link(
    db: sqlite3.Connection, message: Message, incident_id: int, receiver: str, public_url: str
) -> Message:
    """*message* with a link by which its reader can take the incident on."""
    token = acknowledgements.link(db, incident_id, receiver, token=secrets.token_urlsafe(24))
    link = acknowledge_link(message, f"{public_url.rstrip('/')}/acknowledge/{token}")
    return replace(message, links=(link, *message.links))


def _resolve(
    before: Sequence[Delivery], alerts: Sequence[Alert], at_ms: int, resolution: str
) -> Message:
    told = next(one for one in reversed(before) if one.event == Event.TRIGGER)
    message = Message.from_json(told.message)
    for alert in alerts:  # in its first words, not in those for whom it went on to
        if (alert.slo, alert.tier) == (message.slo, message.tier):
            message = replace(message, summary=Message.from_json(alert.message).summary)
    return replace(
        message,
        id=_new_id(),
        event=Event.RESOLVE,
        summary=resolved(message, at_ms, resolution),
        detected_ms=at_ms,
        resolution=resolution,
        also=(),
    )


def _new_id() -> str:
    return f"msg_{secrets.token_hex(12)}"


def _new_key(service: str) -> str:
    """Unique also among installations that share a receiver, and short enough for all of them."""
    return f"synthetics-{service[:100]}-{secrets.token_hex(8)}"
