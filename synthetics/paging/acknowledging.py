"""Taking an incident on: recorded, told to whoever knows of it, and the end of its escalation."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from synthetics import words
from synthetics.accounting.declaring import LONGEST_TEXT, NotDeclaredError, Said
from synthetics.accounting.misread import misread
from synthetics.paging.owing import knows
from synthetics.paging.words import acknowledged
from synthetics.receivers.base import Event, Message
from synthetics.store import acknowledgements, deliveries, incidents
from synthetics.store.acknowledgements import Acknowledgement, How
from synthetics.store.deliveries import Delivery

Answer = Callable[[sqlite3.Connection], Acknowledgement]
"""Records one acknowledgement, and owes what follows from it."""


def _line(text: str) -> str:
    """*text* with its spaces and line breaks made single spaces; may be empty."""
    line = " ".join(text.split())
    if not line.isprintable():
        raise ValueError("this holds control characters")
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What is handed in.

    Attributes:
        author: Who takes it on.
        note: What there is to say; may be empty.
        how: How they say so.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    author: Said
    note: Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_line)] = ""
    how: How = How.API


_ASKED = TypeAdapter(Asked)


def answering(
    body: Mapping[str, Any], incident_id: int, receivers: Collection[str], now_ms: int
) -> Answer:
    """
    Take an incident on.

    Args:
        body: See `Asked`.
        incident_id: Which one.
        receivers: Those that are configured; others are owed nothing more.
        now_ms: When.

    Raises:
        NotDeclaredError: *body* is no `Asked`; the answer raises it where there is no such
            incident, or it is over.
    """
    try:
        asked = _ASKED.validate_python(body)
    except ValidationError as error:
        raise NotDeclaredError(misread(error)) from None

    def answer(db: sqlite3.Connection) -> Acknowledgement:
        return _take_on(db, incident_id, asked, receivers, now_ms)

    return answer


def as_json(one: Acknowledgement) -> dict[str, Any]:
    """*one* for programs."""
    return {
        "incident": one.incident_id,
        "at": words.iso(one.at_ms),
        "author": one.author,
        "how": one.how.value,
        "note": one.note,
    }


def _take_on(
    db: sqlite3.Connection, incident_id: int, asked: Asked, receivers: Collection[str], now_ms: int
) -> Acknowledgement:
    incident = incidents.by_id(db, incident_id)
    if incident is None:
        raise NotDeclaredError(
            f"there is no incident {incident_id}\n"
            "  to mend: the page and `synthetics alerts` say which there are"
        )
    if incident.closed_ms is not None:
        raise NotDeclaredError(
            f"incident {incident_id} is over since {words.iso(incident.closed_ms)}\n"
            "  to mend: nothing is left to take on"
        )
    before = acknowledgements.of_incident(db, incident_id)
    if before and (before[-1].author, before[-1].note) == (asked.author, asked.note):
        newest_ms = max(alert.fired_ms for alert in incidents.alerts_of(db, incident_id))
        if newest_ms <= before[-1].at_ms:
            return before[-1]  # said twice, by a second click or a program that asks again
    done = acknowledgements.add(
        db, incident_id, at_ms=now_ms, author=asked.author, how=asked.how, note=asked.note
    )
    past: dict[str, list[Delivery]] = {}
    for delivery in deliveries.of_incident(db, incident_id):
        past.setdefault(delivery.receiver, []).append(delivery)
    for receiver, told in past.items():
        if receiver in receivers and knows(told):
            message = _message(told, incident.summary, done)
            deliveries.owe(
                db,
                incident_id=incident_id,
                receiver=receiver,
                event=message.event,
                severity=message.severity,
                dedup_key=message.dedup_key,
                message=message.to_json(),
                owed_ms=now_ms,
            )
    return done


def _message(told: list[Delivery], summary: str, done: Acknowledgement) -> Message:
    """What a receiver that was *told* of the beginning is told now."""
    newest = next(one for one in reversed(told) if one.event == Event.TRIGGER)
    message = replace(Message.from_json(newest.message), summary=summary)
    return replace(
        message,
        id=f"msg_{secrets.token_hex(12)}",
        event=Event.ACKNOWLEDGE,
        summary=acknowledged(message, done.author),
        detected_ms=done.at_ms,
    )
