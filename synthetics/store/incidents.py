"""Incidents and the alerts that they are made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slo.policy import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """
    What on-call and reports talk about.

    Attributes:
        dedup_key: Its name at every receiver.
        severity: The highest of its alerts so far, ``page`` or ``ticket``.
        opened_ms: When it was detected.
        since_ms: The first bad sample; ``None`` if it is not known.
        closed_ms: When the last of its alerts resolved; ``None`` while it goes on.
        summary: The cause in words, as the first page said it.
        probe: What failed first ...
        step: ... at which step, empty outside journeys ...
        reason: ... and why, as a slug.
        reopened: How often it began anew after all of it was over.
        flapping_ms: When it was found to flap, so that it stays open until it has been
            calm; ``None`` if it does not.
    """

    id: int
    dedup_key: str
    service: str
    severity: str
    opened_ms: int
    since_ms: int | None
    closed_ms: int | None
    summary: str
    probe: str
    step: str
    reason: str
    reopened: int = 0
    flapping_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """
    One tier of one SLO that fired, or fires.

    Attributes:
        incident_id: ``None`` for severity ``log``, which nobody is told.
        resolved_ms: ``None`` while it fires.
        resolution: Why it resolved, a slug; empty while it fires.
        message: JSON of the `Message` that tells of it.
        began_ms: The first failure of what it fires for; ``None`` where its policy
            does not ask.
        held: What keeps it from being told, such as ``silence:3``; empty if nothing does.
    """

    id: int
    incident_id: int | None
    service: str
    slo: str
    tier: str
    severity: str
    fired_ms: int
    resolved_ms: int | None
    resolution: str
    message: str
    began_ms: int | None
    held: str = ""

    @property
    def state(self) -> State:
        """What its tier carries from it to the next decision."""
        if self.resolved_ms is None:
            return State(firing=True, since_ms=self.fired_ms, began_ms=self.began_ms)
        return State(firing=False, since_ms=self.resolved_ms)


_INCIDENT = """
    SELECT id, dedup_key, service, severity, opened_ms, since_ms, closed_ms, summary, probe,
           step, reason, reopened, flapping_ms
    FROM incidents
"""
OPEN_OF = _INCIDENT + "WHERE service = :service AND topic = :topic AND closed_ms IS NULL"
# Of those that have ended, the one that ended last.
CLOSED_SINCE = (
    _INCIDENT
    + """
    WHERE service = :service AND topic = :topic AND closed_ms > :since_ms
    ORDER BY closed_ms DESC, id DESC LIMIT 1
"""
)
# Drills are not among what goes on: whoever asks for those has `drills.py`.
OPEN = _INCIDENT + "WHERE closed_ms IS NULL AND topic != 'drill' ORDER BY id"
BY_ID = _INCIDENT + "WHERE id = :id"
BETWEEN = (
    _INCIDENT
    + """
    WHERE min(opened_ms, coalesce(since_ms, opened_ms)) < :to_ms
      AND coalesce(closed_ms, :to_ms) > :from_ms AND topic != 'drill'
    ORDER BY opened_ms, id
"""
)

_ALERT = """
    SELECT id, incident_id, service, slo, tier, severity, fired_ms, resolved_ms, resolution,
           message, began_ms, held
    FROM alerts
"""
# SQLite fills plain columns from the row that holds a lone max().
NEWEST = _ALERT + "WHERE tier != ':drill' GROUP BY slo, tier HAVING max(id) ORDER BY id"
OF_SLO = (
    _ALERT
    + """
    WHERE slo = :slo AND fired_ms <= :until_ms AND tier != ':drill'
    GROUP BY tier HAVING max(id) ORDER BY id
"""
)
FIRING = _ALERT + "WHERE resolved_ms IS NULL AND tier != ':drill' ORDER BY id"
FIRES = "SELECT 1 FROM alerts WHERE slo = :slo AND tier = :tier AND resolved_ms IS NULL"
FIRING_OF = _ALERT + "WHERE incident_id = :incident_id AND resolved_ms IS NULL ORDER BY id"
OF_INCIDENT = _ALERT + "WHERE incident_id = :incident_id ORDER BY id"

RESOLVED_SINCE = _ALERT + "WHERE resolved_ms >= :from_ms AND tier != ':drill' ORDER BY id"

OPEN_INCIDENT = """
    INSERT INTO incidents
        (dedup_key, service, topic, severity, opened_ms, since_ms, summary, probe, step, reason)
    VALUES
        (:dedup_key, :service, :topic, :severity, :opened_ms, :since_ms, :summary, :probe, :step,
         :reason)
"""

# A later alert can know of an earlier beginning: a slow tier looks back further.
JOIN = """
    UPDATE incidents
    SET severity = :severity, since_ms = coalesce(min(since_ms, :since_ms), since_ms, :since_ms)
    WHERE id = :id
"""

# What it was the end of goes on: its calm did not last.
REOPEN = """
    UPDATE incidents SET closed_ms = NULL, flapping_ms = NULL, reopened = reopened + 1
    WHERE id = :id
"""

FLAPS = "UPDATE incidents SET flapping_ms = :at_ms WHERE id = :id"

HOLD = "UPDATE alerts SET held = :held WHERE id = :id"

CLOSE = "UPDATE incidents SET closed_ms = :at_ms WHERE id = :id"

FIRE = """
    INSERT INTO alerts (incident_id, service, slo, tier, severity, fired_ms, message, began_ms)
    VALUES (:incident_id, :service, :slo, :tier, :severity, :fired_ms, :message, :began_ms)
"""

RESOLVE = """
    UPDATE alerts SET resolved_ms = :at_ms, resolution = :resolution
    WHERE slo = :slo AND tier = :tier AND resolved_ms IS NULL
    RETURNING incident_id
"""


def open_incident(
    db: sqlite3.Connection,
    *,
    dedup_key: str,
    service: str,
    severity: str,
    opened_ms: int,
    since_ms: int | None,
    summary: str,
    probe: str,
    step: str,
    reason: str,
    topic: str = "",
) -> int:
    """Open the incident of *service* and *topic*, which must have none open; its id."""
    done = db.execute(
        OPEN_INCIDENT,
        {
            "dedup_key": dedup_key,
            "service": service,
            "topic": topic,
            "severity": severity,
            "opened_ms": opened_ms,
            "since_ms": since_ms,
            "summary": summary,
            "probe": probe,
            "step": step,
            "reason": reason,
        },
    )
    return int(done.lastrowid or 0)


def join(db: sqlite3.Connection, incident_id: int, *, severity: str, since_ms: int | None) -> None:
    """Another alert is part of it: *severity* is the highest now, *since_ms* what it knows."""
    db.execute(JOIN, {"id": incident_id, "severity": severity, "since_ms": since_ms})


def reopen(db: sqlite3.Connection, incident_id: int) -> None:
    """It was closed, and begins anew."""
    db.execute(REOPEN, {"id": incident_id})


def flaps(db: sqlite3.Connection, incident_id: int, *, at_ms: int) -> None:
    """It begins and ends too often: it stays open until it has been calm."""
    db.execute(FLAPS, {"id": incident_id, "at_ms": at_ms})


def hold(db: sqlite3.Connection, alert_id: int, held: str) -> None:
    """An alert is kept from being told by *held*; by nothing if that is empty."""
    db.execute(HOLD, {"id": alert_id, "held": held})


def close(db: sqlite3.Connection, incident_id: int, *, at_ms: int) -> None:
    """Its last alert has resolved."""
    db.execute(CLOSE, {"id": incident_id, "at_ms": at_ms})


def fire(
    db: sqlite3.Connection,
    *,
    incident_id: int | None,
    service: str,
    slo: str,
    tier: str,
    severity: str,
    fired_ms: int,
    message: str,
    began_ms: int | None = None,
) -> None:
    """A tier begins to fire."""
    db.execute(
        FIRE,
        {
            "incident_id": incident_id,
            "service": service,
            "slo": slo,
            "tier": tier,
            "severity": severity,
            "fired_ms": fired_ms,
            "message": message,
            "began_ms": began_ms,
        },
    )


def resolve(
    db: sqlite3.Connection, *, slo: str, tier: str, at_ms: int, resolution: str
) -> int | None:
    """A tier stops firing; the incident that it was part of, if any."""
    row = db.execute(
        RESOLVE, {"slo": slo, "tier": tier, "at_ms": at_ms, "resolution": resolution}
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def firing(db: sqlite3.Connection) -> list[Alert]:
    """Every alert that fires, in the order of firing."""
    return [_alert(row) for row in db.execute(FIRING)]


def newest(db: sqlite3.Connection) -> list[Alert]:
    """The last alert of each tier that ever fired, resolved or not, in the order of firing."""
    return [_alert(row) for row in db.execute(NEWEST)]


def of_slo(db: sqlite3.Connection, slo: str, until_ms: int) -> list[Alert]:
    """The last alert of each tier of *slo* that fired up to *until_ms*, in the order of firing."""
    return [_alert(row) for row in db.execute(OF_SLO, {"slo": slo, "until_ms": until_ms})]


def fires(db: sqlite3.Connection, *, slo: str, tier: str) -> bool:
    """Whether a tier fires."""
    return db.execute(FIRES, {"slo": slo, "tier": tier}).fetchone() is not None


def firing_of(db: sqlite3.Connection, incident_id: int) -> list[Alert]:
    """The alerts of an incident that fire, in the order of firing."""
    return [_alert(row) for row in db.execute(FIRING_OF, {"incident_id": incident_id})]


def alerts_of(db: sqlite3.Connection, incident_id: int) -> list[Alert]:
    """Every alert of an incident, resolved or not, in the order of firing."""
    return [_alert(row) for row in db.execute(OF_INCIDENT, {"incident_id": incident_id})]


def since(db: sqlite3.Connection, from_ms: int) -> list[Alert]:
    """Alerts that fire, and those that fired at *from_ms* or later."""
    ended = db.execute(RESOLVED_SINCE, {"from_ms": from_ms})
    return [*firing(db), *(_alert(row) for row in ended)]


def open_of(db: sqlite3.Connection, service: str, topic: str = "") -> Incident | None:
    """The incident of *service* and *topic* that goes on, if one does."""
    row = db.execute(OPEN_OF, {"service": service, "topic": topic}).fetchone()
    return None if row is None else _incident(row)


def closed_since(
    db: sqlite3.Connection, service: str, topic: str, since_ms: int
) -> Incident | None:
    """The incident of *service* and *topic* that ended last, if that was after *since_ms*."""
    values = {"service": service, "topic": topic, "since_ms": since_ms}
    row = db.execute(CLOSED_SINCE, values).fetchone()
    return None if row is None else _incident(row)


def still_open(db: sqlite3.Connection) -> list[Incident]:
    """Every incident that goes on."""
    return [_incident(row) for row in db.execute(OPEN)]


def by_id(db: sqlite3.Connection, incident_id: int) -> Incident | None:
    """One incident."""
    row = db.execute(BY_ID, {"id": incident_id}).fetchone()
    return None if row is None else _incident(row)


def between(db: sqlite3.Connection, from_ms: int, to_ms: int) -> list[Incident]:
    """Incidents of which any part, from the first bad sample on, lies in ``[from_ms, to_ms)``."""
    return [_incident(row) for row in db.execute(BETWEEN, {"from_ms": from_ms, "to_ms": to_ms})]


def _incident(row: Sequence[Any]) -> Incident:
    return Incident(**dict(zip(_INCIDENT_FIELDS, row, strict=True)))


def _alert(row: Sequence[Any]) -> Alert:
    return Alert(**dict(zip(_ALERT_FIELDS, row, strict=True)))


_INCIDENT_FIELDS = tuple(Incident.__dataclass_fields__)
_ALERT_FIELDS = tuple(Alert.__dataclass_fields__)
