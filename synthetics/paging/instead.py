"""A ticket instead of a page: the service was mended, and somebody should find the cause."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import replace

from synthetics.config.model import Config, Severity
from synthetics.language.speech import speech
from synthetics.paging.ways import told_now
from synthetics.receivers.base import Message
from synthetics.store import deliveries, events, incidents, remedies

TRIED = "tried"
"""The kind of an incident's event that says what was tried."""


def write_ticket(
    db: sqlite3.Connection,
    *,
    config: Config,
    draft: Message,
    said: str,
    tried_id: int,
    at_ms: int,
) -> None:
    """
    Owe a ticket that says what would have been paged, and what mended it.

    It belongs to an incident that is over, so no end of it is told: who gets it closes it.
    Where nobody gets tickets of the service, those get it who would have been paged.

    Args:
        db: The writer's connection, in a transaction.
        config: Who is told.
        draft: The page that waited.
        said: What was tried, in its language.
        tried_id: The number of that.
        at_ms: Now.
    """
    phrases = speech(draft.language, draft.zone).phrases
    message = replace(
        draft,
        severity=Severity.TICKET,
        summary=phrases.mended.format(summary=draft.summary),
        tried=(said,),
    )
    incident = incidents.open_of(db, draft.service)
    if incident is None:
        number = incidents.open_incident(
            db,
            dedup_key=f"synthetics-{draft.service[:100]}-{secrets.token_hex(8)}",
            service=draft.service,
            severity=message.severity,
            opened_ms=draft.detected_ms,
            since_ms=draft.since_ms,
            summary=message.summary,
            probe=draft.probe,
            step=draft.step,
            reason=draft.reason,
        )
        incidents.close(db, number, at_ms=at_ms)
        incident = incidents.by_id(db, number)
    assert incident is not None
    message = replace(message, incident=incident.id, dedup_key=incident.dedup_key)
    incidents.fire(
        db,
        incident_id=incident.id,
        service=draft.service,
        slo=draft.slo,
        tier=draft.tier,
        severity=message.severity,
        fired_ms=draft.detected_ms,
        message=message.to_json(),
    )
    incidents.resolve(db, slo=draft.slo, tier=draft.tier, at_ms=at_ms, resolution="mended")
    attach(db, message, tried_id, at_ms)
    told = told_now(config, draft.service, Severity.TICKET, at_ms)
    for receiver in told or told_now(config, draft.service, Severity.PAGE, at_ms):
        each = replace(message, id=f"msg_{secrets.token_hex(12)}")
        deliveries.owe(
            db,
            incident_id=incident.id,
            receiver=receiver,
            event=each.event,
            severity=each.severity,
            dedup_key=each.dedup_key,
            message=each.to_json(),
            owed_ms=at_ms,
        )


def attach(db: sqlite3.Connection, message: Message, tried_id: int | None, at_ms: int) -> None:
    """Write down in the incident of *message* what was tried."""
    incident_id = message.incident
    if not incident_id:
        found = incidents.open_of(db, message.service)
        if found is None:
            return
        incident_id = found.id
    if tried_id is not None:
        remedies.attach(db, tried_id, incident_id)
    for said in message.tried:
        events.note(
            db,
            incident_id,
            TRIED,
            at_ms=at_ms,
            slo=message.slo,
            tier=message.tier,
            detail=said,
        )
