"""Rolling windows, and periods of the calendar at their true length (R1)."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.window import PARTS_OF_YEARS, Calendar, Rolling, Unit
from tests.slo.support import DAY, HOUR, MINUTE, every_minute

ZONES = [
    "UTC",
    "Asia/Tokyo",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # clocks went forward at midnight, and back to before it
    "America/Havana",  # a midnight came twice
    "Pacific/Apia",  # left a day out
    "Australia/Lord_Howe",  # goes forward by half an hour
]


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_rolling_window_holds_as_many_samples_as_intervals_wherever_it_stands() -> None:
    timeline = every_minute("." * 100)

    for now in range(50 * MINUTE, 60 * MINUTE, 7_000):
        bounds = Rolling(30 * MINUTE).bounds(now)
        assert timeline.counts(bounds.after_ms, bounds.until_ms).good == 30
        assert bounds.finished
        assert bounds.known_ms == bounds.length_ms == 30 * MINUTE


@pytest.mark.parametrize(
    ("unit", "zone", "moment", "start", "end", "hours"),
    [
        pytest.param(
            "month",
            "Asia/Tokyo",
            "2026-10-01T00:00:00+09:00",
            "2026-10-01T00:00:00+09:00",
            "2026-11-01T00:00:00+09:00",
            744,
            id="the first instant of a month belongs to it",
        ),
        pytest.param(
            "month",
            "Europe/Berlin",
            "2026-03-15T12:00:00+01:00",
            "2026-03-01T00:00:00+01:00",
            "2026-04-01T00:00:00+02:00",
            743,
            id="a March in which clocks go forward is an hour short",
        ),
        pytest.param(
            "month",
            "America/New_York",
            "2026-11-30T23:59:59.999-05:00",
            "2026-11-01T00:00:00-04:00",
            "2026-12-01T00:00:00-05:00",
            721,
            id="a November in which they go back has an hour more",
        ),
        pytest.param(
            "day",
            "America/Sao_Paulo",
            "2018-11-04T12:00:00-02:00",
            "2018-11-04T03:00:00+00:00",
            "2018-11-05T02:00:00+00:00",
            23,
            id="a day without a midnight begins at one o'clock",
        ),
        pytest.param(
            "day",
            "America/Havana",
            "2026-11-01T00:30:00-05:00",
            "2026-11-01T00:00:00-04:00",
            "2026-11-02T00:00:00-05:00",
            25,
            id="of a midnight that comes twice the first one counts",
        ),
        pytest.param(
            "week",
            "UTC",
            "2026-11-22T23:00:00+00:00",
            "2026-11-16T00:00:00+00:00",
            "2026-11-23T00:00:00+00:00",
            168,
            id="a week begins on Monday",
        ),
        pytest.param(
            "quarter",
            "UTC",
            "2026-12-31T23:59:00+00:00",
            "2026-10-01T00:00:00+00:00",
            "2027-01-01T00:00:00+00:00",
            92 * 24,
            id="the last quarter ends with the year",
        ),
        pytest.param(
            "year",
            "UTC",
            "2028-02-29T00:00:00+00:00",
            "2028-01-01T00:00:00+00:00",
            "2029-01-01T00:00:00+00:00",
            366 * 24,
            id="a leap year",
        ),
        pytest.param(
            "half-year",
            "Europe/Berlin",
            "2026-06-30T23:59:59.999+02:00",
            "2026-01-01T00:00:00+01:00",
            "2026-07-01T00:00:00+02:00",
            181 * 24 - 1,
            id="a first half-year ends an hour early where clocks went forward",
        ),
        pytest.param(
            "half-year",
            "UTC",
            "2026-07-01T00:00:00+00:00",
            "2026-07-01T00:00:00+00:00",
            "2027-01-01T00:00:00+00:00",
            184 * 24,
            id="the second half-year is the longest there is",
        ),
    ],
)
def test_a_period_is_as_long_as_it_really_is(
    unit: Unit, zone: str, moment: str, start: str, end: str, hours: int
) -> None:
    bounds = Calendar(unit, ZoneInfo(zone)).bounds(at(moment))

    assert (bounds.from_ms, bounds.to_ms) == (at(start), at(end))
    assert bounds.length_ms == hours * HOUR


@pytest.mark.parametrize(
    ("unit", "starts", "zone", "moment", "start", "end"),
    [
        pytest.param(
            "fiscal-year",
            4,
            "Asia/Tokyo",
            "2028-03-31T23:59:59.999+09:00",
            "2027-04-01T00:00:00+09:00",
            "2028-04-01T00:00:00+09:00",
            id="the last instant of a year from April, with a leap day in it",
        ),
        pytest.param(
            "fiscal-year",
            4,
            "Asia/Tokyo",
            "2028-04-01T00:00:00+09:00",
            "2028-04-01T00:00:00+09:00",
            "2029-04-01T00:00:00+09:00",
            id="and the first instant of the next",
        ),
        pytest.param(
            "fiscal-year",
            1,
            "UTC",
            "2026-12-31T00:00:00+00:00",
            "2026-01-01T00:00:00+00:00",
            "2027-01-01T00:00:00+00:00",
            id="from January it is the calendar year",
        ),
        pytest.param(
            "fiscal-year",
            12,
            "America/New_York",
            "2026-11-30T23:00:00-05:00",
            "2025-12-01T00:00:00-05:00",
            "2026-12-01T00:00:00-05:00",
            id="from December it begins the year before",
        ),
        pytest.param(
            "half-year",
            4,
            "UTC",
            "2027-01-15T00:00:00+00:00",
            "2026-10-01T00:00:00+00:00",
            "2027-04-01T00:00:00+00:00",
            id="the second half of a year from April lies in two calendar years",
        ),
        pytest.param(
            "quarter",
            2,
            "UTC",
            "2027-01-15T00:00:00+00:00",
            "2026-11-01T00:00:00+00:00",
            "2027-02-01T00:00:00+00:00",
            id="the last quarter of a year from February",
        ),
    ],
)
def test_parts_of_a_year_begin_where_the_year_does(
    unit: Unit, starts: int, zone: str, moment: str, start: str, end: str
) -> None:
    bounds = Calendar(unit, ZoneInfo(zone), starts).bounds(at(moment))

    assert (bounds.from_ms, bounds.to_ms) == (at(start), at(end))


@pytest.mark.parametrize(
    ("unit", "starts"),
    [("fiscal-year", 0), ("fiscal-year", 13), ("month", 4), ("year", 4), ("week", 2)],
)
def test_a_beginning_that_means_nothing_is_refused(unit: Unit, starts: int) -> None:
    with pytest.raises(ValueError, match=r"month|year"):
        Calendar(unit, ZoneInfo("UTC"), starts)


moments = st.integers(
    int(datetime(1971, 1, 1, tzinfo=UTC).timestamp() * 1000),
    int(datetime(2050, 1, 1, tzinfo=UTC).timestamp() * 1000),
)


@given(st.sampled_from(ZONES), st.sampled_from(get_args(Unit)), st.integers(1, 12), moments)
def test_every_instant_is_in_exactly_one_period(
    zone: str, unit: Unit, starts: int, now: int
) -> None:
    window = Calendar(unit, ZoneInfo(zone), starts if unit in PARTS_OF_YEARS else 1)

    bounds = window.bounds(now)

    assert bounds.from_ms <= now < bounds.to_ms
    assert bounds.length_ms <= window.longest_ms
    assert window.bounds(bounds.from_ms).from_ms == bounds.from_ms
    assert window.bounds(bounds.to_ms - 1).from_ms == bounds.from_ms
    assert window.bounds(bounds.to_ms).from_ms == bounds.to_ms


@given(st.sampled_from(ZONES), moments)
def test_the_periods_of_a_year_add_up_to_it(zone: str, now: int) -> None:
    year = Calendar("year", ZoneInfo(zone)).bounds(now)
    month = Calendar("month", ZoneInfo(zone))

    starts = [year.from_ms]
    while starts[-1] < year.to_ms:
        starts.append(month.bounds(starts[-1]).to_ms)

    assert starts[-1] == year.to_ms
    assert len(list(pairwise(starts))) == 12


def test_a_period_in_progress_does_not_count_its_future() -> None:
    bounds = Calendar("month", ZoneInfo("UTC")).bounds(at("2026-11-04T00:00:00+00:00"))

    assert bounds.until_ms == bounds.known_to_ms == at("2026-11-04T00:00:00+00:00")
    assert bounds.known_ms == 3 * DAY
    assert not bounds.finished


def test_the_sample_due_as_a_period_ends_belongs_to_the_next() -> None:
    """R1: [start, end)."""
    month = Calendar("month", ZoneInfo("UTC"))
    edge = at("2026-11-01T00:00:00+00:00")
    timeline = every_minute("x", first_ms=edge)
    october, november = month.bounds(edge - 1), month.bounds(edge)

    assert timeline.counts(october.after_ms, october.until_ms).valid == 0
    assert timeline.counts(november.after_ms, november.until_ms).bad == 1


def test_factors_are_reckoned_with_months_of_thirty_days() -> None:
    assert Calendar("month", ZoneInfo("UTC")).nominal_length_ms == 30 * DAY
    assert Rolling(28 * DAY).nominal_length_ms == 28 * DAY


def test_impossible_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        Rolling(0)
    with pytest.raises(ValueError, match="unknown period"):
        Calendar("fortnight", ZoneInfo("UTC"))  # type: ignore[arg-type]  # what is refused
