"""``slo simulate`` as its users and other programs meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.results.support import CONFIG, call_without_db, folder_with

SLO = "checkout-availability"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = folder_with(tmp_path, CONFIG)
    (made / "book.yaml").write_text("alerting: {reset: window, min_bad: 1}\n")
    return made


def simulate(folder: Path, *words: str) -> list[dict[str, Any]]:
    done = call_without_db(folder, "slo", "simulate", SLO, "--format", "json", *words)
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["format"], document["slo"], document["every_s"]) == (1, SLO, 60)
    return [each for each in document["policies"] if each["severity"] == "page"]


def test_an_outage_is_told_soon_and_over_soon(folder: Path) -> None:
    [page] = simulate(folder, "--outage", "10m")

    assert (page["alerts"], page["precision"], page["recall"]) == (1, 1, 1)
    assert page["detection_s"] < 120
    assert page["reset_s"] < 600


def test_two_policies_stand_side_by_side(folder: Path) -> None:
    lost = "--loss", "0.1%", "--for", "10d", "--seeds", "2"

    file = str(folder / "book.yaml")

    book, ours = simulate(folder, *lost, "--policy", file, "--policy", "configured")

    assert (book["policy"], ours["policy"]) == (file, "configured")
    assert book["alerts_per_week"] > 5
    assert ours["alerts"] < 1
    assert book["recall"] is book["detection_s"] is None


def test_flapping_is_one_page(folder: Path) -> None:
    [page] = simulate(folder, "--flapping", "5m")

    assert page["alerts"] == 1


def test_for_people_it_is_a_table(folder: Path) -> None:
    done = call_without_db(folder, "slo", "simulate", SLO, "--outage", "10m")

    assert done.stdout.splitlines()[2:4] == [
        "policy      tells   times  a week  right  found  after  over after",
        "configured  page     1.00    0.47   100%   100%     2m          7m",
    ]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "say what goes wrong"),
        (("--outage", "10m", "--errors", "1%"), "one at a time"),
        (("--outage", "10m", "--for", "3d"), "leave out --for"),
        (("--outage", "10s"), "no sample falls into that"),
        (("--outage", "10"), "is not a duration"),
        (("--errors", "100%"), "below 100%"),
        (("--loss", "1"), "is not a percentage"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    folder: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = call_without_db(folder, "slo", "simulate", SLO, *words)

    assert done.exit_code == 2
    assert complaint in done.stderr
