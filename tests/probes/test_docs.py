"""The page lists every reason that the code can give, and none besides."""

from __future__ import annotations

import re
from pathlib import Path

from probes.curl import reasons

REPOSITORY = Path(__file__).parents[2]
_GIVEN = re.compile(
    r"(?:Failure\(\s*|Outcome\.(?:BAD|VOID),\s*|\bbad,\s*|reason=|return |answer\.failure, )"
    r'"([a-z-]+)"'
)
_TABLE = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)


def test_the_page_lists_every_reason() -> None:
    page = (REPOSITORY / "docs/probes/http.md").read_text(encoding="utf-8")
    listed = {
        slug
        for row in _TABLE.findall(page.partition("## Reasons")[2])
        for slug in re.findall(r"`([a-z-]+)`", row)
    }
    sources = [
        *(REPOSITORY / "probes").glob("*.py"),
        REPOSITORY / "probes/curl/reasons.py",
    ]
    given = {
        slug
        for source in sources
        if source.name not in {"watch.py", "fields.py", "result.py"}
        for slug in _GIVEN.findall(source.read_text(encoding="utf-8"))
    }
    given |= {reason for reason, _ in reasons.OUR_OWN.values()}
    given |= {reason for reason, _ in reasons.VERIFY.values()}
    given |= set(reasons.CODES.values())

    assert listed == given - {"string", "array", "object", "null", "boolean", "number"}
