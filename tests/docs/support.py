"""Pages, and the fenced examples in them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_COMMENT = re.compile(r"<!--\s*(?P<text>(?:(?!-->).)*?)\s*-->\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """
    One fenced example.

    Attributes:
        mark: What the HTML comment right before it says; empty without one.
    """

    page: Path
    line: int
    language: str
    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"


def pages() -> list[Path]:
    """Every page for people that is kept, and every new one that is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return sorted(
        REPOSITORY / name
        for name in listed
        if name and not name.startswith("tests/") and (REPOSITORY / name).is_file()
    )


def fences(language: str) -> list[Fence]:
    """Every example in *language*, of all pages."""
    return [fence for page in pages() for fence in of_page(page) if fence.language == language]


def of_page(page: Path) -> Iterator[Fence]:
    """The examples of one page."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        comment = _COMMENT.search(text[: match.start()])
        yield Fence(
            page=page,
            line=text.count("\n", 0, match.start()) + 1,
            language=match["language"],
            mark=comment["text"] if comment else "",
            text=match["text"],
        )
