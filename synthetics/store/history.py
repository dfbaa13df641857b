"""
What accounting needs of the past: marks and durations, from the archive and from raw rows.

Days before the state ``archived_until_day`` are read from the archive alone, except where samples
came late: there the raw rows of that day are laid over it.  All later days are read from raw rows.
So every sample is found once, whether it was archived, pruned, late, or none of these.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from slo.timeline import Mark, Run
from synthetics.store import steps
from synthetics.store.codes import MARKS
from synthetics.store.days import (
    DAY_MS,
    Quad,
    find_runs,
    mark_slow,
    merge,
    slow_of_all,
    slow_of_slowest,
    unpack_day,
    unpack_durations,
    unpack_runs,
)
from synthetics.store.joined import Joined, cut
from synthetics.store.rounds import ids_json, raw_runs
from synthetics.store.values import Columns

ARCHIVED_UNTIL = "SELECT value FROM state WHERE name = 'archived_until_day'"
DAYS = """
    SELECT series_id, day, runs, late, id, slowest FROM archive
    WHERE day BETWEEN :first AND :last
        AND (:series IS NULL OR series_id IN (SELECT value FROM json_each(:series)))
    ORDER BY series_id, day
"""
DAYS_OF_STEP = """
    SELECT a.series_id, a.day, coalesce(s.runs, x''), a.late, s.id, coalesce(s.slowest, x'')
    FROM archive AS a LEFT JOIN archive_steps AS s ON s.archive_id = a.id AND s.step_id = :step
    WHERE a.day BETWEEN :first AND :last
        AND (:series IS NULL OR a.series_id IN (SELECT value FROM json_each(:series)))
        AND (s.id IS NOT NULL OR a.late > 0)
    ORDER BY a.series_id, a.day
"""
DURATIONS_OF_STEP = "SELECT durations FROM archive_step_durations WHERE archive_step_id = ?"
DURATIONS = "SELECT durations FROM archive_durations WHERE archive_id = ?"
RAW = """
    SELECT series_id, scheduled_ms, outcome * 3 + confirmed, duration_us FROM samples
    WHERE scheduled_ms BETWEEN :first_ms AND :last_ms
        AND (:series IS NULL OR series_id IN (SELECT value FROM json_each(:series)))
    ORDER BY scheduled_ms, series_id
"""


class Day(NamedTuple):
    """One row of the archive, or what it has of one step; *id* is that of the durations."""

    series_id: int
    day: int
    runs: bytes
    late: int
    id: int
    slowest: bytes


def runs(
    connection: sqlite3.Connection,
    after_ms: int,
    until_ms: int,
    series: Collection[int] | None = None,
    *,
    marks: Sequence[Mark] = MARKS,
    limit_us: int | None = None,
    step: str = "",
) -> dict[int, list[Run]]:
    """See `Reader.runs`."""
    first_ms, last_ms = after_ms + 1, until_ms
    found: defaultdict[int, Joined] = defaultdict(lambda: Joined(marks))

    if step:
        number = steps.number_of(connection, step)
        if number is not None:
            pieces = _step_runs(
                connection, first_ms, last_ms, series, step=number, limit_us=limit_us
            )
            for series_id, code_runs in pieces:
                found[series_id].extend(cut(code_runs, first_ms, last_ms))
        return _of_marks(found)
    for row, late in _days(connection, first_ms, last_ms, series):
        code_runs = _day_runs(connection, row, late, limit_us)
        begin_ms = row.day * DAY_MS
        if begin_ms < first_ms or begin_ms + DAY_MS - 1 > last_ms:
            code_runs = cut(code_runs, first_ms, last_ms)
        found[row.series_id].extend(code_runs)
    raw_ms = max(first_ms, archived_until_ms(connection))
    if raw_ms <= last_ms:
        for series_id, run in raw_runs(connection, raw_ms, last_ms, series, limit_us):
            found[series_id].extend((run,))
    return _of_marks(found)


def _of_marks(found: Mapping[int, Joined]) -> dict[int, list[Run]]:
    runs = {series_id: joined.runs() for series_id, joined in found.items()}
    return {series_id: each for series_id, each in runs.items() if each}


def _step_runs(
    connection: sqlite3.Connection,
    first_ms: int,
    last_ms: int,
    series: Collection[int] | None,
    *,
    step: int,
    limit_us: int | None,
) -> Iterator[tuple[int, Iterable[Quad]]]:
    """The same of one *step* of journeys, in pieces, those of a series in order of time."""
    for row, late in _days(connection, first_ms, last_ms, series, step):
        if late is None:
            runs = unpack_runs(row.runs, row.day)
            slow = [] if limit_us is None else _slow(connection, row, limit_us, DURATIONS_OF_STEP)
            yield row.series_id, mark_slow(runs, slow) if slow else runs
            continue
        begin_ms = row.day * DAY_MS
        said = steps.raw_steps(connection, begin_ms, begin_ms + DAY_MS - 1, (row.series_id,), step)
        known = unpack_day(row.runs, _durations(connection, row, DURATIONS_OF_STEP), row.day)
        of_step = said.get(row.series_id, {}).get(step)
        yield row.series_id, _runs_of(steps.laid_over(known, late, of_step), limit_us)
    raw_ms = max(first_ms, archived_until_ms(connection))
    if raw_ms <= last_ms:
        raw = steps.raw_steps(connection, raw_ms, last_ms, series, step)
        for series_id, each in raw.items():
            if step in each:
                yield series_id, _runs_of(each[step], limit_us)


def _runs_of(known: Columns, limit_us: int | None) -> Iterable[Quad]:
    """*known* as runs, `SLOW` where good samples took *limit_us* or longer."""
    slow = [] if limit_us is None else slow_of_all(known.duration_us, limit_us)
    runs = find_runs(known.scheduled_ms, known.codes)
    return mark_slow(runs, slow) if slow else runs


def columns(
    connection: sqlite3.Connection,
    after_ms: int,
    until_ms: int,
    series: Collection[int] | None = None,
) -> dict[int, Columns]:
    """See `Reader.columns`."""
    first_ms, last_ms = after_ms + 1, until_ms
    found: dict[int, Columns] = {}
    for row, late in _days(connection, first_ms, last_ms, series):
        known = day_columns(connection, row)
        if late is not None:
            known = merge(known, late)
        _extend(found, row.series_id, _within(known, first_ms, last_ms))
    raw_ms = max(first_ms, archived_until_ms(connection))
    if raw_ms <= last_ms:
        for series_id, known in raw_columns(connection, raw_ms, last_ms, series).items():
            _extend(found, series_id, known)
    return found


def raw_columns(
    connection: sqlite3.Connection,
    first_ms: int,
    last_ms: int,
    series: Collection[int] | None = None,
) -> dict[int, Columns]:
    """What raw rows say of *series*, both bounds included."""
    found: dict[int, tuple[array[int], bytearray, array[int]]] = {}
    for series_id, at, code, took in connection.execute(
        RAW, {"first_ms": first_ms, "last_ms": last_ms, "series": ids_json(series)}
    ):
        known = found.get(series_id)
        if known is None:
            known = found[series_id] = (array("q"), bytearray(), array("Q"))
        known[0].append(at)
        known[1].append(code)
        known[2].append(took)
    return {
        series_id: Columns(scheduled_ms=instants, codes=bytes(codes), duration_us=durations)
        for series_id, (instants, codes, durations) in found.items()
    }


def archived_days(
    connection: sqlite3.Connection,
    first_day: int,
    last_day: int,
    series: Collection[int] | None = None,
    step: int | None = None,
) -> Iterator[Day]:
    """Rows of the archive, or of one *step* in it, by series and day, both bounds included."""
    found = connection.execute(
        DAYS if step is None else DAYS_OF_STEP,
        {"first": first_day, "last": last_day, "series": ids_json(series), "step": step},
    ).fetchall()
    return map(Day._make, found)


def day_columns(connection: sqlite3.Connection, row: Day) -> Columns:
    """An archived day, sample by sample."""
    return unpack_day(row.runs, _durations(connection, row), row.day)


def archived_until_ms(connection: sqlite3.Connection) -> int:
    """The end of the last archived day."""
    return DAY_MS * int(connection.execute(ARCHIVED_UNTIL).fetchone()[0])


def first_ms(connection: sqlite3.Connection) -> int | None:
    """See `Reader.first_ms`."""
    day = connection.execute("SELECT min(day) FROM archive").fetchone()[0]
    raw = connection.execute("SELECT min(scheduled_ms) FROM samples").fetchone()[0]
    known = [at for at in (None if day is None else day * DAY_MS, raw) if at is not None]
    return min(known, default=None)


def _day_runs(
    connection: sqlite3.Connection, row: Day, late: Columns | None, limit_us: int | None
) -> Iterable[Quad]:
    """An archived day with what came late, `SLOW` where good samples took *limit_us* or longer."""
    if late is not None:
        return _runs_of(merge(day_columns(connection, row), late), limit_us)
    runs = unpack_runs(row.runs, row.day)
    slow = [] if limit_us is None else _slow(connection, row, limit_us)
    return mark_slow(runs, slow) if slow else runs


def _slow(
    connection: sqlite3.Connection, row: Day, limit_us: int, durations: str = DURATIONS
) -> list[tuple[int, int]]:
    """Where good samples of an archived day took *limit_us* or longer; see `mark_slow`."""
    few = slow_of_slowest(row.slowest, limit_us)
    if few is not None:
        return few
    return slow_of_all(unpack_durations(_durations(connection, row, durations)), limit_us)


def _durations(connection: sqlite3.Connection, row: Day, durations: str = DURATIONS) -> bytes:
    found = connection.execute(durations, (row.id,)).fetchone()
    return found[0] if found else b""


def _days(
    connection: sqlite3.Connection,
    first_ms: int,
    last_ms: int,
    series: Collection[int] | None,
    step: int | None = None,
) -> Iterator[tuple[Day, Columns | None]]:
    """
    Archived days that touch [first_ms, last_ms], each with what came late, if anything did.

    Of one *step*, if it is given; what came late are whole samples all the same.
    """
    last_day = min(last_ms // DAY_MS, archived_until_ms(connection) // DAY_MS - 1)
    for row in archived_days(connection, first_ms // DAY_MS, last_day, series, step):
        late = None
        if row.late:
            begin_ms = row.day * DAY_MS
            raw = raw_columns(connection, begin_ms, begin_ms + DAY_MS - 1, (row.series_id,))
            late = raw.get(row.series_id)
        yield row, late


def _within(known: Columns, first_ms: int, last_ms: int) -> Columns:
    instants = known.scheduled_ms
    if not len(known) or (instants[0] >= first_ms and instants[-1] <= last_ms):
        return known
    kept = [index for index, at in enumerate(instants) if first_ms <= at <= last_ms]
    part = slice(kept[0], kept[-1] + 1) if kept else slice(0, 0)
    return Columns(
        scheduled_ms=instants[part], codes=known.codes[part], duration_us=known.duration_us[part]
    )


def _extend(found: dict[int, Columns], series_id: int, more: Columns) -> None:
    if not len(more):
        return
    known = found.get(series_id)
    if known is None:
        found[series_id] = more
        return
    known.scheduled_ms.extend(more.scheduled_ms)
    known.duration_us.extend(more.duration_us)
    found[series_id] = Columns(
        scheduled_ms=known.scheduled_ms,
        codes=known.codes + more.codes,
        duration_us=known.duration_us,
    )
