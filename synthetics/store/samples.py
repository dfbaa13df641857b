"""The SQL of raw samples and of the words they are spelt with."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from synthetics.sample import Sample
from synthetics.store.days import DAY_MS
from synthetics.store.rows import FactsKey, Row, Stored, facts_dict, row, sample
from synthetics.store.values import Series, StoredSample

KEEP_SAMPLE = """
    INSERT OR REPLACE INTO samples
        (scheduled_ms, series_id, outcome, confirmed, duration_us, reason_id, facts_id, packed,
        steps)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
KEEP_DETAILS = """
    INSERT OR REPLACE INTO details (scheduled_ms, series_id, details) VALUES (?, ?, ?)
"""
# A day that was empty when it was archived gets an empty row, so that its late sample is found.
NOTE_LATE = """
    INSERT INTO archive (series_id, day, late) VALUES (:series_id, :day, :late)
    ON CONFLICT (series_id, day) DO UPDATE SET late = late + excluded.late
"""
STORED = """
    SELECT s.scheduled_ms, s.series_id, s.outcome, s.confirmed, s.duration_us, r.reason, f.facts,
        s.packed, d.details
    FROM samples AS s
    LEFT JOIN reasons AS r ON r.id = s.reason_id
    LEFT JOIN facts AS f ON f.id = s.facts_id
    LEFT JOIN details AS d ON d.scheduled_ms = s.scheduled_ms AND d.series_id = s.series_id
"""
OF_SERIES = f"""
    {STORED}
    WHERE s.series_id = :series_id AND s.scheduled_ms > :after_ms AND s.scheduled_ms <= :until_ms
        AND (s.outcome <> 0 OR NOT :failed_only)
    ORDER BY s.scheduled_ms DESC LIMIT :limit
"""
NEXT = f"""
    {STORED}
    WHERE (s.scheduled_ms, s.series_id) > (?, ?) AND s.scheduled_ms <= ?
    ORDER BY s.scheduled_ms, s.series_id LIMIT ?
"""
ONE = f"{STORED} WHERE s.scheduled_ms = ? AND s.series_id = ?"
NEWEST = """
    SELECT series_id, max(scheduled_ms) FROM samples
    WHERE scheduled_ms > ? AND scheduled_ms <= ? GROUP BY series_id
"""

FACTS_A_SERIES = 100
"""Combinations of facts that a series may add to the dictionary while the service runs.

One whose answers never come from the same URL twice would fill it; beyond this, the facts of a
sample are kept with its details and go when it goes.
"""


class Words:
    """Numbers of series, reasons and facts, each looked up once, in the writer's transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._series: dict[tuple[str, str], int] = {}
        self._reasons: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        self._facts: dict[FactsKey, int] = {}
        self._facts_of: Counter[int] = Counter()

    def forget(self) -> None:
        """Look everything up anew: numbers given in a transaction that was undone are void."""
        self._series.clear()
        self._reasons.clear()
        self._steps.clear()
        self._facts.clear()

    def series_id(self, probe: str, location: str) -> int:
        """The number of a series, given if it is new."""
        known = self._series.get((probe, location))
        if known is None:
            self._connection.execute(
                "INSERT OR IGNORE INTO series (probe, location) VALUES (?, ?)", (probe, location)
            )
            known = self._series[probe, location] = _number(
                self._connection.execute(
                    "SELECT id FROM series WHERE probe = ? AND location = ?", (probe, location)
                )
            )
        return known

    def reason_id(self, reason: str) -> int:
        """The number of a reason, given if it is new."""
        known = self._reasons.get(reason)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO reasons (reason) VALUES (?)", (reason,))
            known = self._reasons[reason] = _number(
                self._connection.execute("SELECT id FROM reasons WHERE reason = ?", (reason,))
            )
        return known

    def step_id(self, name: str) -> int:
        """The number of a step of a journey, given if it is new."""
        known = self._steps.get(name)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO steps (name) VALUES (?)", (name,))
            known = self._steps[name] = _number(
                self._connection.execute("SELECT id FROM steps WHERE name = ?", (name,))
            )
        return known

    def facts_id(self, series_id: int, key: FactsKey) -> int | None:
        """The number of facts, given if they are new; ``None`` if the series has had its share."""
        known = self._facts.get(key)
        if known is None:
            if self._facts_of[series_id] >= FACTS_A_SERIES:
                return None
            self._facts_of[series_id] += 1
            text = json.dumps(facts_dict(key), sort_keys=True, ensure_ascii=False)
            self._connection.execute("INSERT OR IGNORE INTO facts (facts) VALUES (?)", (text,))
            known = self._facts[key] = _number(
                self._connection.execute("SELECT id FROM facts WHERE facts = ?", (text,))
            )
        return known


class Gathered:
    """
    Samples of one transaction on their way into the tables.

    Args:
        connection: Inside a transaction.
        words: Of the same connection.
        late_before_ms: Days that end here or earlier are archived, or are being archived; what
            comes for them is noted, so that readers and the next archiving find it.
    """

    def __init__(self, connection: sqlite3.Connection, words: Words, late_before_ms: int) -> None:
        self._connection = connection
        self._words = words
        self._late_before_ms = late_before_ms
        self._rows: list[Row] = []
        self._details: list[tuple[int, int, bytes]] = []
        self._late: Counter[tuple[int, int]] = Counter()

    def take(self, samples: Iterable[Sample]) -> None:
        """
        Gather *samples*, in order of arrival.

        Raises:
            ValueError: One of them cannot be stored; none is.
        """
        rows: list[Row] = []
        details: list[tuple[int, int, bytes]] = []
        late: list[tuple[int, int]] = []
        words, late_before_ms = self._words, self._late_before_ms
        for each in samples:
            series_id = words.series_id(each.probe, each.location)
            values, more = row(each, series_id, words.reason_id, words.facts_id, words.step_id)
            rows.append(values)
            if more is not None:
                details.append((each.scheduled_ms, series_id, more))
            if each.scheduled_ms < late_before_ms:
                late.append((series_id, each.scheduled_ms // DAY_MS))
        self._rows += rows
        self._details += details
        self._late.update(late)

    def write(self) -> None:
        """Write what was gathered; a sample that has the key of an earlier one replaces it."""
        if not self._rows:
            return
        self._connection.executemany(KEEP_SAMPLE, self._rows)
        self._connection.executemany(KEEP_DETAILS, self._details)
        self._connection.executemany(
            NOTE_LATE,
            [
                {"series_id": series_id, "day": day, "late": count}
                for (series_id, day), count in self._late.items()
            ],
        )
        self._rows.clear()
        self._details.clear()
        self._late.clear()


def all_series(connection: sqlite3.Connection) -> list[Series]:
    """Every series, by number."""
    return [
        Series(id=number, probe=probe, location=location)
        for number, probe, location in connection.execute(
            "SELECT id, probe, location FROM series ORDER BY id"
        )
    ]


def of_series(
    connection: sqlite3.Connection,
    series_id: int,
    after_ms: int,
    until_ms: int,
    *,
    limit: int,
    failed_only: bool,
) -> list[StoredSample]:
    """Samples of one series due in (after_ms, until_ms], the newest first."""
    found = connection.execute(
        OF_SERIES,
        {
            "series_id": series_id,
            "after_ms": after_ms,
            "until_ms": until_ms,
            "failed_only": failed_only,
            "limit": limit,
        },
    )
    return list(_samples(connection, found.fetchall()))


def following(
    connection: sqlite3.Connection,
    *,
    after: tuple[int, int],
    until_ms: int,
    limit: int,
) -> list[StoredSample]:
    """The next *limit* samples of all series *after* (scheduled_ms, series), in that order."""
    found = connection.execute(NEXT, (*after, until_ms, limit)).fetchall()
    return list(_samples(connection, found))


def latest(connection: sqlite3.Connection) -> dict[int, StoredSample]:
    """The newest sample of each series that has one within a day of the newest of all."""
    newest = _number(connection.execute("SELECT max(scheduled_ms) FROM samples"))
    missing = _number(connection.execute("SELECT count(*) FROM series"))
    found: dict[int, int] = {}
    until_ms = newest
    # Nearly all were asked in the last minutes; only for the others is more read.
    for back_ms in (600_000, 3_600_000, DAY_MS):
        after_ms = newest - back_ms
        if len(found) < missing and until_ms > after_ms:
            for series_id, at in connection.execute(NEWEST, (after_ms, until_ms)):
                found.setdefault(series_id, at)
            until_ms = after_ms
    rows = [connection.execute(ONE, (at, series_id)).fetchone() for series_id, at in found.items()]
    return {each.series_id: each for each in _samples(connection, rows)}


def _samples(
    connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]
) -> Iterator[StoredSample]:
    known = {each.id: each for each in all_series(connection)} if rows else {}
    for values in rows:
        stored = Stored._make(values)
        series = known[stored.series_id]
        yield StoredSample(
            series_id=series.id, sample=sample(stored, series.probe, series.location)
        )


def _number(found: sqlite3.Cursor) -> int:
    number: int | None = found.fetchone()[0]
    return number or 0
