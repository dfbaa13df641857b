"""Of one incident, whom to tell what, and when all of it is over."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from synthetics.paging.ear import Ear
from synthetics.paging.holds import Hold
from synthetics.paging.owing import knows
from synthetics.paging.routing import ever
from synthetics.paging.scene import Scene
from synthetics.store import acknowledgements, deliveries, events, incidents
from synthetics.store.deliveries import Delivery
from synthetics.store.incidents import Alert, Incident


def tell(db: sqlite3.Connection, incident: Incident, scene: Scene) -> int | None:
    """
    Owe each receiver what it should know of *incident* and does not; close it if it is over.

    Returns:
        When next somebody is to be told, if nothing happens before.
    """
    alerts = incidents.alerts_of(db, incident.id)
    holds = {alert.id: scene.holds.of(alert) for alert in alerts if alert.resolved_ms is None}
    held = {number for number, hold in holds.items() if hold is not None}
    _note_holds(db, incident, alerts, holds, at_ms=scene.at_ms)
    so_far = events.of_incident(db, incident.id)
    past: dict[str, list[Delivery]] = {}
    for delivery in deliveries.of_incident(db, incident.id):
        past.setdefault(delivery.receiver, []).append(delivery)
    acknowledged = [one.at_ms for one in acknowledgements.of_incident(db, incident.id)]
    knowing = [receiver for receiver, before in past.items() if knows(before)]
    concerned = scene.routes(alerts, acknowledged, knowing, scene.at_ms)
    free = [_since_released(alert, so_far) for alert in alerts if alert.id not in held]
    audience = concerned
    if free != alerts:
        audience = scene.routes(free, acknowledged, knowing, scene.at_ms)
    goes_on = any(alert.resolved_ms is None for alert in alerts)
    could_be_told = {alert.id: ever(scene.quiet.config, alert) for alert in alerts}
    kept = [one.receiver for one in so_far if one.kind == events.Kind.HELD_BACK]
    for receiver in dict.fromkeys([*concerned.told, *past, *kept]):
        ear = Ear(
            db,
            incident,
            scene,
            receiver=receiver,
            goes_on=concerned.told.get(receiver),
            tell=audience.told.get(receiver),
            alerts=alerts,
            own=[alert for alert in alerts if receiver in could_be_told[alert.id]],
            held=held,
            past=past.get(receiver, ()),
            acknowledged=acknowledged,
            kept_from=[
                one.at_ms
                for one in so_far
                if one.kind == events.Kind.HELD_BACK and one.receiver == receiver
            ],
        )
        goes_on = ear.tell() or goes_on
    if not goes_on:
        incidents.close(db, incident.id, at_ms=scene.at_ms)
    ends = [hold.until_ms for hold in holds.values() if hold and hold.until_ms is not None]
    return min([*ends, *([] if audience.next_ms is None else [audience.next_ms])], default=None)


def _since_released(alert: Alert, so_far: Sequence[events.Event]) -> Alert:
    """*alert* as if it had fired when nothing kept it from being told any more."""
    released = [
        one.at_ms
        for one in so_far
        if one.kind == events.Kind.RELEASED and (one.slo, one.tier) == (alert.slo, alert.tier)
    ]
    return replace(alert, fired_ms=max([alert.fired_ms, *released]))


def _note_holds(
    db: sqlite3.Connection,
    incident: Incident,
    alerts: Sequence[Alert],
    holds: Mapping[int, Hold | None],
    *,
    at_ms: int,
) -> None:
    """Write down what changed of *holds*, what keeps each that fires by its number."""
    for alert in alerts:
        hold = holds.get(alert.id)
        by = hold.by if hold else ""
        if by == alert.held or alert.resolved_ms is not None:
            continue
        incidents.hold(db, alert.id, by)
        events.note(
            db,
            incident.id,
            events.Kind.HELD if hold else events.Kind.RELEASED,
            at_ms=at_ms,
            slo=alert.slo,
            tier=alert.tier,
            detail=hold.said if hold else alert.held,
        )
