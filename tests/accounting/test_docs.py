"""The page about the accounting policy cannot be wrong: what it shows is run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "accounting.md"
BLOCK = re.compile(r"^```pycon\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_examples_of_the_page_come_out_as_shown() -> None:
    page = PAGE.read_text(encoding="utf-8")
    examples = "\n".join(BLOCK.findall(page))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, PAGE.name, 0)
    told: list[str] = []

    outcome = doctest.DocTestRunner(verbose=False).run(test, out=told.append)

    assert outcome.attempted > 30
    assert not outcome.failed, "".join(told)


def test_every_rule_has_its_place_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    headings = [line for line in page.splitlines() if line.startswith("### ")]

    for number in range(1, 13):
        assert any(re.search(rf"\bR{number}\b", heading) for heading in headings), f"R{number}"
