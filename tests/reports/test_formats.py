"""Every format of one small month, held to the byte; and what none of them may let through."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from synthetics.config.model import Config, Service
from synthetics.reports import columns, formats, to_csv, to_html, to_json, to_markdown, to_text
from synthetics.reports.model import Report
from synthetics.reports.spans import Month
from tests.reports.support import LABEL, TOKYO, a_config, a_slo, golden, report_of

NASTY = '=HYPERLINK("http://x.example","y")'


@pytest.fixture(scope="module")
def finished(shop_config: Config, shop_database: Path) -> Report:
    return report_of(shop_config, shop_database, zone=TOKYO, label=LABEL)


@pytest.fixture(scope="module")
def unfinished(shop_config: Config, shop_database: Path) -> Report:
    return report_of(shop_config, shop_database, as_of="2026-10-20T03:00")


@pytest.mark.parametrize(
    ("shape", "ending"),
    [("text", "txt"), ("markdown", "md"), ("html", "html"), ("csv", "csv"), ("json", "json")],
)
def test_a_finished_month(finished: Report, shape: str, ending: str) -> None:
    golden(f"october.{ending}", formats.render(finished, shape))


def test_an_unfinished_month(unfinished: Report) -> None:
    golden("unfinished.txt", formats.render(unfinished, "text"))


def test_an_unknown_format_is_refused(finished: Report) -> None:
    with pytest.raises(ValueError, match="'pdf' is no format; there are text, markdown"):
        formats.render(finished, "pdf")


@pytest.mark.parametrize("shape", formats.FORMATS)
@pytest.mark.parametrize(
    ("objective", "month", "services"),
    [
        pytest.param("1", Month(2026, 10), (), id="nothing may fail, and something did"),
        pytest.param("0.000001", Month(2026, 10), (), id="nearly everything may fail"),
        pytest.param("0.999", Month(2026, 9), (), id="nearly all of the budget went on one day"),
        pytest.param("0.999", Month(2026, 2), (), id="before anything was kept"),
        pytest.param("0.999", Month(2027, 10), (), id="has not begun"),
        pytest.param("0.999", Month(2026, 10), ("search",), id="a service without objectives"),
    ],
)
def test_every_format_takes_every_month(
    shop_database: Path, shape: str, objective: str, month: Month, services: tuple[str, ...]
) -> None:
    config = a_config(
        a_slo("checkout", objective=objective),
        services=(Service(id="shop", name="shop"), Service(id="search", name="search")),
    )
    found = report_of(config, shop_database, span=month, services=services)

    written = formats.render(found, shape)

    assert re.findall(r"\b(?:nan|NaN|None|Infinity)\b", written) == []


@pytest.mark.parametrize("shape", formats.FORMATS)
def test_a_service_without_an_objective_is_named(shop_database: Path, shape: str) -> None:
    config = a_config(
        a_slo("checkout"),
        services=(Service(id="shop", name="shop"), Service(id="search", name="Suche")),
    )

    everything = formats.render(report_of(config, shop_database), shape)
    one = formats.render(report_of(config, shop_database, services=("shop",)), shape)

    assert re.search(r"(?i)no[ _]objective", everything)
    assert "Suche" in everything
    assert "Suche" not in one


def test_of_a_budget_of_nothing_nothing_is_left(shop_database: Path) -> None:
    text = to_text.render(report_of(a_config(a_slo("checkout", objective="1")), shop_database))

    assert "no failure is allowed, and 7 happened" in " ".join(text.split())


@pytest.mark.parametrize("shape", formats.FORMATS)
def test_a_label_is_in_every_format(finished: Report, shape: str) -> None:
    assert LABEL in formats.render(finished, shape)


def test_text_keeps_to_eighty_columns_and_its_columns_line_up(finished: Report) -> None:
    lines = to_text.render(finished).splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("Service"))
    rows = lines[head + 2 : head + 5]
    starts = {
        columns.width(line[: line.index(name)])
        for line, name in zip(rows, ("checkout", "home-fast", "search"), strict=True)
    }

    assert all(columns.width(line) <= 80 for line in lines)
    assert "本店" in rows[0]
    assert starts == {columns.width(lines[head][: lines[head].index("SLO")])}
    assert len({columns.width(line) for line in rows}) == 1


class _Page(HTMLParser):
    """What a page refers to and what it would run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.images_without_words = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.links += [values[name] or "" for name in ("href", "src", "srcset") if name in values]
        self.ids += [values["id"] or ""] if "id" in values else []
        if tag == "svg" and not values.get("aria-label") and values.get("aria-hidden") != "true":
            self.images_without_words += 1


def test_html_stands_alone_and_runs_nothing(finished: Report) -> None:
    written = to_html.render(finished)
    page = _Page()
    page.feed(written)

    assert set(page.tags).isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base"})
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert re.findall(r"url\((?!#)|@import|https?:", written) == []
    assert len(page.ids) == len(set(page.ids))


def test_html_says_in_words_what_its_charts_show(finished: Report) -> None:
    written = to_html.render(finished)
    page = _Page()
    page.feed(written)

    assert page.images_without_words == 0
    assert '<html lang="en">' in written
    assert "29 days no failure; 1 day no failure seen, partly unknown; 1 day" in written


def test_html_lets_no_markup_of_the_user_through(finished: Report) -> None:
    written = to_html.render(finished)

    assert "<b>all</b>" not in written
    assert "Search | &lt;b&gt;all&lt;/b&gt;" in written


def test_markdown_lets_no_markup_of_the_user_through(finished: Report) -> None:
    written = to_markdown.render(finished)

    assert r"Search \| \<b\>all\</b\>" in written
    assert "\n## " in written
    assert to_markdown.plain("a\n# b") == r"a \# b"


def test_csv_is_read_back_as_it_was_meant(finished: Report) -> None:
    written = to_csv.render(finished)
    rows = list(csv.DictReader(io.StringIO(written, newline="")))

    assert written.count("\r\n") == len(rows) + 1 == 4
    assert [row["slo"] for row in rows] == ["checkout", "home-fast", "search"]
    assert float(rows[0]["sli"]) == float(finished.services[0].slos[0].tally.counts.sli or 0)
    assert rows[0]["service_name"] == "本店"


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", NASTY])
def test_csv_gives_a_spreadsheet_nothing_to_run(finished: Report, start: str) -> None:
    service = replace(finished.services[0], name=start)
    written = to_csv.render(replace(finished, services=(service,), label=start))
    row = next(csv.DictReader(io.StringIO(written, newline="")))

    assert row["service_name"] == row["label"] == "'" + start


def test_csv_says_unknown_with_an_empty_cell(shop_config: Config, shop_database: Path) -> None:
    early = report_of(shop_config, shop_database, as_of="2026-02-01")
    row = next(csv.DictReader(io.StringIO(to_csv.render(early), newline="")))

    assert (row["sli"], row["budget_consumed"], row["coverage"]) == ("", "", "")
    assert (row["met"], row["met_by_time"]) == ("unknown", "unknown")


def test_json_has_the_blocks_that_other_programs_rely_on(finished: Report) -> None:
    document = json.loads(to_json.render(finished))
    slo = document["services"][0]["slos"][0]

    assert (document["format"], document["month"]) == (1, "2026-10")
    assert document["timezone"] == "Asia/Tokyo"
    assert slo["objective"] == "0.999"
    assert slo["events"] == {"valid": 4413, "bad": 3, "excluded": 12, "void": 3}
    assert slo["sli"] == pytest.approx(4410 / 4413, rel=1e-15)
    assert slo["burn_rate"] == slo["budget"]["consumed"]
    assert set(slo["budget"]) == {
        *("consumed", "remaining", "period_consumed", "period_remaining"),
        *("time_s", "time_consumed", "exhausted_at"),
    }
    assert set(slo["time"]) == {
        *("up_s", "down_s", "excluded_s", "unknown_s", "availability", "coverage"),
    }
    assert (slo["met"], slo["met_by_time"]) == (True, True)
    assert slo["period"]["from"] == "2026-09-30T15:00:00Z"
    assert slo["period"]["length_s"] == 31 * 86_400
    assert slo["incidents"][0]["duration_s"] == 1800
    assert len(slo["days"]) == 31


def test_json_says_unknown_with_null(shop_config: Config, shop_database: Path) -> None:
    early = report_of(shop_config, shop_database, as_of="2026-02-01")
    slo = json.loads(to_json.render(early))["services"][0]["slos"][0]

    assert slo["sli"] is slo["met"] is slo["time"]["availability"] is None
    assert slo["budget"]["consumed"] is slo["budget"]["remaining"] is None


def test_json_says_when_the_budget_will_be_gone(unfinished: Report) -> None:
    service = unfinished.services[0]
    tally = service.slos[0].tally
    poor = replace(service.slos[0], tally=replace(tally, counts=replace(tally.counts, bad=5)))
    known = to_json.document(replace(unfinished, services=(replace(service, slos=(poor,)),)))
    (slo,) = known["services"][0]["slos"]

    assert "2026-10-20T03:00:00Z" < slo["budget"]["exhausted_at"] < slo["period"]["to"]
