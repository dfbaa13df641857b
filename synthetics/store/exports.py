"""Every stored sample as an export writes it, a day at a time."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from synthetics.store import history
from synthetics.store.days import DAY_MS
from synthetics.store.samples import all_series

LAST_RAW = "SELECT max(scheduled_ms) FROM samples"
LAST_DAY = "SELECT max(day) FROM archive"
REASONS = """
    SELECT s.series_id, s.scheduled_ms, r.reason FROM samples AS s
    JOIN reasons AS r ON r.id = s.reason_id
    WHERE s.scheduled_ms BETWEEN ? AND ?
"""


class Exported(NamedTuple):
    """
    A sample; outcomes as numbered in `synthetics.store.codes`.

    Attributes:
        reason: Empty where the outcome is good, and where it is not known any more.
    """

    scheduled_ms: int
    probe: str
    location: str
    outcome: int
    confirmed: int
    duration_us: int
    reason: str


def bounds(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """From when to when there may be samples, the end left out; ``None`` without any."""
    first = history.first_ms(connection)
    if first is None:
        return None
    raw = connection.execute(LAST_RAW).fetchone()[0]
    day = connection.execute(LAST_DAY).fetchone()[0]
    ends = [0 if raw is None else raw + 1, 0 if day is None else (day + 1) * DAY_MS]
    return first, max(ends)


def exported(
    connection: sqlite3.Connection, first_ms: int, last_ms: int, probes: frozenset[str]
) -> list[Exported]:
    """
    All samples of *probes* (of all, if none is named) between two instants, both included.

    By time, then probe, then location.  Reasons are known as long as raw rows are kept.
    """
    series = {
        each.id: each for each in all_series(connection) if not probes or each.probe in probes
    }
    reasons: dict[tuple[int, int], str] = {
        (number, at_ms): reason
        for number, at_ms, reason in connection.execute(REASONS, (first_ms, last_ms))
    }
    found = history.columns(connection, first_ms - 1, last_ms, series.keys())
    return sorted(
        Exported(
            at_ms,
            series[number].probe,
            series[number].location,
            code // 3,
            code % 3,
            took_us,
            reasons.get((number, at_ms), "") if code // 3 else "",
        )
        for number, known in found.items()
        for at_ms, code, took_us in zip(
            known.scheduled_ms, known.codes, known.duration_us, strict=True
        )
    )
