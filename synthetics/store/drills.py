"""
Drills: tests that went the real way to whoever is on call, and what became of them.

A drill has an incident and an alert of its own, under a topic and a tier that no other may have,
so that whoever asks what is going on does not find them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TOPIC = "drill"
"""Of the incident of a drill."""

TIER = ":drill"
"""Of the alert of a drill; no tier of a policy can be called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """
    How far a drill came with one receiver.

    Attributes:
        owed_ms: When the message was owed.
        sent_ms: When its last attempt began; ``None`` if none did.
        accepted_ms: When the receiver had taken it; ``None`` if it has not.
        resolved_ms: When it had taken the end as well; ``None`` if it has not.
        trouble: What went wrong, one line; empty if nothing did.
    """

    receiver: str
    owed_ms: int
    sent_ms: int | None
    accepted_ms: int | None
    resolved_ms: int | None
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Whether it came all the way, and was taken back."""
        return self.accepted_ms is not None and self.resolved_ms is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """
    One drill.

    Attributes:
        services: Whose way it took; empty for that of a receiver alone.
        severity: Of the message; with *services*, of the routes that it followed.
        receiver: The one that was tried by itself; empty where routes named them.
        probe: The probe that was taken to fail; empty where only the way was tried.
        ended_ms: When it was over; ``None`` while it goes on.
        passed: Whether every hop was good, once it is over.
        hops: How far it came, by receiver.
    """

    id: int
    services: tuple[str, ...]
    severity: str
    receiver: str
    probe: str
    author: str
    incident_id: int | None
    began_ms: int
    ended_ms: int | None
    passed: bool
    hops: tuple[Hop, ...]


BEGIN = """
    INSERT INTO drills (services, severity, receiver, probe, author, incident_id, began_ms)
    VALUES (:services, :severity, :receiver, :probe, :author, :incident_id, :began_ms)
"""

ATTACH = "UPDATE drills SET incident_id = :incident_id WHERE id = :id"

END = """
    UPDATE drills SET ended_ms = :ended_ms, passed = :passed, hops = :hops
    WHERE id = :id AND ended_ms IS NULL
"""

_SELECT = """
    SELECT id, services, severity, receiver, probe, author, incident_id, began_ms, ended_ms,
           passed, hops
    FROM drills
"""
BY_ID = _SELECT + "WHERE id = :id"
UNFINISHED = _SELECT + "WHERE ended_ms IS NULL ORDER BY id"
SINCE = _SELECT + "WHERE began_ms >= :from_ms ORDER BY id DESC"


def begin(
    db: sqlite3.Connection,
    *,
    services: Sequence[str],
    severity: str,
    receiver: str = "",
    probe: str = "",
    author: str,
    incident_id: int | None,
    began_ms: int,
) -> int:
    """Write down that a drill begins; the number that it got."""
    done = db.execute(
        BEGIN,
        {
            "services": json.dumps(list(services)),
            "severity": severity,
            "receiver": receiver,
            "probe": probe,
            "author": author,
            "incident_id": incident_id,
            "began_ms": began_ms,
        },
    )
    return int(done.lastrowid or 0)


def attach(db: sqlite3.Connection, drill_id: int, incident_id: int) -> None:
    """What was taken to fail has been told."""
    db.execute(ATTACH, {"id": drill_id, "incident_id": incident_id})


def end(
    db: sqlite3.Connection, drill_id: int, *, ended_ms: int, passed: bool, hops: Sequence[Hop]
) -> None:
    """Write down how it went; the first word on that stands."""
    told = [{name: getattr(hop, name) for name in Hop.__dataclass_fields__} for hop in hops]
    db.execute(
        END,
        {"id": drill_id, "ended_ms": ended_ms, "passed": int(passed), "hops": json.dumps(told)},
    )


def by_id(db: sqlite3.Connection, drill_id: int) -> Drill | None:
    """One drill."""
    row = db.execute(BY_ID, {"id": drill_id}).fetchone()
    return None if row is None else _drill(row)


def unfinished(db: sqlite3.Connection) -> list[Drill]:
    """Those that go on, or that a crash cut off."""
    return [_drill(row) for row in db.execute(UNFINISHED)]


def since(db: sqlite3.Connection, from_ms: int) -> list[Drill]:
    """All that began since *from_ms*, the newest first."""
    return [_drill(row) for row in db.execute(SINCE, {"from_ms": from_ms})]


def _drill(row: Sequence[Any]) -> Drill:
    fields = dict(zip(_FIELDS, row, strict=True))
    return Drill(
        **{
            **fields,
            "services": tuple(json.loads(fields["services"])),
            "passed": bool(fields["passed"]),
            "hops": tuple(Hop(**hop) for hop in json.loads(fields["hops"])),
        }
    )


_FIELDS = tuple(Drill.__dataclass_fields__)
