"""``synthetics report`` as its user meets it: options, exit codes, and where words go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from probes.result import Outcome
from synthetics.cli import main
from tests.reports.support import during, steady, store_history

CONFIG = """\
defaults: {every: 10m, timeout: 10s}
services:
  shop: {name: 本店}
  search: {}
probes:
  checkout: {service: shop, http: {get: https://shop.example/}}
  find: {service: search, http: {get: https://search.example/}}
slos:
  checkout: {service: shop, probes: [checkout], objective: 99.9%, window: 30d}
  find: {service: search, probes: [find], objective: 99%, window: 30d}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration and the database that goes with it: checkout is down for five hours."""
    folder = tmp_path_factory.mktemp("command")
    (folder / "synthetics.yaml").write_text(CONFIG, "utf-8")
    down = during("2026-10-02T05:00", "2026-10-02T10:00", Outcome.BAD)
    store_history(
        folder / "synthetics.db",
        [
            *steady("checkout", "2026-10-01", "2026-11-01", marks=down),
            *steady("find", "2026-10-01", "2026-11-01"),
        ],
    )
    return folder


def call(folder: Path, *words: str) -> Result:
    where = ("--config", str(folder / "synthetics.yaml"), "--db", str(folder / "synthetics.db"))
    return CliRunner().invoke(main, ["report", *where, "--as-of", "2026-11-03T00:00Z", *words])


def test_a_report_is_printed(folder: Path) -> None:
    done = call(folder, "--month", "2026-10")

    assert done.exit_code == 0
    assert done.stdout.startswith("Availability, October 2026\n")
    assert "1 of 2 objectives missed (checkout)." in done.stdout
    assert done.stderr == ""


def test_the_month_before_is_the_default(folder: Path) -> None:
    assert json.loads(call(folder, "--format", "json").stdout)["month"] == "2026-10"


def test_the_default_month_is_that_of_the_zone(folder: Path) -> None:
    words = ("--format", "json", "--timezone", "Asia/Tokyo", "--as-of", "2026-10-31T16:00Z")

    assert json.loads(call(folder, *words).stdout)["month"] == "2026-10"


@pytest.mark.parametrize(
    ("option", "said", "title"),
    [("--quarter", "2026-q4", "Oct to Dec 2026"), ("--year", "2026", "2026")],
)
def test_a_report_is_of_a_quarter_or_a_year_as_well(
    folder: Path, option: str, said: str, title: str
) -> None:
    assert call(folder, option, said).stdout.startswith(f"Availability, {title}\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param((), 1, id="one is missed"),
        pytest.param(("--service", "search"), 0, id="that one is not asked about"),
        pytest.param(("--month", "2026-01"), 0, id="unknown is not missed"),
    ],
)
def test_fail_is_for_missed_objectives(folder: Path, words: tuple[str, ...], code: int) -> None:
    done = call(folder, "--fail", *words)

    assert done.exit_code == code
    assert done.stdout


def test_a_file_is_written_and_nothing_printed(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    done = call(folder, "--format", "html", "--output", str(output))

    assert (done.exit_code, done.output) == (0, "")
    assert output.read_text("utf-8").startswith("<!doctype html>")


def test_a_label_is_printed(folder: Path) -> None:
    assert call(folder, "--label", "A drill").stdout.startswith("*** A drill\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--month", "2026-13"), "'2026-13' is no month between 1970-01 and 9998-12"),
        (("--month", "October"), "'October' is no month; write it as 2026-10"),
        (("--quarter", "2026-10"), "'2026-10' is no quarter; write it as 2026-Q4"),
        (("--month", "2026-10", "--year", "2026"), "a report is of one month, one quarter or one"),
        (("--timezone", "Berlin"), "'Berlin' is no time zone, as Europe/Berlin is"),
        (("--timezone", "../etc/passwd"), "is no time zone"),
        (("--as-of", "yesterday"), "'yesterday' is no time with an offset"),
        (("--as-of", "2026-10-01T00:00"), "'2026-10-01T00:00' is no time with an offset"),
        (("--service", "shopp"), "no service 'shopp'"),
        (("--service", "shopp"), "there are: shop, search"),
        (("--format", "pdf"), "'pdf' is not one of"),
        (("--output", "/nowhere/report.html"), "No such file or directory"),
        (("--db", "missing.db"), "does not exist"),
        (("--config", "missing.yaml"), "missing.yaml"),
    ],
)
def test_what_cannot_be_done_is_said_on_stderr(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    done = call(folder, *words)

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""
