"""
Silences: for a while, nobody is told of certain alerts.

Nothing here is ever changed: a silence that ends early, or that is taken back, gets a
further row that says so, with who, when and why.  No silence touches what is counted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetics import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchers:
    """
    Which alerts: all that is named must match, one of each list is enough.

    Attributes:
        probes: What fails.
        labels: Of what fails, by name.
    """

    services: tuple[str, ...] = ()
    slos: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is named; nothing means everything."""
        return any((self.services, self.slos, self.probes, self.severities, self.labels))

    def as_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return {
            "services": list(self.services),
            "slos": list(self.slos),
            "probes": list(self.probes),
            "severities": list(self.severities),
            "labels": dict(self.labels),
        }

    @classmethod
    def from_json(cls, text: str) -> Matchers:
        """What `as_json` gave, written as text."""
        read = json.loads(text)
        return cls(
            services=tuple(read["services"]),
            slos=tuple(read["slos"]),
            probes=tuple(read["probes"]),
            severities=tuple(read["severities"]),
            labels=read["labels"],
        )

    def words(self) -> Iterator[str]:
        """Each thing that is named, for people."""
        named = {"service": self.services, "SLO": self.slos, "probe": self.probes}
        for what, names in named.items():
            yield from (f"{what} {name}" for name in names)
        yield from (f"severity {name}" for name in self.severities)
        yield from (f"label {name}={value}" for name, value in self.labels.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A silence was cut short, or taken back; *declared_ms* says when that was said."""

    to_ms: int
    author: str
    reason: str
    declared_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """
    A time in which nobody is told.

    Attributes:
        to_ms: Its end as it was declared; `end_ms` is the one that holds.
        declared_ms: When it was said.
        end: What became of it; ``None`` if it stands as it was declared.
    """

    id: int
    from_ms: int
    to_ms: int
    matchers: Matchers
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

    def active(self, at_ms: int) -> bool:
        """Whether it holds at *at_ms*."""
        return self.from_ms <= at_ms < self.end_ms


DECLARE = """
    INSERT INTO silences (from_ms, to_ms, matchers, author, reason, declared_ms)
    VALUES (:from_ms, :to_ms, :matchers, :author, :reason, :declared_ms)
"""

END = """
    INSERT INTO silence_ends (silence_id, to_ms, author, reason, declared_ms)
    VALUES (:silence_id, :to_ms, :author, :reason, :declared_ms)
"""

_SILENCE = """
    SELECT s.id, s.from_ms, s.to_ms, s.matchers, s.author, s.reason, s.declared_ms,
           e.to_ms, e.author, e.reason, e.declared_ms
    FROM silences AS s
    LEFT JOIN silence_ends AS e
      ON e.id = (SELECT max(id) FROM silence_ends WHERE silence_id = s.id)
"""
EVERY = _SILENCE + "ORDER BY s.from_ms, s.id"
BY_ID = _SILENCE + "WHERE s.id = :id"
DECLARED_AT = _SILENCE + "WHERE s.to_ms > :at_ms AND s.from_ms <= :at_ms ORDER BY s.id"


def declare(
    db: sqlite3.Connection,
    *,
    from_ms: int,
    to_ms: int,
    matchers: Matchers,
    author: str,
    reason: str,
    declared_ms: int,
) -> int:
    """Say that nobody is told of what matches in ``[from_ms, to_ms)``; the number that it got."""
    done = db.execute(
        DECLARE,
        {
            "from_ms": from_ms,
            "to_ms": to_ms,
            "matchers": json.dumps(matchers.as_json(), ensure_ascii=False),
            "author": author,
            "reason": reason,
            "declared_ms": declared_ms,
        },
    )
    return int(done.lastrowid or 0)


def end(
    db: sqlite3.Connection,
    silence_id: int,
    *,
    to_ms: int,
    author: str,
    reason: str,
    declared_ms: int,
) -> None:
    """Say that a silence ends at *to_ms*; nothing is left of it if that is its beginning."""
    db.execute(
        END,
        {
            "silence_id": silence_id,
            "to_ms": to_ms,
            "author": author,
            "reason": reason,
            "declared_ms": declared_ms,
        },
    )


def every(db: sqlite3.Connection) -> list[Silence]:
    """All of them in the order of their beginnings, also those that were taken back."""
    return [_silence(row) for row in db.execute(EVERY)]


def active(db: sqlite3.Connection, at_ms: int) -> list[Silence]:
    """Those that hold at *at_ms*, in the order in which they were declared."""
    found = (_silence(row) for row in db.execute(DECLARED_AT, {"at_ms": at_ms}))
    return [one for one in found if one.active(at_ms)]


def by_id(db: sqlite3.Connection, silence_id: int) -> Silence | None:
    """One of them."""
    row = db.execute(BY_ID, {"id": silence_id}).fetchone()
    return None if row is None else _silence(row)


def as_json(what: Silence) -> dict[str, Any]:
    """*what* for programs: ``to`` is the end that holds, ``ended`` what cut it short."""
    ended = what.end
    return {
        "id": what.id,
        "from": words.iso(what.from_ms),
        "to": words.iso(what.end_ms),
        "matchers": what.matchers.as_json(),
        "author": what.author,
        "reason": what.reason,
        "declared_at": words.iso(what.declared_ms),
        "taken_back": what.taken_back,
        "ended": None
        if ended is None
        else {
            "author": ended.author,
            "reason": ended.reason,
            "declared_at": words.iso(ended.declared_ms),
        },
    }


def _silence(row: Sequence[Any]) -> Silence:
    number, from_ms, to_ms, matchers, author, reason, declared_ms, *ended = row
    to, by, why, said_ms = ended
    return Silence(
        id=number,
        from_ms=from_ms,
        to_ms=to_ms,
        matchers=Matchers.from_json(matchers),
        author=author,
        reason=reason,
        declared_ms=declared_ms,
        end=None if to is None else End(to_ms=to, author=by, reason=why, declared_ms=said_ms),
    )
