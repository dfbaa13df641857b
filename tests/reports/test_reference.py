"""The report's numbers against a slow reference that walks raw rows minute by minute."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.result import Outcome
from slo.counts import Counts
from slo.shares import TimeShares
from slo.window import Calendar
from synthetics.clock import instant
from synthetics.config.model import (
    Accounting,
    Availability,
    Config,
    Latency,
    Maintenance,
    Retries,
    Sli,
    Slo,
)
from synthetics.reports.model import SloReport
from synthetics.sample import Sample
from tests.reports.support import (
    MINUTE_MS,
    OCTOBER,
    a_config,
    a_probe,
    a_sample,
    a_slo,
    ms,
    report_of,
    store_history,
)

START, END = ms("2026-09-30T12:00"), ms("2026-11-01T12:00")
MINUTES = (END - START) // MINUTE_MS
BOUND_US = 200_000
ROWS = """
    SELECT scheduled_ms, outcome, confirmed, duration_us FROM samples ORDER BY scheduled_ms
"""
GOOD, BAD, VOID = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Row:
    """A raw row, as SQLite has it."""

    at_ms: int
    outcome: int
    confirmed: int
    duration_us: int


def rows_of(database: Path) -> list[Row]:
    with closing(sqlite3.connect(database)) as db:
        return [Row(*row) for row in db.execute(ROWS)]


def failed(row: Row, slo: Slo) -> bool:
    """Whether a row that is not void counts against *slo*."""
    if row.outcome == BAD:
        last_counts = slo.accounting.retries is Retries.LAST
        return not (last_counts and row.confirmed == GOOD)
    return isinstance(slo.sli, Latency) and row.duration_us >= slo.sli.bound_us


@dataclass(frozen=True, slots=True)
class Reference:
    """What counting one by one gives; time in minutes."""

    good: int
    failed: int
    void: int
    excluded: int
    up: int
    down: int
    aside: int
    unknown: int


def reference(rows: list[Row], slo: Slo, config: Config, as_of_ms: int) -> Reference:
    assert isinstance(slo.window, Calendar)
    period = OCTOBER.period(slo.window.timezone)
    assert slo.accounting.valid_for is not None
    valid_for_ms = slo.accounting.valid_for // timedelta(milliseconds=1)
    maintenance = [
        range(
            int(window.start.timestamp()) // 60 * 60_000,
            -(-int(window.end.timestamp()) // 60) * 60_000,
        )
        for window in config.maintenance
    ]
    events = {"good": 0, "failed": 0, "void": 0, "excluded": 0}
    for row in rows:
        if not period.from_ms <= row.at_ms < period.to_ms or row.at_ms > as_of_ms:
            continue
        if any(row.at_ms in window for window in maintenance):
            events["excluded"] += 1
        elif row.outcome == VOID:
            events["void"] += 1
        else:
            events["failed" if failed(row, slo) else "good"] += 1
    time = {"up": 0, "down": 0, "aside": 0, "unknown": 0}
    speaking: Row | None = None
    waiting = iter(rows)
    following = next(waiting, None)
    for at_ms in range(START, min(period.to_ms, as_of_ms), MINUTE_MS):
        while following is not None and following.at_ms <= at_ms:
            speaking, following = following, next(waiting, None)
        if at_ms < period.from_ms:
            continue
        if any(at_ms in window for window in maintenance):
            time["aside"] += 1
        elif speaking is None or speaking.outcome == VOID or at_ms >= speaking.at_ms + valid_for_ms:
            time["unknown"] += 1
        else:
            time["down" if failed(speaking, slo) else "up"] += 1
    return Reference(**events, **time)


def samples() -> st.SearchStrategy[list[Sample]]:
    """Stretches of samples at some interval and of some outcome, over each other and apart."""
    stretch = st.tuples(
        st.integers(0, MINUTES - 1),
        st.integers(1, 400),
        st.sampled_from([1, 3, 7]),
        st.sampled_from(list(Outcome)[:3]),
        st.sampled_from(list(Outcome)[:3]),
        st.sampled_from([0.1, 0.2, 0.3]),
    )

    def expand(stretches: list[tuple[int, int, int, Outcome, Outcome, float]]) -> list[Sample]:
        return [
            a_sample(
                "checkout",
                START + (first + number * step) * MINUTE_MS,
                outcome,
                confirmed=confirmed if outcome is Outcome.BAD else outcome,
                duration_s=duration_s,
            )
            for first, count, step, outcome, confirmed, duration_s in stretches
            for number in range(count)
        ]

    return st.lists(stretch, max_size=12).map(expand)


slis: st.SearchStrategy[Sli] = st.sampled_from([Availability(), Latency(bound_us=BOUND_US)])
zones = st.sampled_from(["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York"])


@settings(max_examples=25, deadline=None)
@given(
    history=samples(),
    sli=slis,
    zone=zones,
    retries=st.sampled_from(Retries),
    valid_for=st.integers(1, 20),
    maintenance=st.lists(st.tuples(st.integers(0, MINUTES), st.integers(1, 2_000)), max_size=3),
    as_of=st.integers(MINUTES // 2, MINUTES),
)
def test_every_number_is_what_counting_raw_rows_gives(
    history: list[Sample],
    sli: Sli,
    zone: str,
    retries: Retries,
    valid_for: int,
    maintenance: list[tuple[int, int]],
    as_of: int,
) -> None:
    slo = a_slo(
        "checkout",
        sli=sli,
        window=Calendar("month", ZoneInfo(zone)),
        accounting=Accounting(valid_for=timedelta(minutes=valid_for), retries=retries),
    )
    windows = [
        Maintenance(
            start=instant(START + first * MINUTE_MS + 20_000),
            end=instant(START + (first + length) * MINUTE_MS - 10_000),
            reason="work",
        )
        for first, length in maintenance
    ]
    config = a_config(slo, probes=[a_probe("checkout")], maintenance=windows)
    as_of_ms = START + as_of * MINUTE_MS
    with tempfile.TemporaryDirectory() as folder:
        database = store_history(Path(folder) / "synthetics.db", history)
        found = report_of(config, database, as_of=instant(as_of_ms).isoformat())
        rows = rows_of(database)

    (counted,) = found.services[0].slos

    assert seen(counted) == reference(rows, slo, config, as_of_ms)
    assert sum_of_days(counted) == seen(counted)
    check_ratios(counted)


def seen(slo: SloReport) -> Reference:
    """The report's numbers in the reference's words."""
    return _as_reference([slo.tally.counts], [slo.tally.time])


def sum_of_days(slo: SloReport) -> Reference:
    """The same from the days, which no sample and no minute may fall between."""
    tallies = [day.tally for day in slo.parts if day.tally is not None]
    return _as_reference([each.counts for each in tallies], [each.time for each in tallies])


def _as_reference(counts: list[Counts], times: list[TimeShares]) -> Reference:
    events, time = sum(counts, Counts()), sum(times, TimeShares())
    return Reference(
        good=events.good,
        failed=events.failed,
        void=events.void,
        excluded=events.excluded,
        up=time.up_ms // MINUTE_MS,
        down=time.down_ms // MINUTE_MS,
        aside=time.excluded_ms // MINUTE_MS,
        unknown=time.unknown_ms // MINUTE_MS,
    )


def check_ratios(slo: SloReport) -> None:
    counts, time = slo.tally.counts, slo.tally.time
    if not counts.valid:
        assert slo.met is None
        assert slo.budget.consumed is None
        return
    allowed = (1 - slo.objective) * counts.valid
    assert slo.met == (counts.failed <= allowed)
    passed = Fraction(slo.counted_to_ms - slo.period.from_ms, slo.period.length_ms)
    assert slo.budget.consumed == counts.failed / allowed
    assert slo.budget.period_consumed == counts.failed / allowed * passed
    assert slo.budget.spent_ms == time.down_ms
    last = [day for day in slo.parts if day.tally is not None][-1]
    after = slo.budget_after(last)
    assert after is not None
    assert after.period_remaining == slo.budget.period_remaining
