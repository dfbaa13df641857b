"""What was tried before anybody was paged: rows are added, and ended once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """
    One attempt to mend a service.

    Attributes:
        how: ``command`` or ``webhook``.
        ended_ms: When it was known whether it helped; ``None`` until then.
        outcome: What came of it, a slug; empty until then.
        answer: The exit code or the status, in words.
        output: The last lines of what it said, secrets masked.
        incident_id: Which incident it was tried in; ``None`` until that is known.
        message: JSON of the `Message` that waited for it first.
    """

    id: int
    service: str
    how: str
    began_ms: int
    ended_ms: int | None
    outcome: str
    answer: str
    output: str
    incident_id: int | None
    message: str


BEGIN = """
    INSERT INTO remedies (service, how, began_ms, message)
    VALUES (:service, :how, :began_ms, :message)
"""

COUNT = "SELECT count(*) FROM remedies WHERE service = :service AND began_ms > :since_ms"

ANSWERED = "UPDATE remedies SET answer = :answer, output = :output WHERE id = :id"

END = (
    "UPDATE remedies SET ended_ms = :at_ms, outcome = :outcome WHERE id = :id AND ended_ms IS NULL"
)

ATTACH = "UPDATE remedies SET incident_id = :incident_id WHERE id = :id"

_SELECT = """
    SELECT id, service, how, began_ms, ended_ms, outcome, answer, output, incident_id,
           message
    FROM remedies
"""
UNFINISHED = _SELECT + "WHERE ended_ms IS NULL ORDER BY id"
OF_INCIDENT = _SELECT + "WHERE incident_id = :incident_id ORDER BY id"
EVERY = _SELECT + "ORDER BY id"


def begin(db: sqlite3.Connection, *, service: str, how: str, began_ms: int, message: str) -> int:
    """Write down that something is about to be tried; the number that it got."""
    done = db.execute(
        BEGIN, {"service": service, "how": how, "began_ms": began_ms, "message": message}
    )
    return int(done.lastrowid or 0)


def count(db: sqlite3.Connection, service: str, *, since_ms: int) -> int:
    """How often something was tried for *service* after *since_ms*."""
    return int(db.execute(COUNT, {"service": service, "since_ms": since_ms}).fetchone()[0])


def answered(db: sqlite3.Connection, tried_id: int, *, answer: str, output: str) -> None:
    """What it said; whether it helped is not known yet."""
    db.execute(ANSWERED, {"id": tried_id, "answer": answer, "output": output})


def end(db: sqlite3.Connection, tried_id: int, *, at_ms: int, outcome: str) -> None:
    """It is known whether it helped; the first word on that stands."""
    db.execute(END, {"id": tried_id, "at_ms": at_ms, "outcome": outcome})


def attach(db: sqlite3.Connection, tried_id: int, incident_id: int) -> None:
    """It is known which incident it belongs to."""
    db.execute(ATTACH, {"id": tried_id, "incident_id": incident_id})


def unfinished(db: sqlite3.Connection) -> list[Tried]:
    """Those of which nobody knows whether they helped."""
    return [_tried(row) for row in db.execute(UNFINISHED)]


def of_incident(db: sqlite3.Connection, incident_id: int) -> list[Tried]:
    """What was tried in an incident, in order."""
    return [_tried(row) for row in db.execute(OF_INCIDENT, {"incident_id": incident_id})]


def every(db: sqlite3.Connection) -> list[Tried]:
    """All that was ever tried, in order."""
    return [_tried(row) for row in db.execute(EVERY)]


def _tried(row: Sequence[Any]) -> Tried:
    return Tried(**dict(zip(_FIELDS, row, strict=True)))


_FIELDS = tuple(Tried.__dataclass_fields__)
