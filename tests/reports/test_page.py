"""The page about reports: its examples are run, and its tables name what there is."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from probes.result import Outcome
from synthetics.cli import main
from synthetics.reports import to_csv
from tests.docs.support import REPOSITORY, Fence, of_page
from tests.reports.support import MINUTE, Told, during, steady, store_history

PAGE = REPOSITORY / "docs" / "reports.md"
FENCES = list(of_page(PAGE))
WRITTEN = PAGE.read_text("utf-8")


def fence(language: str) -> Fence:
    return next(each for each in FENCES if each.language == language)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's configuration, and the two months that it speaks of."""
    (tmp_path / "synthetics.yaml").write_text(fence("yaml").text, "utf-8")
    happened = {
        **during("2026-09-20T01:00", "2026-09-20T01:50", Outcome.BAD),
        **during("2026-10-14T09:30", "2026-10-14T09:55", Outcome.BAD),
        **during("2026-10-25T04:00", "2026-10-25T09:00", None),
    }
    samples = steady(
        "checkout", "2026-08-31T15:00", "2026-11-01T15:00", every=5 * MINUTE, marks=happened
    )
    outage = Told(
        slos=("checkout-availability",),
        since="2026-10-14T09:30",
        opened="2026-10-14T09:35",
        closed="2026-10-14T15:55",
        step="",
    )
    store_history(tmp_path / "synthetics.db", samples, told=[outage])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_example_prints_what_the_page_says() -> None:
    command, _, expected = fence("console").text.partition("\n")
    done = CliRunner().invoke(main, command.removeprefix("$ synthetics ").split())

    assert done.exit_code == 0, done.output
    assert done.stdout.partition("\nHow this was counted")[0] == expected.rstrip("…\n") + "\n"


@pytest.mark.usefixtures("folder")
def test_the_example_in_python_runs() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(fence("python").text, str(PAGE), "exec"), {})

    assert printed.getvalue().startswith("Availability, October 2026\n")


@pytest.mark.usefixtures("folder")
def test_every_field_of_json_and_column_of_csv_is_on_the_page() -> None:
    words = ["report", "--month", "2026-10", "--as-of", "2026-11-02T09:00+09:00", "--format"]
    document = json.loads(CliRunner().invoke(main, [*words, "json"]).stdout)
    named = set(re.findall(r"`([a-z_]+)`", WRITTEN))

    assert keys(document) - {"format"} <= named
    assert set(to_csv.COLUMNS) <= named


def keys(value: Any) -> set[str]:
    """Every key in *value*, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()
