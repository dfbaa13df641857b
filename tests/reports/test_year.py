"""Quarters and years: the same numbers as those of their months, in every format."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetics.config.model import Config
from synthetics.reports import charts, formats
from synthetics.reports.model import Report, SloReport
from synthetics.reports.spans import Month, PartOfYear, Quarter, Year
from tests.reports.support import LABEL, TOKYO, golden, report_of

Y2026, Q4 = Year(2026), Quarter(2026, 4)
LATER = "2027-01-02"


@pytest.fixture(scope="module")
def year(shop_config: Config, shop_database: Path) -> Report:
    return report_of(shop_config, shop_database, span=Y2026, zone=TOKYO, as_of=LATER, label=LABEL)


def slos(report: Report) -> list[SloReport]:
    return [slo for service in report.services for slo in service.slos]


@pytest.mark.parametrize("span", [pytest.param(Y2026, id="year"), pytest.param(Q4, id="quarter")])
def test_the_months_of_a_longer_span_are_those_of_reports_of_each(
    shop_config: Config, shop_database: Path, span: PartOfYear
) -> None:
    whole = slos(report_of(shop_config, shop_database, span=span, zone=TOKYO, as_of=LATER))

    for number, month in enumerate(span.parts()):
        of_month = report_of(shop_config, shop_database, span=month, zone=TOKYO, as_of=LATER)
        assert [slo.parts[number].tally for slo in whole] == [s.tally for s in slos(of_month)]
    for slo in whole:
        assert slo.parts[-1].so_far == slo.tally.counts
        assert sum(part.tally.time.length_ms for part in slo.parts if part.tally) == (
            slo.period.length_ms
        )


def test_a_years_budget_is_that_of_the_whole_year(year: Report) -> None:
    checkout = slos(year)[0]

    assert checkout.period.length_ms == 365 * 86_400_000
    assert checkout.budget.consumed == checkout.tally.consumed(checkout.objective)
    assert len(checkout.incidents) == 2


@pytest.mark.parametrize(
    ("shape", "ending"),
    [("text", "txt"), ("markdown", "md"), ("html", "html"), ("csv", "csv"), ("json", "json")],
)
def test_a_finished_year(year: Report, shape: str, ending: str) -> None:
    golden(f"year.{ending}", formats.render(year, shape))


def test_an_unfinished_year_says_which_months_have_not_come(
    shop_config: Config, shop_database: Path
) -> None:
    found = report_of(shop_config, shop_database, span=Y2026, as_of="2026-10-20T03:00")
    text = formats.render(found, "text")

    assert "UNFINISHED: the year so far, as of Tue 20 Oct 2026 03:00 UTC." in text
    assert "Nov 2026   not yet" in text
    assert "of the whole year's, by events" in text


def test_programs_are_told_what_the_report_is_of(
    shop_config: Config, shop_database: Path, year: Report
) -> None:
    quarter = report_of(shop_config, shop_database, span=Q4, zone=TOKYO, as_of=LATER)
    of_year = json.loads(formats.render(year, "json"))
    of_quarter = json.loads(formats.render(quarter, "json"))
    first = of_year["services"][0]["slos"][0]

    assert (of_year["year"], of_quarter["quarter"]) == ("2026", "2026-Q4")
    assert [month["month"] for month in first["months"]][:2] == ["2026-01", "2026-02"]
    assert first["years_before"] == []
    (before,) = of_quarter["services"][0]["slos"][0]["quarters_before"]
    assert before["quarter"] == "2026-Q3"
    head, row, *_ = csv.reader(io.StringIO(formats.render(year, "csv")))
    assert (head[0], row[0]) == ("year", "2026")


def test_the_chart_of_a_year_names_its_months(year: Report) -> None:
    checkout = slos(year)[0]

    assert [cell.mark for cell in charts.cells(checkout)][:3] == ["Jan", "Feb", "Mar"]
    assert charts.summary(checkout).endswith("1 month objective missed; 9 months unknown")


@given(
    kind=st.sampled_from([Month, Quarter, Year]),
    year=st.integers(1970, 9990),
    number=st.integers(0, 11),
    further=st.integers(-30, 30),
)
def test_spans_follow_each_other_without_a_gap(
    kind: type[PartOfYear], year: int, number: int, further: int
) -> None:
    span = kind(max(year, 1980), number % kind.PER_YEAR + 1)
    zone = ZoneInfo("Europe/Berlin")
    parts = [part.period(zone) for part in span.parts()]

    assert kind.parse(str(span)) == span
    assert span.plus(further).plus(-further) == span
    assert span.period(zone).to_ms == span.plus(1).period(zone).from_ms
    assert parts[0].from_ms == span.period(zone).from_ms
    assert parts[-1].to_ms == span.period(zone).to_ms
    assert all(one.to_ms == other.from_ms for one, other in pairwise(parts))


def test_a_quarter_is_three_months() -> None:
    assert Quarter(2026, 3).parts() == (Month(2026, 7), Month(2026, 8), Month(2026, 9))
    assert Quarter(2026, 3).first == date(2026, 7, 1)
    assert Quarter(2026, 3).title == "Jul to Sep 2026"
    assert Quarter(2026, 1).plus(-1) == Quarter(2025, 4)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (Quarter, "2026-Q5", "'2026-Q5' is no quarter between 1970-Q1 and 9998-Q4"),
        (Quarter, "2026-3", "'2026-3' is no quarter; write it as 2026-Q4"),
        (Year, "26", "'26' is no year; write it as 2026"),
        (Year, "1969", "'1969' is no year between 1970 and 9998"),
        (Year, "２０２６", "'２０２６' is no year; write it as 2026"),
    ],
)
def test_what_is_none_is_refused_with_an_example(
    kind: type[PartOfYear], text: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        kind.parse(text)
