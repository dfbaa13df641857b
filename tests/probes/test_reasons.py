"""Every reason that a kind over connections can give is on its page, and none besides."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from probes.net import verdicts
from synthetics import reasons

REPOSITORY = Path(__file__).parents[2]
_GIVEN = re.compile(
    r'(?:(?:Trouble|Unmet|Untrusted|Failure|\.bad|\.void)\(\s*|reason=)"([a-z][a-z0-9-]*)"'
)
_ROW = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)
_SLUG = re.compile(r"`([a-z][a-z0-9-]*)`")

KINDS = {entry.name for entry in entry_points(group="synthetics.probes")} - {"http", "journey"}


def listed(page: str, *, bad: bool = False) -> set[str]:
    """The reasons in the tables of a page, or only the *bad* ones, which people are told."""
    text = (REPOSITORY / "docs/probes" / page).read_text(encoding="utf-8")
    text = text if page == "connections.md" else text.partition("## Reasons")[2]
    text = text.partition("are **void**")[0] if bad else text
    return {slug for row in _ROW.findall(text) for slug in _SLUG.findall(row)}


def given(*sources: Path) -> set[str]:
    """The reasons that *sources* spell out."""
    return {slug for one in sources for slug in _GIVEN.findall(one.read_text(encoding="utf-8"))}


def of_kind(kind: str) -> set[str]:
    """The reasons that the files of *kind* alone spell out."""
    own = REPOSITORY / "probes" / f"{kind}.py"
    return given(own, *sorted((REPOSITORY / "probes" / f"{kind}_parts").glob("*.py")))


def test_the_page_on_connections_lists_what_they_share() -> None:
    shared = given(*sorted((REPOSITORY / "probes/net").glob("*.py"))) | {"timeout"}
    shared |= {reason for reason, _ in verdicts.OUR_OWN.values()}
    shared |= {reason for reason, _ in verdicts.VERIFY.values()}

    assert listed("connections.md") >= shared - listed("tls.md")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_of_a_kind_lists_what_is_its_own(kind: str) -> None:
    known = listed("connections.md") | listed(f"{kind}.md")

    assert of_kind(kind) <= known
    assert listed(f"{kind}.md") - listed("connections.md") <= of_kind(kind) | (
        given(REPOSITORY / "probes/net/ocsp.py", REPOSITORY / "probes/curl/carry.py")
    )


@pytest.mark.parametrize("page", ["connections.md", *(f"{kind}.md" for kind in sorted(KINDS))])
def test_every_reason_has_words(page: str) -> None:
    for reason in listed(page, bad=True):
        assert reasons.said(reason) != reason, reason
