"""Messages that their receivers have not got: which are late, and giving them up."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from synthetics.store.deliveries import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """
    The beginning of an incident that goes on, and that a receiver was not told of.

    Attributes:
        message: JSON, as `synthetics.receivers.base.Message` writes it.
        alert: The same of the alert that it tells of, in its first words.
        state: ``owed``, or ``refused`` for good.
        reason: Slug of the newest failure; empty if there was none yet.
    """

    incident_id: int
    receiver: str
    severity: str
    owed_ms: int
    state: State
    reason: str
    message: str
    alert: str


# By the open incidents, which are few, to their deliveries.  Who was told before, of less,
# is not told again when the rest was refused, so the newest of a receiver is what counts.
OVERDUE = """
    SELECT i.id, d.receiver, d.severity, d.owed_ms, d.state, d.reason, d.message,
           (SELECT a.message FROM alerts AS a
            WHERE a.incident_id = i.id AND a.slo = d.message ->> 'slo'
                  AND a.tier = d.message ->> 'tier'
            ORDER BY a.id DESC LIMIT 1),
           max(d.id)
    FROM incidents AS i CROSS JOIN deliveries AS d ON d.incident_id = i.id
    WHERE i.closed_ms IS NULL AND i.service != :but_of AND d.event = 'trigger'
          AND d.state != 'superseded'
    GROUP BY i.id, d.receiver
    HAVING d.state IN ('owed', 'refused')
    ORDER BY max(d.id)
"""

DEADLINE = "deadline"
"""The reason of messages that were given up."""

GIVE_UP = """
    UPDATE deliveries
    SET state = 'refused', finished_ms = :at_ms, reason = :reason,
        detail = substr('not delivered within ' || :deadline || iif(
            attempts, '; the last of ' || attempts || ' attempts: ' || iif(
                detail = '', reason, detail), ''), 1, 200)
    WHERE id = :id AND state = 'owed'
"""


def overdue(db: sqlite3.Connection, *, but_of: str) -> list[Overdue]:
    """
    Triggers of open incidents that were refused or are still owed, in the order of owing.

    Args:
        db: The database.
        but_of: Not those of this service.
    """
    return [
        Overdue(
            incident_id=row[0],
            receiver=row[1],
            severity=row[2],
            owed_ms=row[3],
            state=State(row[4]),
            reason=row[5],
            message=row[6],
            alert=row[7] or row[6],
        )
        for row in db.execute(OVERDUE, {"but_of": but_of})
    ]


def give_up(db: sqlite3.Connection, deadlines: Mapping[int, str], *, at_ms: int) -> int:
    """
    Try those deliveries no longer that are still owed; how many there were.

    Args:
        db: The writer's connection, in a transaction.
        deadlines: By identifier of the delivery, the deadline that passed, in words.
        at_ms: Now.
    """
    return sum(
        db.execute(
            GIVE_UP, {"id": one, "deadline": deadline, "at_ms": at_ms, "reason": DEADLINE}
        ).rowcount
        for one, deadline in deadlines.items()
    )
