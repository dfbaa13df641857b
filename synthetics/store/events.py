"""
What happened to an incident besides its alerts and messages, as a record.

Rows are added, never changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What happened."""

    REOPENED = "reopened"
    """It was over, and began anew soon enough to be the same."""
    FLAPPING = "flapping"
    """It began so often that it stays open until it has been calm."""
    HELD = "held"
    """An alert of it is not told for the present; the detail says what keeps it."""
    RELEASED = "released"
    """Nothing keeps that alert from being told any more."""
    HELD_BACK = "held-back"
    """A receiver had enough pages of the service in this hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One thing that happened.

    Attributes:
        kind: One of `Kind`, or a slug of another room.
        receiver: Whom it concerns; empty for everybody.
        slo, tier: Which alert of the incident; empty for all.
        detail: One line for people.
    """

    id: int
    incident_id: int
    at_ms: int
    kind: str
    receiver: str
    slo: str
    tier: str
    detail: str


NOTE = """
    INSERT INTO incident_events (incident_id, at_ms, kind, receiver, slo, tier, detail)
    VALUES (:incident_id, :at_ms, :kind, :receiver, :slo, :tier, :detail)
"""

OF_INCIDENT = """
    SELECT id, incident_id, at_ms, kind, receiver, slo, tier, detail
    FROM incident_events WHERE incident_id = :incident_id ORDER BY id
"""

HELD_BACK_AFTER = """
    SELECT count(*) FROM incident_events AS e JOIN incidents AS i ON i.id = e.incident_id
    WHERE e.kind = 'held-back' AND e.receiver = :receiver AND e.at_ms > :after_ms
      AND i.service = :service
"""


def note(
    db: sqlite3.Connection,
    incident_id: int,
    kind: str,
    *,
    at_ms: int,
    receiver: str = "",
    slo: str = "",
    tier: str = "",
    detail: str = "",
) -> None:
    """Write down what happened, in the transaction in which it did."""
    db.execute(
        NOTE,
        {
            "incident_id": incident_id,
            "at_ms": at_ms,
            "kind": str(kind),
            "receiver": receiver,
            "slo": slo,
            "tier": tier,
            "detail": detail,
        },
    )


def held_back_after(db: sqlite3.Connection, receiver: str, service: str, after_ms: int) -> int:
    """How many pages of *service* the quota kept from *receiver* after *after_ms*."""
    values = {"receiver": receiver, "service": service, "after_ms": after_ms}
    return int(db.execute(HELD_BACK_AFTER, values).fetchone()[0])


def of_incident(db: sqlite3.Connection, incident_id: int) -> list[Event]:
    """Everything that happened to an incident, in order."""
    return [_event(row) for row in db.execute(OF_INCIDENT, {"incident_id": incident_id})]


def _event(row: Sequence[Any]) -> Event:
    return Event(**dict(zip(_FIELDS, row, strict=True)))


_FIELDS = tuple(Event.__dataclass_fields__)
