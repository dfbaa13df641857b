"""The steps of journeys: each as a series of its own, from raw rows and from the archive."""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from synthetics.store.days import (
    find_runs,
    merge,
    pack_durations,
    pack_runs,
    pack_slowest,
    unpack_day,
)
from synthetics.store.rounds import ids_json
from synthetics.store.step_codes import code_of_step, unpack_steps
from synthetics.store.values import Columns

NUMBER = "SELECT id FROM steps WHERE name = ?"
RAW = """
    SELECT series_id, scheduled_ms, outcome, confirmed, steps FROM samples
    WHERE scheduled_ms BETWEEN :first_ms AND :last_ms AND steps IS NOT NULL
        AND (:series IS NULL OR series_id IN (SELECT value FROM json_each(:series)))
    ORDER BY scheduled_ms, series_id
"""
OF_DAY = """
    SELECT a.series_id, s.step_id, s.runs, d.durations
    FROM archive AS a
    JOIN archive_steps AS s ON s.archive_id = a.id
    JOIN archive_step_durations AS d ON d.archive_step_id = s.id
    WHERE a.day = :day AND a.series_id IN (SELECT value FROM json_each(:series))
"""
KEEP = """
    INSERT INTO archive_steps (archive_id, step_id, runs, slowest) VALUES (?, ?, ?, ?)
    ON CONFLICT (archive_id, step_id) DO UPDATE SET
        runs = excluded.runs, slowest = excluded.slowest
    RETURNING id
"""
KEEP_DURATIONS = "INSERT OR REPLACE INTO archive_step_durations VALUES (?, ?)"

BySteps = dict[int, Columns]
"""The samples of each step of one series, by the number of the step."""


class PackedStep(NamedTuple):
    """A day of one step, ready to be written."""

    number: int
    runs: bytes
    slowest: bytes
    durations: bytes


def number_of(connection: sqlite3.Connection, name: str) -> int | None:
    """The number of the step *name*; ``None`` if no sample has one."""
    found = connection.execute(NUMBER, (name,)).fetchone()
    return None if found is None else int(found[0])


def raw_steps(
    connection: sqlite3.Connection,
    first_ms: int,
    last_ms: int,
    series: Collection[int] | None = None,
    only: int | None = None,
) -> dict[int, BySteps]:
    """What raw rows say of the steps of *series*, or of one of them; both bounds included."""
    found: defaultdict[int, dict[int, tuple[array[int], bytearray, array[int]]]] = defaultdict(dict)
    for series_id, at_ms, outcome, confirmed, blob in connection.execute(
        RAW, {"first_ms": first_ms, "last_ms": last_ms, "series": ids_json(series)}
    ):
        steps = found[series_id]
        for number, said, took_us in unpack_steps(blob):
            if only is not None and number != only:
                continue
            known = steps.get(number)
            if known is None:
                known = steps[number] = (array("q"), bytearray(), array("Q"))
            known[0].append(at_ms)
            known[1].append(code_of_step(said, outcome, confirmed))
            known[2].append(took_us)
    return {
        series_id: {
            number: Columns(scheduled_ms=instants, codes=bytes(codes), duration_us=durations)
            for number, (instants, codes, durations) in steps.items()
        }
        for series_id, steps in found.items()
    }


def archived_steps(
    connection: sqlite3.Connection, day: int, series: Collection[int]
) -> dict[int, BySteps]:
    """What the archive has of the steps of *series* on *day*."""
    found: defaultdict[int, BySteps] = defaultdict(dict)
    for series_id, number, runs, durations in connection.execute(
        OF_DAY, {"day": day, "series": ids_json(series)}
    ):
        found[series_id][number] = unpack_day(runs, durations, day)
    return found


def laid_over(known: Columns, samples: Columns, steps: Columns | None) -> Columns:
    """
    *known* samples of a step, with what later ones say of it laid over them.

    Args:
        known: What was archived.
        samples: The later samples, whole; what they replace of *known* is gone ...
        steps: ... and these are what they say of the step, if anything.
    """
    replaced = frozenset(samples.scheduled_ms)
    kept = [index for index, at_ms in enumerate(known.scheduled_ms) if at_ms not in replaced]
    if len(kept) < len(known):
        known = Columns(
            scheduled_ms=array("q", (known.scheduled_ms[index] for index in kept)),
            codes=bytes(known.codes[index] for index in kept),
            duration_us=array("Q", (known.duration_us[index] for index in kept)),
        )
    return known if steps is None else merge(known, steps)


def packed_steps(old: BySteps, samples: Columns, new: BySteps, day: int) -> list[PackedStep]:
    """Each step of one series on *day* as it is now: see `laid_over`."""
    nothing = Columns(scheduled_ms=array("q"), codes=b"", duration_us=array("Q"))
    packed = []
    for number in sorted(old.keys() | new.keys()):
        known = laid_over(old.get(number, nothing), samples, new.get(number))
        packed.append(
            PackedStep(
                number=number,
                runs=pack_runs(find_runs(known.scheduled_ms, known.codes), day),
                slowest=pack_slowest(known.codes, known.duration_us),
                durations=pack_durations(known.duration_us),
            )
        )
    return packed


def keep_steps(
    connection: sqlite3.Connection, archive_id: int, steps: Collection[PackedStep]
) -> None:
    """Write the steps of an archived day."""
    for step in steps:
        number = connection.execute(
            KEEP, (archive_id, step.number, step.runs, step.slowest)
        ).fetchone()[0]
        connection.execute(KEEP_DURATIONS, (number, step.durations))
