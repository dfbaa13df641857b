"""Incidents with their alerts and all that was owed for them: ``/api/v1/alerts``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synthetics import words
from synthetics.store import acknowledgements, deliveries, events, incidents
from synthetics.store.acknowledgements import Acknowledgement
from synthetics.store.deliveries import Delivery, State
from synthetics.store.events import Event
from synthetics.store.incidents import Alert, Incident

FORMAT = 1
"""Of the JSON; a key that is added does not change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One incident, what it is made of, who was told, and who took it on."""

    incident: Incident
    alerts: Sequence[Alert]
    deliveries: Sequence[Delivery]
    events: Sequence[Event] = ()
    answers: Sequence[Acknowledgement] = ()

    @property
    def waiting(self) -> bool:
        """Whether somebody has not got yet what there is to tell, or never will."""
        return any(one.state in (State.OWED, State.REFUSED) for one in self.deliveries)


def gather(db: sqlite3.Connection, *, from_ms: int, to_ms: int, ended: bool = True) -> list[Told]:
    """
    Incidents that go on, the newest first, and then those that ended in between.

    Args:
        db: The database, in a transaction.
        from_ms: No part of those that ended lies before this.
        to_ms: The present.
        ended: Whether those are wanted too.
    """
    found = incidents.still_open(db)[::-1]
    if ended:
        past = incidents.between(db, from_ms, to_ms)
        found += [one for one in reversed(past) if one.closed_ms is not None]
    return [
        Told(
            incident=one,
            alerts=incidents.alerts_of(db, one.id),
            deliveries=deliveries.of_incident(db, one.id),
            events=events.of_incident(db, one.id),
            answers=acknowledgements.of_incident(db, one.id),
        )
        for one in found
    ]


def dumps(at_ms: int, found: Sequence[Told]) -> str:
    """*found* as JSON text."""
    told = {"format": FORMAT, "at": words.iso(at_ms), "incidents": [as_json(one) for one in found]}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def as_json(one: Told) -> dict[str, Any]:
    """One incident: times in ISO 8601, unknown as null."""
    incident = one.incident
    return {
        "id": incident.id,
        "dedup_key": incident.dedup_key,
        "service": incident.service,
        "severity": incident.severity,
        "summary": incident.summary,
        "open": incident.closed_ms is None,
        "since": _when(incident.since_ms),
        "opened_at": words.iso(incident.opened_ms),
        "closed_at": _when(incident.closed_ms),
        "reopened": incident.reopened,
        "flapping_since": _when(incident.flapping_ms),
        "probe": incident.probe,
        "step": incident.step,
        "reason": incident.reason,
        "alerts": [_alert(alert) for alert in one.alerts],
        "events": [_event(event) for event in one.events],
        "acknowledged": [_answer(answer) for answer in one.answers],
        "deliveries": [_delivery(delivery) for delivery in one.deliveries],
    }


def _alert(one: Alert) -> dict[str, Any]:
    return {
        "slo": one.slo,
        "tier": one.tier,
        "severity": one.severity,
        "firing": one.resolved_ms is None,
        "fired_at": words.iso(one.fired_ms),
        "resolved_at": _when(one.resolved_ms),
        "resolution": one.resolution,
        "held_by": one.held or None,
    }


def _event(one: Event) -> dict[str, Any]:
    return {
        "at": words.iso(one.at_ms),
        "kind": one.kind,
        "receiver": one.receiver,
        "slo": one.slo,
        "tier": one.tier,
        "detail": one.detail,
    }


def _answer(one: Acknowledgement) -> dict[str, Any]:
    return {
        "at": words.iso(one.at_ms),
        "author": one.author,
        "how": one.how.value,
        "note": one.note,
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "receiver": one.receiver,
        "event": one.event,
        "severity": one.severity,
        "state": one.state.value,
        "owed_at": words.iso(one.owed_ms),
        "attempts": one.attempts,
        "attempted_at": _when(one.attempted_ms),
        "finished_at": _when(one.finished_ms),
        "reason": one.reason,
        "detail": one.detail,
    }


def _when(ms: int | None) -> str | None:
    return None if ms is None else words.iso(ms)
