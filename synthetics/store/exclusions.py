"""
Maintenance and corrections that were declared by a command (R2).

Nothing here is ever changed: an exclusion that ends early, or that is taken back, gets a
further row that says so, with who, when and why.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What was declared."""

    MAINTENANCE = "maintenance"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """An exclusion was cut short, or taken back; *declared_ms* says when that was said."""

    to_ms: int
    author: str
    reason: str
    declared_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """
    A time that does not count.

    Attributes:
        to_ms: Its end as it was declared; `end_ms` is the one that holds.
        services: The services that it concerns ...
        slos: ... and the SLOs; everything if both are empty.
        declared_ms: When it was said.
        end: What became of it; ``None`` if it stands as it was declared.
    """

    id: int
    kind: Kind
    from_ms: int
    to_ms: int
    services: tuple[str, ...]
    slos: tuple[str, ...]
    author: str
    reason: str
    declared_ms: int
    end: End | None = None

    @property
    def end_ms(self) -> int:
        """Where it ends; its beginning if nothing is left of it."""
        return self.to_ms if self.end is None else max(self.from_ms, self.end.to_ms)

    @property
    def taken_back(self) -> bool:
        """Whether nothing is left of it."""
        return self.end_ms == self.from_ms

    def concerns(self, slo: str, service: str) -> bool:
        """Whether it is for an SLO of a service."""
        return slo in self.slos or service in self.services or not (self.slos or self.services)


DECLARE = """
    INSERT INTO exclusions
        (kind, from_ms, to_ms, services, slos, author, reason, declared_ms)
    VALUES
        (:kind, :from_ms, :to_ms, :services, :slos, :author, :reason, :declared_ms)
"""

END = """
    INSERT INTO exclusion_ends (exclusion_id, to_ms, author, reason, declared_ms)
    VALUES (:exclusion_id, :to_ms, :author, :reason, :declared_ms)
"""

_EXCLUSION = """
    SELECT x.id, x.kind, x.from_ms, x.to_ms, x.services, x.slos, x.author, x.reason, x.declared_ms,
           e.to_ms, e.author, e.reason, e.declared_ms
    FROM exclusions AS x
    LEFT JOIN exclusion_ends AS e
      ON e.id = (SELECT max(id) FROM exclusion_ends WHERE exclusion_id = x.id)
"""
EVERY = _EXCLUSION + "ORDER BY x.from_ms, x.id"
BY_ID = _EXCLUSION + "WHERE x.id = :id"


def declare(
    db: sqlite3.Connection,
    *,
    kind: Kind,
    from_ms: int,
    to_ms: int,
    services: Sequence[str],
    slos: Sequence[str],
    author: str,
    reason: str,
    declared_ms: int,
) -> int:
    """Say that ``[from_ms, to_ms)`` does not count; the number that it got."""
    done = db.execute(
        DECLARE,
        {
            "kind": kind.value,
            "from_ms": from_ms,
            "to_ms": to_ms,
            "services": json.dumps(list(services)),
            "slos": json.dumps(list(slos)),
            "author": author,
            "reason": reason,
            "declared_ms": declared_ms,
        },
    )
    return int(done.lastrowid or 0)


def end(
    db: sqlite3.Connection,
    exclusion_id: int,
    *,
    to_ms: int,
    author: str,
    reason: str,
    declared_ms: int,
) -> None:
    """Say that an exclusion ends at *to_ms*; nothing is left of it if that is its beginning."""
    db.execute(
        END,
        {
            "exclusion_id": exclusion_id,
            "to_ms": to_ms,
            "author": author,
            "reason": reason,
            "declared_ms": declared_ms,
        },
    )


def every(db: sqlite3.Connection) -> list[Exclusion]:
    """All of them in the order of their beginnings, also those that were taken back."""
    return [_exclusion(row) for row in db.execute(EVERY)]


def by_id(db: sqlite3.Connection, exclusion_id: int) -> Exclusion | None:
    """One of them."""
    row = db.execute(BY_ID, {"id": exclusion_id}).fetchone()
    return None if row is None else _exclusion(row)


def _exclusion(row: Sequence[Any]) -> Exclusion:
    number, kind, from_ms, to_ms, services, slos, author, reason, declared_ms, *ended = row
    to, by, why, said_ms = ended
    return Exclusion(
        id=number,
        kind=Kind(kind),
        from_ms=from_ms,
        to_ms=to_ms,
        services=tuple(json.loads(services)),
        slos=tuple(json.loads(slos)),
        author=author,
        reason=reason,
        declared_ms=declared_ms,
        end=None if to is None else End(to_ms=to, author=by, reason=why, declared_ms=said_ms),
    )
