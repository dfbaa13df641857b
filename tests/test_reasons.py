from __future__ import annotations

import re

import pytest

from synthetics import reasons
from tests.docs.support import REPOSITORY


def documented() -> list[str]:
    """Every reason for a bad sample that the page on `http` lists."""
    page = (REPOSITORY / "docs" / "probes" / "http.md").read_text("utf-8")
    bad = page.partition("\n## Reasons\n")[2].partition("These are **void**")[0]
    rows = (line.split("|")[1] for line in bad.splitlines() if line.startswith("| `"))
    return [slug for row in rows for slug in re.findall(r"`([a-z-]+)`", row)]


def test_the_page_lists_reasons() -> None:
    assert {"dns", "status", "tls-expired", "failed"} <= set(documented())


@pytest.mark.parametrize("reason", documented())
def test_every_reason_has_words(reason: str) -> None:
    assert reasons.said(reason) != reason


def test_a_reason_of_a_third_party_is_said_as_it_is() -> None:
    assert reasons.said("weird-thing") == "weird-thing"
    assert reasons.said("") == ""
