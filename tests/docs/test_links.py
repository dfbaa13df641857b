"""A link that leads nowhere is worse than none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.support import REPOSITORY, pages

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that a forge gives to the headings of *page*."""
    found = set()
    for line in CODE.sub(lambda code: code[0].strip("`"), page.read_text("utf-8")).splitlines():
        if line.startswith("#"):
            words = line.lstrip("#").strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_to_a_file_leads_to_it(page: Path) -> None:
    dead = []
    for match in LINK.finditer(CODE.sub("", page.read_text("utf-8"))):
        target = match["target"]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(target)

    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = [REPOSITORY / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        text = CODE.sub("", page.read_text("utf-8"))
        names = (match["target"].partition("#")[0] for match in LINK.finditer(text))
        ahead += [(page.parent / name).resolve() for name in names if name and ":" not in name]

    unreached = set(pages()) - reached
    assert sorted(str(page.relative_to(REPOSITORY)) for page in unreached) == []
