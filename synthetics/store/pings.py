"""What jobs report, what is known of each of them, and when we listened."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# Each of these is one statement for many rows.  Python lets other threads run at every step of a
# statement, and gets its turn back only milliseconds later while jobs keep the loop busy.
ADD = """
    INSERT INTO pings (probe, at_ms, word, rid, exit_code, body)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]')
    FROM json_each(?)
"""
FORGET = "DELETE FROM pings WHERE id IN (SELECT value FROM json_each(?))"
_SELECT = "SELECT id, probe, at_ms, word, rid, exit_code, body FROM pings "
ALL = _SELECT + "ORDER BY id"
NEWEST = _SELECT + "WHERE probe = ? ORDER BY id DESC LIMIT ?"
SAVE = """
    INSERT OR REPLACE INTO heartbeats (probe, ping_id, state)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
    FROM json_each(?)
"""
SAVED = "SELECT probe, ping_id, state FROM heartbeats"
DROP = ("DELETE FROM heartbeats WHERE probe = ?", "DELETE FROM pings WHERE probe = ?")
LISTEN = """
    INSERT INTO listening (from_ms, until_ms) VALUES (:from_ms, :until_ms)
    ON CONFLICT (from_ms) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)
"""
LISTENED = "SELECT from_ms, until_ms FROM listening ORDER BY from_ms"
FORGET_LISTENING = "DELETE FROM listening WHERE until_ms < ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPing:
    """
    One report of a job.

    Attributes:
        id: Grows in the order in which they came.
        word: ``queued``, ``start``, ``success``, ``fail`` or ``log``.
        rid: Which run it is of; empty if it did not say.
        body: The beginning of what came with it.
    """

    id: int
    probe: str
    at_ms: int
    word: str
    rid: str
    exit_code: int | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What is known of a job: *state* holds all pings up to and including *ping_id*."""

    ping_id: int
    state: str


NewPing = tuple[str, int, str, str, int | None, str]
"""As the columns of ``pings``, without the number."""


def add(db: sqlite3.Connection, pings: Sequence[NewPing]) -> range:
    """Keep *pings*; their numbers."""
    last: int = db.execute(ADD, (json.dumps(pings),)).lastrowid or 0
    return range(last - len(pings) + 1, last + 1)


def save(
    db: sqlite3.Connection,
    states: Mapping[str, Saved],
    forget: Iterable[int],
    listened: Iterable[tuple[int, int]],
) -> None:
    """
    Keep what is known.

    Args:
        db: Inside a transaction.
        states: By probe.
        forget: Numbers of pings that are in a state, and that nobody looks at any more.
        listened: From when until when; a time that is known already is made longer.
    """
    db.executemany(LISTEN, [{"from_ms": one, "until_ms": other} for one, other in listened])
    rows = [(probe, one.ping_id, one.state) for probe, one in states.items()]
    db.execute(SAVE, (json.dumps(rows),))
    db.execute(FORGET, (json.dumps(list(forget)),))


def drop(db: sqlite3.Connection, probes: Iterable[str]) -> None:
    """Forget everything of *probes*: nobody listens to them any more."""
    for probe in probes:
        for statement in DROP:
            db.execute(statement, (probe,))


def forget_listening(db: sqlite3.Connection, before_ms: int) -> None:
    """Forget when we listened before *before_ms*."""
    db.execute(FORGET_LISTENING, (before_ms,))


def saved(db: sqlite3.Connection) -> dict[str, Saved]:
    """What is known of each job."""
    return {probe: Saved(ping_id=number, state=state) for probe, number, state in db.execute(SAVED)}


def by_probe(db: sqlite3.Connection) -> dict[str, list[StoredPing]]:
    """All pings that are kept, of each probe in the order in which they came."""
    found: dict[str, list[StoredPing]] = defaultdict(list)
    for values in db.execute(ALL):
        ping = _ping(values)
        found[ping.probe].append(ping)
    return found


def newest(db: sqlite3.Connection, probe: str, most: int) -> list[StoredPing]:
    """The newest pings of *probe*, the newest first."""
    return [_ping(values) for values in db.execute(NEWEST, (probe, most))]


def listened(db: sqlite3.Connection) -> list[tuple[int, int]]:
    """From when until when we listened, in order."""
    return [(from_ms, until_ms) for from_ms, until_ms in db.execute(LISTENED)]


def _ping(values: tuple[int, str, int, str, str, int | None, str]) -> StoredPing:
    number, probe, at_ms, word, rid, exit_code, body = values
    return StoredPing(
        id=number, probe=probe, at_ms=at_ms, word=word, rid=rid, exit_code=exit_code, body=body
    )
