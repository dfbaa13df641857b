"""What a month says of itself: calendars, maintenance, what is unknown, and what has not come."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from probes.result import Outcome
from slo.window import Calendar
from synthetics.config.model import Config
from synthetics.reports import story, to_text
from synthetics.reports.model import SloReport, State
from synthetics.reports.spans import Month
from tests.reports.support import (
    DAY_MS,
    OCTOBER,
    TOKYO,
    Told,
    a_config,
    a_slo,
    during,
    ms,
    report_of,
    steady,
    store_history,
)

HOUR_MS = 3_600_000
BERLIN = ZoneInfo("Europe/Berlin")


def slo_of(config: Config, database: Path, name: str, **how: object) -> SloReport:
    found = report_of(config, database, **how)  # type: ignore[arg-type]
    return next(slo for service in found.services for slo in service.slos if slo.id == name)


def test_the_months_numbers(shop_config: Config, shop_database: Path) -> None:
    slo = slo_of(shop_config, shop_database, "checkout")

    # 31 days of 144 samples; 36 fell into the gap, 12 into maintenance and 3 were void.
    assert slo.tally.counts.valid == 31 * 144 - 36 - 12 - 3
    assert (slo.tally.counts.failed, slo.tally.counts.excluded) == (3, 12)
    assert slo.tally.counts.void == 3
    assert slo.met is True
    assert slo.tally.time.down_ms == HOUR_MS // 2
    assert slo.tally.time.excluded_ms == 2 * HOUR_MS
    # The last sample before the gap speaks for 20 minutes, ten of them into it.
    assert slo.tally.time.unknown_ms == HOUR_MS // 2 + 6 * HOUR_MS - HOUR_MS // 6
    assert slo.budget.allowed_ms == (31 * DAY_MS - 2 * HOUR_MS) // 1000
    assert slo.budget.consumed == Fraction(3, slo.tally.counts.valid) * 1000


def test_an_slo_keeps_its_own_calendar_and_others_take_the_reports(
    shop_config: Config, shop_database: Path
) -> None:
    found = report_of(shop_config, shop_database, zone=BERLIN)
    own, lent, _ = (slo.period for service in found.services for slo in service.slos)

    assert own.zone.key == "Asia/Tokyo"
    assert own.from_ms == ms("2026-10-01T00:00+09:00")
    assert lent.zone.key == "Europe/Berlin"
    assert (lent.from_ms, lent.to_ms) == (
        ms("2026-10-01T00:00+02:00"),
        ms("2026-11-01T00:00+01:00"),
    )


@pytest.mark.parametrize(
    ("month", "hours"),
    [
        pytest.param(Month(2026, 10), 745, id="clocks go back"),
        pytest.param(Month(2026, 3), 743, id="clocks go forward"),
        pytest.param(Month(2028, 2), 696, id="a leap year"),
    ],
)
def test_a_month_is_as_long_as_it_really_is(tmp_path: Path, month: Month, hours: int) -> None:
    config = a_config(a_slo("checkout", window=Calendar("month", BERLIN)))
    period = month.period(BERLIN)
    start = datetime.fromtimestamp(period.from_ms / 1000).astimezone().isoformat()
    end = datetime.fromtimestamp(period.to_ms / 1000).astimezone().isoformat()
    database = store_history(tmp_path / "a.db", steady("checkout", start, end))

    slo = slo_of(config, database, "checkout", span=month, as_of="2029-01-01")

    assert slo.period.length_ms == hours * HOUR_MS
    assert slo.tally.counts.valid == hours * 6
    assert slo.tally.time.up_ms == hours * HOUR_MS
    assert sum(day.tally.counts.valid for day in slo.parts if day.tally) == hours * 6
    assert slo.budget.allowed_ms == hours * HOUR_MS // 1000


def test_an_incident_ends_when_users_were_well_again(
    shop_config: Config, shop_database: Path
) -> None:
    (trouble,) = slo_of(shop_config, shop_database, "checkout").incidents

    assert trouble.start_ms == ms("2026-10-14T09:30")
    assert trouble.detected_ms == ms("2026-10-14T09:41")
    assert trouble.end_ms == ms("2026-10-14T10:00")
    assert trouble.closed_ms == ms("2026-10-14T16:00")
    assert trouble.down_ms == HOUR_MS // 2
    assert story.cause(trouble) == "checkout, step order: wrong status"


def test_what_was_not_known_yet_is_not_told(shop_config: Config, shop_database: Path) -> None:
    before = slo_of(shop_config, shop_database, "checkout", as_of="2026-10-14T09:35")
    (during_it,) = slo_of(
        shop_config, shop_database, "checkout", as_of="2026-10-14T12:00"
    ).incidents

    assert before.incidents == ()
    assert during_it.end_ms is None
    assert during_it.closed_ms is None
    assert before.tally.counts.failed == 1


def test_an_unfinished_month_counts_no_future(shop_config: Config, shop_database: Path) -> None:
    found = report_of(shop_config, shop_database, as_of="2026-10-20T03:00", zone=TOKYO)
    slo = found.services[0].slos[0]

    assert found.state is State.UNFINISHED
    assert story.standing(found).startswith("UNFINISHED: the month so far, as of Tue 20 Oct 2026")
    assert slo.met is False
    assert "; what is missed so far can still be met." in story.standing(found)
    assert slo.tally.time.length_ms == slo.counted_to_ms - slo.period.from_ms
    assert [day.tally is None for day in slo.parts] == [False] * 20 + [True] * 11
    assert all(slo.budget_after(day) is None for day in slo.parts[20:])
    # As much of the month has passed as time has, so its whole budget burnt by that share only.
    rate = Fraction(slo.tally.counts.failed, slo.tally.counts.valid) * 1000
    assert slo.budget.consumed == rate
    assert slo.budget.period_consumed == rate * Fraction(19 * 24 + 12, 31 * 24)
    assert "% of the whole month's, by events, " in story.budget(slo)


def test_the_months_before_begin_where_something_was_kept(
    shop_config: Config, shop_database: Path
) -> None:
    (september,) = slo_of(shop_config, shop_database, "checkout").before
    none = slo_of(shop_config, shop_database, "search").before

    assert september.span == Month(2026, 9)
    assert september.tally.met(Fraction("0.999")) is False
    assert september.tally.counts.valid == 30 * 144
    assert none == ()


def test_a_future_month_says_so_in_words(shop_config: Config, shop_database: Path) -> None:
    found = report_of(shop_config, shop_database, span=Month(2027, 3))
    text = to_text.render(found)

    assert found.state is State.FUTURE
    assert "March 2027 has not begun" in text
    assert "unknown" in text
    assert " 0%" not in text.partition("How this was counted")[0]
    assert all(slo.met is None for service in found.services for slo in service.slos)


def test_a_month_before_any_data_says_so_in_words(shop_config: Config, shop_database: Path) -> None:
    found = report_of(shop_config, shop_database, span=Month(2026, 2))
    text = to_text.render(found).partition("How this was counted")[0]

    assert "No sample of February 2026 is kept, the oldest is of" in text
    assert "unknown, UNKNOWN" not in text
    assert " 0%" not in text


def test_what_is_known_only_in_part_is_named_beside_the_answer(
    shop_config: Config, shop_database: Path
) -> None:
    said = story.standing(report_of(shop_config, shop_database))

    assert said.endswith("Known only in part: search (70.9%).")


def test_a_month_after_the_last_sample_has_none_that_is_kept(
    shop_config: Config, shop_database: Path
) -> None:
    found = report_of(shop_config, shop_database, span=Month(2026, 12), as_of="2027-01-02")

    assert story.answer(found) == "No sample of December 2026 is kept: availability is unknown."


def test_an_empty_database_says_so_in_words(tmp_path: Path) -> None:
    database = store_history(tmp_path / "a.db", [])

    text = to_text.render(report_of(a_config(a_slo("checkout")), database))

    assert "No sample was ever stored: availability is unknown." in text


def test_only_void_samples_are_no_availability(tmp_path: Path) -> None:
    void = during("2026-10-01", "2026-10-03", Outcome.VOID)
    database = store_history(
        tmp_path / "a.db", steady("checkout", "2026-10-01", "2026-10-03", marks=void)
    )

    slo = slo_of(a_config(a_slo("checkout")), database, "checkout")

    assert (slo.met, slo.met_by_time, slo.budget.consumed) == (None, None, None)
    assert story.by_events(slo) == story.by_time(slo) == story.downtime(slo) == "unknown"
    assert slo.tally.time.unknown_ms == 31 * DAY_MS


def test_one_failure_is_never_a_hundred_percent_and_all_budget_of_none(tmp_path: Path) -> None:
    one = {ms("2026-10-02"): Outcome.BAD}
    database = store_history(
        tmp_path / "a.db", steady("checkout", "2026-10-01", "2026-11-01", marks=dict(one))
    )

    slo = slo_of(a_config(a_slo("checkout", objective="1")), database, "checkout")

    assert slo.met is False
    assert story.by_events(slo) == "99.97%"
    assert story.budget_events(slo) == "all"


def test_services_are_chosen_by_name(shop_config: Config, shop_database: Path) -> None:
    found = report_of(shop_config, shop_database, services=("search",))

    assert [service.id for service in found.services] == ["search"]


def test_incidents_are_of_the_months_that_they_touch(tmp_path: Path) -> None:
    over = during("2026-10-31T23:30", "2026-11-01T01:00", Outcome.BAD)
    late = during("2026-09-30T23:00", "2026-09-30T23:30", Outcome.BAD)
    database = store_history(
        tmp_path / "a.db",
        steady("checkout", "2026-09-30", "2026-11-02", marks={**over, **late}),
        told=[
            Told(since="2026-09-30T23:00", opened="2026-09-30T23:11", closed="2026-10-01T05:00"),
            Told(since="2026-10-31T23:30", opened="2026-10-31T23:41", closed="2026-11-01T07:00"),
        ],
    )
    config = a_config(a_slo("checkout"))

    starts = {
        month: [
            each.start_ms for each in slo_of(config, database, "checkout", span=month).incidents
        ]
        for month in (Month(2026, 9), OCTOBER, Month(2026, 11))
    }

    assert starts == {
        Month(2026, 9): [ms("2026-09-30T23:00")],
        OCTOBER: [ms("2026-10-31T23:30")],
        Month(2026, 11): [ms("2026-10-31T23:30")],
    }


@pytest.mark.parametrize(
    "text", ["2026-1", "2026/10", "2026-13", "2026-00", "10-2026", "", "２０２６-10"]
)
def test_what_is_no_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is no month"):
        Month.parse(text)


def test_months_are_counted_over_years() -> None:
    assert Month(2026, 1).plus(-1) == Month(2025, 12)
    assert Month(2026, 12).plus(1) == Month(2027, 1)
    assert str(Month.parse("2026-03")) == "2026-03"
