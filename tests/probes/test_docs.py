"""The page lists every reason that the code can give, and none besides."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

from probes.curl import reasons
from probes.net import verdicts
from synthetics.kinds import PROBES

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
    others = {kind.value for kind in entry_points(group=PROBES)} - {"probes.http", "probes.journey"}
    sources = [
        *(
            one
            for one in (REPOSITORY / "probes").glob("*.py")
            if f"probes.{one.stem}" not in others
        ),
        REPOSITORY / "probes/curl/reasons.py",
    ]
    given = {
        slug
        for source in sources
        if source.name not in {"watch.py", "fields.py", "result.py"}
        and f"probes.{source.stem}" not in others
        for slug in _GIVEN.findall(source.read_text(encoding="utf-8"))
    }
    given |= {reason for reason, _ in verdicts.OUR_OWN.values()}
    given |= {reason for reason, _ in verdicts.VERIFY.values()}
    given |= {reason for reason, _ in reasons.UNUSABLE.values()}
    given |= set(reasons.CODES.values())

    assert listed == given - {"string", "array", "object", "null", "boolean", "number"}
