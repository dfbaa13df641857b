"""One change of alerts, with its incidents and all that it owes: one transaction, or nothing."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from synthetics.config.model import Severity
from synthetics.paging.owing import RANKS, plan
from synthetics.paging.words import resolved
from synthetics.receivers.base import Event, Message
from synthetics.store import deliveries, incidents
from synthetics.store.deliveries import Delivery
from synthetics.store.incidents import Alert, Incident

Routes = Callable[[Alert], Sequence[str]]
"""Who is told of an alert; see `synthetics.paging.routing.recipients`."""


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
    all_open: bool = False,
) -> None:
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
        all_open: Look at every open incident, also those that nothing happened to;
            for a reload that may have changed the routes.
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
    for incident_id, resolution in touched.items():
        incident = incidents.by_id(db, incident_id)
        if incident is not None:
            _owe(
                db,
                incident,
                routes=routes,
                receivers=receivers,
                at_ms=at_ms,
                resolution=resolution,
            )


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
    resolution: str,
) -> None:
    """Owe each receiver what it should know of *incident* and does not; close it if it is over."""
    alerts = incidents.firing_of(db, incident.id)
    past: dict[str, list[Delivery]] = {}
    for delivery in deliveries.of_incident(db, incident.id):
        past.setdefault(delivery.receiver, []).append(delivery)
    worst = _worst_by_receiver(alerts, routes)
    for receiver in dict.fromkeys([*worst, *past]):
        alert = worst.get(receiver)
        before = past.get(receiver, [])
        step = plan(before, alert.severity if alert else None)
        for delivery_id in step.supersede:
            deliveries.supersede(db, delivery_id, at_ms=at_ms)
        if step.owe is None or receiver not in receivers:
            continue
        message = (
            _trigger(alert, alerts) if alert else _resolve(before, at_ms, resolution or "rerouted")
        )
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


def _worst_by_receiver(alerts: Sequence[Alert], routes: Routes) -> dict[str, Alert]:
    """The most severe alert that each receiver is told of; of equals, the first to fire."""
    worst: dict[str, Alert] = {}
    for alert in alerts:
        for receiver in routes(alert):
            other = worst.get(receiver)
            if other is None or RANKS[alert.severity] > RANKS[other.severity]:
                worst[receiver] = alert
    return worst


def _trigger(alert: Alert, alerts: Sequence[Alert]) -> Message:
    others = dict.fromkeys(other.slo for other in alerts if other.slo != alert.slo)
    return replace(Message.from_json(alert.message), id=_new_id(), also=tuple(others))


def _resolve(before: Sequence[Delivery], at_ms: int, resolution: str) -> Message:
    told = next(one for one in reversed(before) if one.event == Event.TRIGGER)
    message = Message.from_json(told.message)
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
