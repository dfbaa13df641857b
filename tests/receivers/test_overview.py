"""The page that lists all receivers."""

from __future__ import annotations

import re

import pytest

from synthetics.kinds import receiver_kinds
from tests.docs.support import REPOSITORY

ROWS = {
    match[1]: match[2].split("|")
    for match in re.finditer(
        r"^\| \[(\w+)\]\(\w+\.md\) \|(.*)\|$",
        (REPOSITORY / "docs" / "receivers" / "index.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}


def test_every_receiver_is_listed_in_order() -> None:
    assert list(ROWS) == sorted(receiver_kinds())


@pytest.mark.parametrize("kind", sorted(receiver_kinds()))
def test_the_limit_that_it_names_is_the_one_that_is_kept(kind: str) -> None:
    limit = getattr(receiver_kinds()[kind].module, "PER_MINUTE", None)

    assert ROWS[kind][4].split()[:1] == ([str(limit)] if limit else [])
