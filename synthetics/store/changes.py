"""What was changed in what is watched, such as a deploy; kept so that a page can name it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One change.

    Attributes:
        service: Which service it was made in; empty for all of them.
        summary: What, one line.
        at_ms: When it was made ...
        declared_ms: ... and when it was said.
        link: Where to read on; empty if nobody said.
        author: Who made it; empty if nobody said.
    """

    id: int
    service: str
    summary: str
    at_ms: int
    link: str
    author: str
    declared_ms: int


# One that is said again is the same.
ADD = """
    INSERT INTO changes (service, summary, at_ms, link, author, declared_ms)
    VALUES (:service, :summary, :at_ms, :link, :author, :declared_ms)
    ON CONFLICT DO NOTHING
    RETURNING id
"""

_SELECT = "SELECT id, service, summary, at_ms, link, author, declared_ms FROM changes "
SAME = (
    _SELECT
    + """
    WHERE at_ms = :at_ms AND service = :service AND summary = :summary
      AND link = :link AND author = :author
"""
)
BETWEEN = (
    _SELECT
    + """
    WHERE at_ms >= :from_ms AND at_ms < :to_ms
      AND (:service = '' OR service IN (:service, ''))
    ORDER BY at_ms DESC, id DESC
    LIMIT :limit
"""
)
FORGET = "DELETE FROM changes WHERE at_ms < :before_ms"


def add(
    db: sqlite3.Connection,
    *,
    service: str,
    summary: str,
    at_ms: int,
    link: str,
    author: str,
    declared_ms: int,
) -> tuple[Change, bool]:
    """Keep a change; it, and whether it is new."""
    values = {
        "service": service,
        "summary": summary,
        "at_ms": at_ms,
        "link": link,
        "author": author,
        "declared_ms": declared_ms,
    }
    new = db.execute(ADD, values).fetchone() is not None
    return _change(db.execute(SAME, values).fetchone()), new


def between(
    db: sqlite3.Connection, from_ms: int, to_ms: int, *, service: str = "", limit: int = 1000
) -> list[Change]:
    """
    Changes made in ``[from_ms, to_ms)``, the newest first, no more than *limit*.

    Args:
        db: Any connection.
        from_ms: When the oldest was made, at the earliest.
        to_ms: Before when the newest was.
        service: Only those that concern it; all if empty.
        limit: How many at most.
    """
    values = {"from_ms": from_ms, "to_ms": to_ms, "service": service, "limit": limit}
    return [_change(row) for row in db.execute(BETWEEN, values)]


def forget(db: sqlite3.Connection, before_ms: int) -> int:
    """Forget what was made before *before_ms*; how many there were."""
    return db.execute(FORGET, {"before_ms": before_ms}).rowcount


def _change(row: Sequence[Any]) -> Change:
    return Change(**dict(zip(_FIELDS, row, strict=True)))


_FIELDS = tuple(Change.__dataclass_fields__)
