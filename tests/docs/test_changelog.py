"""The changelog keeps its shape, so that people and programs can read it."""

from __future__ import annotations

import re

from synthetics import __version__
from tests.docs.support import REPOSITORY

LINES = (REPOSITORY / "CHANGELOG.md").read_text("utf-8").splitlines()
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_releases_stand_newest_first_under_what_is_unreleased() -> None:
    releases = [line for line in LINES if line.startswith("## ")]
    dates = [line.rpartition(" ")[2] for line in releases[1:]]

    assert releases[0] == "## [Unreleased]"
    assert all(
        re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", line) for line in releases[1:]
    )
    assert dates == sorted(dates, reverse=True)
    assert not releases[1:] or f"[{__version__}]" in releases[1]


def test_changes_are_sorted_by_kind() -> None:
    assert {line[4:] for line in LINES if line.startswith("### ")} <= KINDS


def test_each_change_is_a_sentence() -> None:
    entries = [line for line in LINES if line.startswith("- ")]

    assert entries
    assert [line for line in entries if not line.endswith((".", "]"))] == []
