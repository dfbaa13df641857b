"""Nothing that a target sends, and nothing that people write, keeps the prober busy for long."""

from __future__ import annotations

import json
import resource
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from probes.css import Selector
from probes.expressions import TooMuchWork, parse_css, parse_json_path, parse_pattern
from probes.fields import Refused
from probes.json_path import JSON_PATH_WORK
from tests.probes.support import Asker, ok, saying, speaking


def test_a_pattern_takes_no_longer_however_it_is_written() -> None:
    assert parse_pattern("(a+)+$").find("a" * 200_000 + "b") is None


@pytest.mark.parametrize(
    "path", ["$..*..*..*..none", "$[?count(@..*) > 1]..*..*..*", "$..[?@..none]..[?@..none]..*"]
)
def test_a_json_path_gives_up_instead_of_going_on_for_ever(path: str) -> None:
    document: list[Any] = list(range(3_000))
    for _ in range(40):
        document = [document, 1]

    with pytest.raises(TooMuchWork):
        parse_json_path(path).values(document)


def test_an_ordinary_document_is_well_within_the_work_that_is_allowed() -> None:
    document = [{"id": number, "tags": ["a", "b"]} for number in range(JSON_PATH_WORK // 20)]

    assert len(parse_json_path("$..id").values(document)) == len(document)


def test_patterns_inside_json_paths_are_linear_too() -> None:
    path = parse_json_path("$[?search(@, '(a+)+b')]")

    assert path.values(["a" * 50_000, "ab"]) == ["ab"]


@pytest.mark.parametrize(
    ("path", "document"),
    [
        pytest.param(
            "$..[?search($.big, 'b+c')]",
            {"big": "ab" * 30_000, "many": [[1] for _ in range(12_000)]},
            id="one long text is searched again and again",
        ),
        pytest.param(
            "$[?search('text', @)]",
            [f"((a{{{n}}}){{9}}){{9}}" for n in range(1, 200)],
            id="every node brings a pattern of its own",
        ),
    ],
)
def test_searching_inside_a_json_path_is_work_as_well(path: str, document: Any) -> None:
    with pytest.raises(TooMuchWork):
        parse_json_path(path).values(document)


def test_a_long_name_is_not_kept_for_every_node_below_it() -> None:
    """It was, in the path of each: 2 GB for this document."""
    document = {"k" * 80_000: [1] * 20_000}
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    found = parse_json_path("$..*").values(document)

    assert len(found) == 20_001
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 64 * 1024


@pytest.mark.parametrize(
    ("selector", "html"),
    [
        pytest.param("c b b b b b b a", "<b>" * 2_000 + "<a>", id="descendants"),
        pytest.param("c ~ b ~ b ~ b ~ b ~ a", "<b></b>" * 2_000 + "<a></a>", id="siblings"),
    ],
)
def test_a_selector_takes_no_longer_however_many_links_it_has(selector: str, html: str) -> None:
    began = time.process_time()

    assert parse_css(selector).find(html, None) is None
    assert time.process_time() - began < 1


def test_counting_many_siblings_is_given_up() -> None:
    with pytest.raises(TooMuchWork):
        parse_css("b:nth-child(2n+1)").find("<b></b>" * 3_000, None)


_LEAVES = st.sampled_from(["", "text", "<!-- none -->"])
_HTML = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        "<{0}{1}>{2}</{0}>".format,
        st.sampled_from(["div", "b", "section"]),
        st.sampled_from(["", " class=x", " class='x y'", ' title="a > b"']),
        st.lists(inner, max_size=4).map("".join),
    ),
    max_leaves=30,
)
_SELECTORS = (
    "div b", "div > b", "b + b", "b ~ div", "div, section b", "section .x > b ~ div",
    ".x.y b , b + div > section", "div:not(.x) b", "b:nth-child(2n + 1) > div", "div:is(.x, .y) b",
    '[title="a > b"] b', "* > * b", "div b:first-child", "div div div",
)  # fmt: skip


@given(html=_HTML, written=st.sampled_from(_SELECTORS))
def test_links_are_put_together_as_the_library_would(html: str, written: str) -> None:
    expected = LexborHTMLParser(html).css_first(written)
    found = Selector(written).first(html)

    assert (found and found.html) == (expected and expected.html)


@pytest.mark.parametrize(
    "written", ["", "a,,b", "> a", "a >", "a b)", "a [", "a:nope b", "a:has(b)", "a:not(b c)"]
)
def test_a_selector_that_is_none_or_has_no_bound_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        parse_css(written)


async def test_a_charset_that_costs_more_than_the_body_is_unknown(asker: Asker) -> None:
    """Python decodes ``punycode`` by the cube: 80 KB took 2.6 s, 1 MiB would take an hour."""
    wire = ok(b"a" * 1_000 + b"-" + b"z9" * 20_000, "Content-Type: text/plain; charset=punycode")
    async with speaking(saying(wire)) as port:
        written = {"get": f"http://127.0.0.1:{port}/", "expect": {"body": {"contains": "x"}}}
        result = await asker.http(written)

    assert result.reason == "invalid-text"
    assert "punycode" in result.detail


@pytest.mark.parametrize("path", ["$..*..*..*", "$[*][?count(@..*) > 1]"])
async def test_the_loop_goes_on_while_a_small_document_is_searched(asker: Asker, path: str) -> None:
    document: list[Any] = list(range(2_000))
    for _ in range(40):
        document = [document, 1]
    wire = ok(json.dumps(document).encode())
    async with speaking(saying(wire)) as port:
        url = f"http://127.0.0.1:{port}/"
        await asker.http({"get": url})
        began = time.thread_time()
        result = await asker.http({"get": url, "expect": {"json": {path: {"exists": False}}}})
        busy_s = time.thread_time() - began

    assert result.reason == "json"
    assert busy_s < 0.05


async def test_the_loop_goes_on_while_a_value_is_captured(asker: Asker) -> None:
    html = "<div>" * 3_000 + "<p class=x>found</p>"
    async with speaking(saying(ok(html.encode()))) as port:
        step = {"name": "page", "get": f"http://127.0.0.1:{port}/"}
        await asker.journey([step])
        began = time.thread_time()
        found = {"capture": {"value": {"css": "div div div div p.x"}}}
        result = await asker.journey([{**step, **found}])
        busy_s = time.thread_time() - began

    assert result.reason == "", result.detail
    assert busy_s < 0.05
