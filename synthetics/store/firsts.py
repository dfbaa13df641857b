"""When the first sample of a series was due, whatever became of its raw row."""

from __future__ import annotations

import sqlite3

from synthetics.store import history, steps
from synthetics.store.days import DAY_MS
from synthetics.store.step_codes import unpack_steps

FIRST_DAY = "SELECT min(day) FROM archive WHERE series_id = ? AND runs <> x''"
FIRST_DAY_OF_STEP = """
    SELECT min(a.day) FROM archive AS a JOIN archive_steps AS s ON s.archive_id = a.id
    WHERE a.series_id = ? AND s.step_id = ?
"""
RAW = """
    SELECT scheduled_ms, steps FROM samples
    WHERE series_id = :series AND (:step IS NULL OR steps IS NOT NULL)
    ORDER BY scheduled_ms
"""


def first_of(connection: sqlite3.Connection, series_id: int, step: str = "") -> int | None:
    """When the first sample of a series, or the first that asked *step*, was due."""
    number = steps.number_of(connection, step) if step else None
    if step and number is None:
        return None
    if number is None:
        day = connection.execute(FIRST_DAY, (series_id,)).fetchone()[0]
    else:
        day = connection.execute(FIRST_DAY_OF_STEP, (series_id, number)).fetchone()[0]
    found = []
    if day is not None:
        begin_ms = day * DAY_MS
        runs = history.runs(
            connection, begin_ms - 1, begin_ms + DAY_MS - 1, (series_id,), step=step
        )
        found = [run.first_ms for run in runs.get(series_id, ())]
    for at_ms, blob in connection.execute(RAW, {"series": series_id, "step": number}):
        if number is None or any(each.number == number for each in unpack_steps(blob)):
            found.append(at_ms)
            break
    return min(found, default=None)
