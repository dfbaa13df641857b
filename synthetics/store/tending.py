"""Housekeeping: archive the days that are over, fold in what came late, forget raw rows."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from array import array
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from itertools import islice
from typing import Any, Protocol

from synthetics.store.beside import Beside
from synthetics.store.days import DAY_MS, merge
from synthetics.store.history import archived_days, archived_until_ms, day_columns, raw_columns
from synthetics.store.packing import Packed, keep_days, pack
from synthetics.store.steps import archived_steps, packed_steps, raw_steps
from synthetics.store.values import Columns

GRACE_MS = 3_600_000
"""How long after its end a day is archived; most late samples have arrived by then."""

ROWS_AT_ONCE = 400_000
"""Raw rows held in memory while a day is archived."""

DAYS_A_WRITE = 100
ROWS_A_WRITE = 4_000

ARCHIVED_UNTIL = "UPDATE state SET value = ? WHERE name = 'archived_until_day'"
FIRST_SINCE = "SELECT min(scheduled_ms) FROM samples WHERE scheduled_ms >= ?"
LATE_DAYS = """
    SELECT day, json_group_array(series_id) FROM archive
    WHERE late > 0 AND day < ? GROUP BY day ORDER BY day
"""
LATE_BEFORE = "SELECT 1 FROM archive WHERE late > 0 AND day < ? LIMIT 1"
ROWS_OF_DAY = "SELECT count(*) FROM samples WHERE scheduled_ms BETWEEN ? AND ?"
PRUNE_TO = """
    SELECT scheduled_ms FROM samples WHERE scheduled_ms < ? ORDER BY scheduled_ms LIMIT 1 OFFSET ?
"""
DELETE_SAMPLES = "DELETE FROM samples WHERE scheduled_ms <= ?"
DELETE_DETAILS = "DELETE FROM details WHERE scheduled_ms <= ?"


class Write(Protocol):
    """`Store.write`."""

    def __call__(self, change: Callable[[sqlite3.Connection], Any]) -> Awaitable[Any]:
        """Run *change* in the writer's transaction."""


class Tending:
    """
    One round of housekeeping.

    Days are read and packed in a helper thread from a connection that only reads; the writer's
    thread gets small transactions, so samples and alerts never wait long behind them.

    Args:
        write: Runs a change in the writer's transaction.
        beside: Where to read.
        expect_late: Tells the writer to note samples of days before an instant as late.
    """

    def __init__(
        self,
        write: Write,
        beside: Beside,
        expect_late: Callable[[int], None],
    ) -> None:
        self._write = write
        self._beside = beside
        self._expect_late = expect_late

    async def run(self, now_ms: int, retention_ms: int) -> None:
        """See `Store.tend`."""
        await self._archive(until_day=(now_ms - GRACE_MS) // DAY_MS)
        await self._fold_in()
        await self._prune(before_day=(now_ms - retention_ms) // DAY_MS)

    async def _archive(self, until_day: int) -> None:
        noted = False
        while (day := await asyncio.to_thread(self._next_day)) is not None and day < until_day:
            if not noted:
                # What was committed before this can be read below; what comes later is noted.
                await self._write(lambda _: self._expect_late(until_day * DAY_MS))
                noted = True
            for series in await asyncio.to_thread(self._series_of, day):
                await self._pack_and_keep(day, series)
            await self._write(partial(_archived_until, day + 1))

    async def _fold_in(self) -> None:
        for day, series in await asyncio.to_thread(self._late_days):
            await self._pack_and_keep(day, series)

    async def _pack_and_keep(self, day: int, series: Collection[int]) -> None:
        packed = iter(await asyncio.to_thread(self._pack, day, series))
        while some := list(islice(packed, DAYS_A_WRITE)):
            await self._write(partial(keep_days, some))

    async def _prune(self, before_day: int) -> None:
        while await self._write(partial(_prune_some, before_day)):
            pass

    def _next_day(self) -> int | None:
        """The first day with samples that is not archived."""
        with self._beside.snapshot() as connection:
            first = connection.execute(FIRST_SINCE, (archived_until_ms(connection),)).fetchone()[0]
        return None if first is None else int(first) // DAY_MS

    def _series_of(self, day: int) -> list[list[int]]:
        """All series, in groups that have a bounded number of rows on *day*."""
        with self._beside.snapshot() as connection:
            rows = connection.execute(
                ROWS_OF_DAY, (day * DAY_MS, (day + 1) * DAY_MS - 1)
            ).fetchone()[0]
            series = [row[0] for row in connection.execute("SELECT id FROM series ORDER BY id")]
        if not rows:
            return []
        size = max(1, len(series) * ROWS_AT_ONCE // rows)
        return [series[at : at + size] for at in range(0, len(series), size)]

    def _late_days(self) -> list[tuple[int, list[int]]]:
        with self._beside.snapshot() as connection:
            before = archived_until_ms(connection) // DAY_MS
            found = connection.execute(LATE_DAYS, (before,)).fetchall()
        return [(day, json.loads(series)) for day, series in found]

    def _pack(self, day: int, series: Collection[int]) -> list[Packed]:
        """*series* on *day* as they are now: what is archived, and raw rows laid over it."""
        begin_ms = day * DAY_MS
        with self._beside.snapshot() as connection:
            old = {
                row.series_id: (row.late, day_columns(connection, row))
                for row in archived_days(connection, day, day, series)
            }
            new = raw_columns(connection, begin_ms, begin_ms + DAY_MS - 1, series)
            old_steps = archived_steps(connection, day, series)
            new_steps = raw_steps(connection, begin_ms, begin_ms + DAY_MS - 1, series)
        nothing = Columns(scheduled_ms=array("q"), codes=b"", duration_us=array("Q"))
        packed: list[Packed] = []
        for series_id in sorted(old.keys() | new.keys()):
            late, before = old.get(series_id, (0, nothing))
            fresh = new.get(series_id, nothing)
            steps = packed_steps(
                old_steps.get(series_id, {}), fresh, new_steps.get(series_id, {}), day
            )
            packed.append(pack(series_id, day, merge(before, fresh), late=late, steps=steps))
        return packed


def _archived_until(day: int, connection: sqlite3.Connection) -> None:
    connection.execute(ARCHIVED_UNTIL, (day,))


def _prune_some(before_day: int, connection: sqlite3.Connection) -> bool:
    """Forget the oldest raw rows of archived days; whether there are more."""
    before_ms = min(before_day * DAY_MS, archived_until_ms(connection))
    if connection.execute(LATE_BEFORE, (before_ms // DAY_MS,)).fetchone():
        return False  # samples that came since are not in the archive yet; next time
    found = connection.execute(PRUNE_TO, (before_ms, ROWS_A_WRITE)).fetchone()
    until_ms = before_ms - 1 if found is None else found[0]
    connection.execute(DELETE_SAMPLES, (until_ms,))
    connection.execute(DELETE_DETAILS, (until_ms,))
    return found is not None
