"""
Changes in what is watched, such as a deploy: handed in, kept, told, and named by pages.

The same text is handed in over HTTP where a service runs, and taken by the command itself
where none does, so that both mean the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from synthetics import words
from synthetics.accounting.declaring import NotDeclaredError, Said
from synthetics.accounting.misread import misread
from synthetics.clock import millis
from synthetics.config.model import Config, Severity
from synthetics.config.scalars import Instant
from synthetics.config.words import did_you_mean
from synthetics.kinds import receiver_kinds
from synthetics.paging.routing import told_of
from synthetics.receivers.base import Changed, Event, Link, Message
from synthetics.receivers.text import is_link
from synthetics.store import changes, deliveries
from synthetics.store.changes import Change

FUTURE_MS = 3_600_000
"""A clock of a pipeline may run ahead of ours by so much."""

LOOKED_AT = 50


def _link(text: str) -> str:
    if not text.startswith(("http://", "https://")) or not is_link(text):
        raise ValueError("this is not an http or https URL of at most 2048 characters")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A change, as it is handed in.

    Attributes:
        summary: What was changed, one line.
        service: In which service; in all of them if it is not said.
        at: When; now if it is not said.
        link: Where to read on.
        author: Who changed it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    summary: Said
    service: str = ""
    at: Instant | None = None
    link: Annotated[str, AfterValidator(_link)] | None = None
    author: Said | None = None


_asked = TypeAdapter(Asked)

Noted = tuple[Change, bool]
"""A change, and whether it is new."""

Note = Callable[[sqlite3.Connection], Noted]
"""Writes a change."""


def noting(config: Config, body: Mapping[str, Any], now_ms: int) -> Note:
    """
    Keep a change, and owe it to the receivers that want to know.

    Said again with the same time, it is the same change, and is not told again.

    Raises:
        NotDeclaredError: *body* is no `Asked` for *config*, or of what is to come.
    """
    try:
        asked = _asked.validate_python(body)
    except ValidationError as error:
        raise NotDeclaredError(misread(error)) from None
    if asked.service and asked.service not in config.services:
        raise NotDeclaredError(
            f"there is no service `{asked.service}`\n"
            f"  to mend: {did_you_mean(asked.service, list(config.services))}"
        )
    at_ms = now_ms if asked.at is None else millis(asked.at)
    if at_ms > now_ms + FUTURE_MS:
        raise NotDeclaredError(
            f"{words.iso(at_ms)} is to come\n  to mend: say it when it has been changed"
        )

    def note(db: sqlite3.Connection) -> Noted:
        change, new = changes.add(
            db,
            service=asked.service,
            summary=asked.summary,
            at_ms=at_ms,
            link=asked.link or "",
            author=asked.author or "",
            declared_ms=now_ms,
        )
        if new:
            _owe(db, config, change)
        return change, new

    return note


def lately(db: sqlite3.Connection, config: Config, service: str, at_ms: int) -> list[Changed]:
    """What was changed in *service* of late, as a page of *at_ms* names it, the newest first."""
    before_ms = config.changes.lately // words.MILLISECOND
    return [
        Changed(at_ms=one.at_ms, summary=one.summary, author=one.author, link=one.link)
        for one in changes.between(
            db, at_ms - before_ms, at_ms + 1, service=service, limit=LOOKED_AT
        )
    ]


def as_json(one: Change) -> dict[str, Any]:
    """*one* for programs."""
    return {
        "id": one.id,
        "service": one.service or None,
        "summary": one.summary,
        "at": words.iso(one.at_ms),
        "link": one.link or None,
        "author": one.author or None,
        "declared_at": words.iso(one.declared_ms),
    }


def listeners(config: Config, service: str) -> Sequence[str]:
    """The receivers that want to know of changes in *service*, or of those in all of them."""
    kinds = receiver_kinds()
    wanting = [
        receiver.id
        for receiver in config.receivers.values()
        if getattr(kinds[receiver.kind].module, "CHANGES", False) and receiver.options.changes
    ]
    return [one for one in wanting if not service or one in _told_of(config, service)]


def _told_of(config: Config, service: str) -> Collection[str]:
    return {
        receiver
        for severity in (Severity.PAGE, Severity.TICKET)
        for receiver in told_of(config, service, severity)
    }


def _owe(db: sqlite3.Connection, config: Config, change: Change) -> None:
    service = config.services.get(change.service)
    for receiver in listeners(config, change.service):
        message = Message(
            id=f"msg_change_{change.id}",
            event=Event.CHANGE,
            dedup_key=f"change-{change.id}",
            incident=0,
            severity=Severity.LOG,
            summary=change.summary,
            location=config.location,
            service=change.service,
            service_name=service.name if service else "",
            slo="",
            tier="",
            detected_ms=change.at_ms,
            objective=1.0,
            links=(Link(text=change.author or change.summary, href=change.link),)
            if change.link
            else (),
            changes=(
                Changed(
                    at_ms=change.at_ms,
                    summary=change.summary,
                    author=change.author,
                    link=change.link,
                ),
            ),
        )
        deliveries.owe(
            db,
            incident_id=None,
            receiver=receiver,
            event=message.event,
            severity=message.severity,
            dedup_key=message.dedup_key,
            message=message.to_json(),
            owed_ms=change.declared_ms,
        )
