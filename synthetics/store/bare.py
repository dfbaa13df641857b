"""
Samples of which only what is counted is known, as an import brings them: columns, not objects.

A million of them take 20 MB and a few seconds.  They become the same rows as any others; one that
says what its row says already changes nothing, so a second import of the same file is none, and
does not wipe out the phases and the evidence of a sample that was our own.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

from synthetics.store.days import DAY_MS
from synthetics.store.samples import NOTE_LATE, Words

PLAIN = b"\x00\x00\x01"
"""Of ``samples.packed``: nothing more is known, not late, asked once."""

NO_REASON = "unknown"
"""The reason of what failed without saying why."""

KEEP_BARE = """
    INSERT INTO samples
        (scheduled_ms, series_id, outcome, confirmed, duration_us, reason_id, packed)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (scheduled_ms, series_id) DO UPDATE SET
        outcome = excluded.outcome, confirmed = excluded.confirmed,
        duration_us = excluded.duration_us, reason_id = excluded.reason_id, facts_id = NULL,
        packed = excluded.packed, steps = NULL
    WHERE outcome <> excluded.outcome OR confirmed <> excluded.confirmed
        OR duration_us <> excluded.duration_us
        OR (reason_id IS NOT excluded.reason_id AND excluded.reason_id
            IS NOT (SELECT id FROM reasons WHERE reason = 'unknown'))
"""

Ints = Sequence[int]
Row = tuple[int, int, int, int, int, int | None, bytes]


class Kind(NamedTuple):
    """
    What many samples have in common; outcomes as numbered in `synthetics.store.codes`.

    Attributes:
        reason: Empty exactly when *outcome* is good.
    """

    probe: str
    location: str
    outcome: int
    confirmed: int
    reason: str


class Bare:
    """
    Samples in columns, in order of arrival; the n-th of each column is the n-th sample.

    Attributes:
        kinds: Each kind once.
        scheduled_ms: When each was due, >= 0.
        duration_us: How long it took, in microseconds.
        kind: Its index in *kinds*.
    """

    def __init__(self) -> None:
        self.kinds: list[Kind] = []
        self.scheduled_ms = array("q")
        self.duration_us = array("Q")
        self.kind = array("I")

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def probes(self) -> frozenset[str]:
        """Whose samples these are."""
        return frozenset(kind.probe for kind in self.kinds)

    def parts(self, size: int) -> Iterator[slice]:
        """Where to cut it into parts of at most *size* samples."""
        for start in range(0, len(self), size):
            yield slice(start, start + size)


def keep(connection: sqlite3.Connection, samples: Bare, part: slice, late_before_ms: int) -> int:
    """
    Store a part of *samples*; one that has the key of an earlier one replaces it (R3).

    Args:
        connection: Inside a transaction.
        samples: All of them.
        part: Which ones.
        late_before_ms: Days that end here or earlier are archived, or are being archived; what
            changes in them is noted, so that readers and the next archiving find it.

    Returns:
        How many were new or said something else than before.
    """
    numbers = _Numbers(connection, samples.kinds)
    before = connection.total_changes
    if min(samples.scheduled_ms[part], default=late_before_ms) >= late_before_ms:
        rows = _rows(
            numbers, samples.scheduled_ms[part], samples.duration_us[part], samples.kind[part]
        )
        connection.executemany(KEEP_BARE, rows)
        return connection.total_changes - before
    changed = 0
    for (series_id, day), columns in _by_day(numbers, samples, part).items():
        before = connection.total_changes
        connection.executemany(KEEP_BARE, _rows(numbers, *columns))
        count = connection.total_changes - before
        changed += count
        if count and day * DAY_MS < late_before_ms:
            connection.execute(NOTE_LATE, {"series_id": series_id, "day": day, "late": count})
    return changed


class _Numbers:
    """By kind, what the words of it are stored as."""

    def __init__(self, connection: sqlite3.Connection, kinds: Sequence[Kind]) -> None:
        words = Words(connection)
        self.series = [words.series_id(kind.probe, kind.location) for kind in kinds]
        self.reasons = [words.reason_id(kind.reason) if kind.reason else None for kind in kinds]
        self.outcomes = [kind.outcome for kind in kinds]
        self.confirmed = [kind.confirmed for kind in kinds]


def _rows(numbers: _Numbers, at_ms: Ints, took_us: Ints, kind: Ints) -> Iterator[Row]:
    """Columns as rows, put together without a step of Python for each."""
    return zip(
        at_ms,
        map(numbers.series.__getitem__, kind),
        map(numbers.outcomes.__getitem__, kind),
        map(numbers.confirmed.__getitem__, kind),
        took_us,
        map(numbers.reasons.__getitem__, kind),
        repeat(PLAIN),
        strict=False,  # the last never ends
    )


def _by_day(
    numbers: _Numbers, samples: Bare, part: slice
) -> dict[tuple[int, int], tuple[list[int], list[int], list[int]]]:
    """The columns of a part of *samples*, by series and UTC day."""
    found: dict[tuple[int, int], tuple[list[int], list[int], list[int]]] = {}
    for at_ms, took_us, kind in zip(
        samples.scheduled_ms[part], samples.duration_us[part], samples.kind[part], strict=True
    ):
        columns = found.setdefault((numbers.series[kind], at_ms // DAY_MS), ([], [], []))
        columns[0].append(at_ms)
        columns[1].append(took_us)
        columns[2].append(kind)
    return found
