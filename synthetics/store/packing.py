"""Days of series on their way into the archive: packed where nobody waits, written in one go."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from slo.timeline import Mark
from synthetics.store.codes import MARKS
from synthetics.store.days import find_runs, pack_durations, pack_runs, pack_slowest
from synthetics.store.steps import PackedStep, keep_steps
from synthetics.store.values import Columns

KEEP_DAY = """
    INSERT INTO archive (series_id, day, good, bad, blip, void, runs, slowest)
    VALUES (:series_id, :day, :good, :bad, :blip, :void, :runs, :slowest)
    ON CONFLICT (series_id, day) DO UPDATE SET
        good = excluded.good, bad = excluded.bad, blip = excluded.blip, void = excluded.void,
        runs = excluded.runs, slowest = excluded.slowest, late = late - :late
    RETURNING id
"""
KEEP_DURATIONS = "INSERT OR REPLACE INTO archive_durations VALUES (?, ?)"


class Packed(NamedTuple):
    """A day of one series, ready to be written; *late* are the late samples it accounts for."""

    series_id: int
    day: int
    totals: dict[str, int]
    runs: bytes
    slowest: bytes
    durations: bytes
    late: int
    steps: Sequence[PackedStep]


def pack(
    series_id: int, day: int, known: Columns, *, late: int = 0, steps: Sequence[PackedStep] = ()
) -> Packed:
    """All samples of a series on a UTC *day*, ready to be written."""
    return Packed(
        series_id=series_id,
        day=day,
        totals=_totals(known.codes),
        runs=pack_runs(find_runs(known.scheduled_ms, known.codes), day),
        slowest=pack_slowest(known.codes, known.duration_us),
        durations=pack_durations(known.duration_us),
        late=late,
        steps=steps,
    )


def keep_days(days: Sequence[Packed], connection: sqlite3.Connection) -> None:
    """Write *days*, instead of what was archived of them, in the transaction of *connection*."""
    for day in days:
        number = connection.execute(
            KEEP_DAY,
            {
                "series_id": day.series_id,
                "day": day.day,
                "runs": day.runs,
                "slowest": day.slowest,
                "late": day.late,
                **day.totals,
            },
        ).fetchone()[0]
        connection.execute(KEEP_DURATIONS, (number, day.durations))
        keep_steps(connection, number, day.steps)


def _totals(codes: bytes) -> dict[str, int]:
    totals = dict.fromkeys((mark.name.lower() for mark in Mark), 0)
    for code, mark in enumerate(MARKS):
        totals[mark.name.lower()] += codes.count(code)
    return totals
