"""The outbox: every message owed to a receiver, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a delivery stands."""

    OWED = "owed"
    DELIVERED = "delivered"
    REFUSED = "refused"
    """The receiver will never take it; somebody has to look."""
    SUPERSEDED = "superseded"
    """What it says was over before it could be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What the courier needs to know of a delivery before its turn comes."""

    id: int
    receiver: str
    severity: str
    dedup_key: str
    owed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A delivery that its receiver will never take; *reason* and *detail* say why."""

    id: int
    receiver: str
    event: str
    severity: str
    finished_ms: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    One message to one receiver.

    Attributes:
        event: One of `synthetics.receivers.base.Event`.
        severity: ``page`` or ``ticket``: of the alert that is told.
        message: JSON, as `synthetics.receivers.base.Message` writes it.
        owed_ms: When it was owed, or owed again to a receiver that forgets.
        attempts: How often sending it has begun.
        unsure: How many of them may have arrived, as far as is known.
        attempted_ms: When the newest attempt began.
        finished_ms: When it came to rest.
        reason: Slug of the newest failure; empty once delivered.
        detail: The same in words.
        handle: What the receiver calls what it has taken; empty if it has no name for it.
    """

    id: int
    incident_id: int
    receiver: str
    event: str
    severity: str
    dedup_key: str
    message: str
    state: State
    owed_ms: int
    attempts: int = 0
    unsure: int = 0
    attempted_ms: int | None = None
    finished_ms: int | None = None
    reason: str = ""
    detail: str = ""
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery whose attempt begins: its message, and the handle of an earlier one."""

    message: str
    handle: str


OWE = """
    INSERT INTO deliveries (incident_id, receiver, event, severity, dedup_key, message, owed_ms)
    VALUES (:incident_id, :receiver, :event, :severity, :dedup_key, :message, :owed_ms)
"""

SUPERSEDE = """
    UPDATE deliveries SET state = 'superseded', finished_ms = :at_ms
    WHERE id = :id AND state = 'owed'
"""

# Before sending, so that even after a crash it is known that the receiver may have it.
CLAIM = """
    UPDATE deliveries SET attempts = attempts + 1, unsure = unsure + 1, attempted_ms = :at_ms
    WHERE id = :id AND state = 'owed'
    RETURNING message, (
        SELECT handle FROM deliveries AS past
        WHERE past.incident_id = deliveries.incident_id AND past.receiver = deliveries.receiver
              AND past.handle != ''
        ORDER BY past.id DESC LIMIT 1
    )
"""

# Also one that was superseded while it was under way: it has arrived all the same.
DELIVERED = """
    UPDATE deliveries
    SET state = 'delivered', finished_ms = :at_ms, reason = '', detail = '', handle = :handle
    WHERE id = :id
"""

REFUSED = """
    UPDATE deliveries
    SET state = CASE state WHEN 'owed' THEN 'refused' ELSE state END,
        unsure = unsure - 1, finished_ms = :at_ms, reason = :reason, detail = :detail
    WHERE id = :id
"""

FAILED = """
    UPDATE deliveries SET unsure = unsure - :failed_for_certain, reason = :reason, detail = :detail
    WHERE id = :id
    RETURNING state = 'owed'
"""

REFUSE_ALL_OF = """
    UPDATE deliveries
    SET state = 'refused', finished_ms = :at_ms, reason = :reason, detail = :detail
    WHERE state = 'owed' AND receiver = :receiver
"""

# The newest that was told and of which the end was not: the far side should believe it still.
OWE_AGAIN = """
    UPDATE deliveries SET state = 'owed', owed_ms = :at_ms
    WHERE state = 'delivered' AND event IN ('trigger', 'update') AND receiver = :receiver
          AND incident_id IN (SELECT id FROM incidents WHERE closed_ms IS NULL)
          AND NOT EXISTS (
              SELECT 1 FROM deliveries AS later
              WHERE later.incident_id = deliveries.incident_id
                    AND later.receiver = deliveries.receiver AND later.id > deliveries.id
                    AND later.event IN ('trigger', 'update', 'resolve')
                    AND later.state != 'superseded'
          )
"""

OWED = """
    SELECT id, receiver, severity, dedup_key, owed_ms
    FROM deliveries WHERE state = 'owed' ORDER BY id
"""

REFUSED_SINCE = """
    SELECT id, receiver, event, severity, finished_ms, reason, detail
    FROM deliveries WHERE state = 'refused' AND finished_ms >= :from_ms ORDER BY id DESC
"""

# Whose newest message of an incident was refused.
REFUSED_BY = """
    SELECT receiver FROM (
        SELECT receiver, state, max(id) FROM deliveries
        WHERE incident_id = :incident_id AND state != 'superseded' GROUP BY receiver
    ) WHERE state = 'refused'
"""

# Messages that were never sent may still be mended.
REVISE = """
    UPDATE deliveries SET message = :message
    WHERE id = :id AND state = 'owed' AND unsure = 0
"""

# From the incidents of a service to their messages: the other way round, which the `+` rule
# out, an outage of a thousand services would be looked through a thousand times.
_PAGES = """
    FROM incidents AS i CROSS JOIN deliveries AS d ON d.incident_id = i.id
    WHERE i.service = :service AND (i.closed_ms IS NULL OR i.closed_ms > :after_ms)
      AND d.event = 'trigger' AND +d.receiver = :receiver AND d.severity = 'page'
      AND d.state != 'superseded' AND +d.owed_ms > :after_ms
"""
PAGES_SINCE = "SELECT count(*)" + _PAGES
LAST_PAGE = "SELECT max(d.owed_ms)" + _PAGES

_SELECT = """
    SELECT id, incident_id, receiver, event, severity, dedup_key, message, state, owed_ms,
           attempts, unsure, attempted_ms, finished_ms, reason, detail, handle
    FROM deliveries
"""
OF_INCIDENT = _SELECT + "WHERE incident_id = :incident_id ORDER BY id"


def owe(
    db: sqlite3.Connection,
    *,
    incident_id: int | None,
    receiver: str,
    event: str,
    severity: str,
    dedup_key: str,
    message: str,
    owed_ms: int,
) -> None:
    """
    Owe *message* to *receiver*; in the transaction of the change that it tells of.

    What tells of no incident has none.
    """
    db.execute(
        OWE,
        {
            "incident_id": incident_id,
            "receiver": receiver,
            "event": event,
            "severity": severity,
            "dedup_key": dedup_key,
            "message": message,
            "owed_ms": owed_ms,
        },
    )


def supersede(db: sqlite3.Connection, delivery_id: int, *, at_ms: int) -> None:
    """What it says is over: it will not be sent any more."""
    db.execute(SUPERSEDE, {"id": delivery_id, "at_ms": at_ms})


def claim(db: sqlite3.Connection, ids: Sequence[int], *, at_ms: int) -> dict[int, Claimed]:
    """Record that an attempt begins; what is to be sent of those of *ids* that are still owed."""
    found = {}
    for delivery_id in ids:
        row = db.execute(CLAIM, {"id": delivery_id, "at_ms": at_ms}).fetchone()
        if row is not None:
            found[delivery_id] = Claimed(message=row[0], handle=row[1] or "")
    return found


def delivered(db: sqlite3.Connection, delivery_id: int, *, at_ms: int, handle: str = "") -> None:
    """The receiver has taken it, and calls it *handle*."""
    db.execute(DELIVERED, {"id": delivery_id, "at_ms": at_ms, "handle": handle})


def refused(
    db: sqlite3.Connection, delivery_id: int, *, at_ms: int, reason: str, detail: str
) -> None:
    """The receiver will never take it."""
    db.execute(REFUSED, {"id": delivery_id, "at_ms": at_ms, "reason": reason, "detail": detail})


def failed(
    db: sqlite3.Connection, delivery_id: int, *, maybe_arrived: bool, reason: str, detail: str
) -> bool:
    """An attempt failed, another could help; whether it is still owed."""
    values = {
        "id": delivery_id,
        "failed_for_certain": int(not maybe_arrived),
        "reason": reason,
        "detail": detail,
    }
    return bool(db.execute(FAILED, values).fetchone()[0])


def refuse_all_of(
    db: sqlite3.Connection, receiver: str, *, at_ms: int, reason: str, detail: str
) -> int:
    """Give up everything that *receiver* is owed; how many there were."""
    values = {"receiver": receiver, "at_ms": at_ms, "reason": reason, "detail": detail}
    return db.execute(REFUSE_ALL_OF, values).rowcount


def owe_again(db: sqlite3.Connection, receiver: str, *, at_ms: int) -> int:
    """Owe once more what *receiver* was told and should believe still; how many there are."""
    return db.execute(OWE_AGAIN, {"receiver": receiver, "at_ms": at_ms}).rowcount


def owed(db: sqlite3.Connection) -> list[Owed]:
    """All that is owed, in the order in which it came to be."""
    return [
        Owed(id=row[0], receiver=row[1], severity=row[2], dedup_key=row[3], owed_ms=row[4])
        for row in db.execute(OWED)
    ]


def refused_since(db: sqlite3.Connection, from_ms: int) -> list[Refused]:
    """What receivers have refused since *from_ms*, the newest first."""
    return [
        Refused(
            id=row[0],
            receiver=row[1],
            event=row[2],
            severity=row[3],
            finished_ms=row[4],
            reason=row[5],
            detail=row[6],
        )
        for row in db.execute(REFUSED_SINCE, {"from_ms": from_ms})
    ]


def refused_by(db: sqlite3.Connection, incident_id: int) -> frozenset[str]:
    """Receivers that would not have the newest message of an incident."""
    return frozenset(row[0] for row in db.execute(REFUSED_BY, {"incident_id": incident_id}))


def revise(db: sqlite3.Connection, delivery_id: int, message: str) -> None:
    """Say something else instead, as long as no attempt may have arrived."""
    db.execute(REVISE, {"id": delivery_id, "message": message})


def pages_since(db: sqlite3.Connection, receiver: str, service: str, after_ms: int) -> int:
    """How many pages of *service* were owed to *receiver* after *after_ms* and not taken back."""
    values = {"receiver": receiver, "service": service, "after_ms": after_ms}
    return int(db.execute(PAGES_SINCE, values).fetchone()[0])


def last_page_ms(db: sqlite3.Connection, receiver: str, service: str, after_ms: int) -> int | None:
    """When the newest of those was owed; ``None`` if there was none."""
    values = {"receiver": receiver, "service": service, "after_ms": after_ms}
    row = db.execute(LAST_PAGE, values).fetchone()
    return None if row[0] is None else int(row[0])


def of_incident(db: sqlite3.Connection, incident_id: int) -> list[Delivery]:
    """Everything that was ever owed for an incident, in order."""
    return [_delivery(row) for row in db.execute(OF_INCIDENT, {"incident_id": incident_id})]


def _delivery(row: Sequence[Any]) -> Delivery:
    fields = dict(zip(_FIELDS, row, strict=True))
    return Delivery(**{**fields, "state": State(fields["state"])})


_FIELDS = tuple(Delivery.__dataclass_fields__)
