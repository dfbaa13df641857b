"""Who took an incident on, when and how, and the links in messages by which that can be said."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class How(StrEnum):
    """How somebody said so."""

    LINK = "link"
    COMMAND = "command"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """
    Somebody took an incident on.

    Attributes:
        at_ms: When.
        author: Who.
        note: What they said, one line; may be empty.
    """

    id: int
    incident_id: int
    at_ms: int
    author: str
    how: How
    note: str


@dataclass(frozen=True, slots=True)
class LinkOf:
    """What a link of a message stands for: an incident, and the receiver that was told of it."""

    incident_id: int
    receiver: str


ADD = """
    INSERT INTO acknowledgements (incident_id, at_ms, author, how, note)
    VALUES (:incident_id, :at_ms, :author, :how, :note)
"""

_SELECT = "SELECT id, incident_id, at_ms, author, how, note FROM acknowledgements "
OF_INCIDENT = _SELECT + "WHERE incident_id = :incident_id ORDER BY id"
OF_OPEN = """
    SELECT a.id, a.incident_id, a.at_ms, a.author, a.how, a.note
    FROM acknowledgements AS a JOIN incidents AS i ON i.id = a.incident_id
    WHERE i.closed_ms IS NULL OR i.closed_ms >= :from_ms ORDER BY a.id
"""

ADD_LINK = """
    INSERT INTO acknowledge_links (token, incident_id, receiver)
    VALUES (:token, :incident_id, :receiver)
    ON CONFLICT (incident_id, receiver) DO NOTHING
"""
OF_RECEIVER = """
    SELECT token FROM acknowledge_links WHERE incident_id = :incident_id AND receiver = :receiver
"""
LINK = "SELECT incident_id, receiver FROM acknowledge_links WHERE token = :token"


def add(
    db: sqlite3.Connection, incident_id: int, *, at_ms: int, author: str, how: How, note: str
) -> Acknowledgement:
    """Record that *author* took an incident on."""
    values = {
        "incident_id": incident_id,
        "at_ms": at_ms,
        "author": author,
        "how": how.value,
        "note": note,
    }
    number = db.execute(ADD, values).lastrowid or 0
    return Acknowledgement(
        id=number, incident_id=incident_id, at_ms=at_ms, author=author, how=how, note=note
    )


def of_incident(db: sqlite3.Connection, incident_id: int) -> list[Acknowledgement]:
    """All of an incident, in order."""
    return [_read(row) for row in db.execute(OF_INCIDENT, {"incident_id": incident_id})]


def since(db: sqlite3.Connection, from_ms: int) -> list[Acknowledgement]:
    """Those of incidents that go on, or were over only after *from_ms*, in order."""
    return [_read(row) for row in db.execute(OF_OPEN, {"from_ms": from_ms})]


def link(db: sqlite3.Connection, incident_id: int, receiver: str, *, token: str) -> str:
    """The token of the link for *receiver*: the one it has, or else *token* from now on."""
    values = {"incident_id": incident_id, "receiver": receiver}
    db.execute(ADD_LINK, {**values, "token": token})
    return str(db.execute(OF_RECEIVER, values).fetchone()[0])


def link_of(db: sqlite3.Connection, token: str) -> LinkOf | None:
    """What the link with *token* stands for, if there is one."""
    row = db.execute(LINK, {"token": token}).fetchone()
    return None if row is None else LinkOf(row[0], row[1])


def _read(row: Sequence[Any]) -> Acknowledgement:
    number, incident_id, at_ms, author, how, note = row
    return Acknowledgement(
        id=number,
        incident_id=incident_id,
        at_ms=at_ms,
        author=author,
        how=How(how),
        note=note,
    )
