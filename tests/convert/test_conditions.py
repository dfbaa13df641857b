"""Every sort of condition of Gatus, alone."""

from __future__ import annotations

from typing import Any

import pytest

from synthetics.convert.gatus.conditions import Wanted
from synthetics.convert.gatus.values import Unsaid
from synthetics.convert.written import statuses


def taken(*conditions: str, dns: bool = False) -> Wanted:
    wanted = Wanted()
    for condition in conditions:
        wanted.take(condition, dns=dns)
    return wanted


@pytest.mark.parametrize(
    ("conditions", "written"),
    [
        (["[STATUS] == 200"], 200),
        (["200 == [STATUS]"], 200),
        (["[STATUS] < 300"], ["1xx", "2xx"]),
        (["[STATUS] >= 200", "[STATUS] <= 299"], "2xx"),
        (["[STATUS] == any(200, 429)"], [200, 429]),
        (["[STATUS] == pat(2*)"], "2xx"),
        (["[STATUS] > 597"], [598, 599]),
        (["300 > [STATUS]", "[STATUS] > 199"], "2xx"),
    ],
)
def test_statuses(conditions: list[str], written: object) -> None:
    assert statuses(taken(*conditions).status) == written


@pytest.mark.parametrize(
    ("condition", "path", "operation"),
    [
        ("[BODY].user.name == john", "$.user.name", {"equals": "john"}),
        ("[BODY].data[0].id == 1", "$.data[0].id", {"equals": 1}),
        ("[BODY][0].id == 1.5", "$[0].id", {"equals": 1.5}),
        ("[BODY].up == true", "$.up", {"equals": True}),
        ("[BODY].a-b != x", "$['a-b']", {"not": "x"}),
        ("[BODY].n > 5", "$.n", {"over": 5}),
        ("[BODY].n <= 5", "$.n", {"at_most": 5}),
        ("5 < [BODY].n", "$.n", {"over": 5}),
        ("len([BODY].data) < 5", "$.data", {"length": {"under": 5}}),
        ("len([BODY].data) >= 5", "$.data", {"length": {"at_least": 5}}),
        ("len([BODY].name) == 8", "$.name", {"length": 8}),
        ("len([BODY].token) > 0", "$.token", {"length": {"over": 0}}),
        ("has([BODY].errors) == false", "$.errors", {"exists": False}),
        ("has([BODY].errors) != false", "$.errors", {"exists": True}),
        ("[BODY].name == pat(j?hn*)", "$.name", {"regex": r"(?s)\A(?:j.hn.*)\z"}),
        ("[BODY].id == any(a, b.c)", "$.id", {"one_of": ["a", "b.c"]}),
        ("[BODY].id == [CONTEXT].id", "$.id", {"equals": "${id}"}),
        ("[BODY].id == ${x}", "$.id", {"equals": "$${x}"}),
    ],
)
def test_parts_of_a_body(condition: str, path: str, operation: dict[str, Any]) -> None:
    assert taken(condition).json == {path: operation}


@pytest.mark.parametrize(
    ("condition", "body"),
    [
        ("[BODY] == ok.", {"regex": r"(?s)\A\s*(?:ok\.)\s*\z"}),
        ("[BODY] != ok.", {"not_regex": r"(?s)\A\s*(?:ok\.)\s*\z"}),
        ("[BODY] == pat(*o/k*)", {"contains": "o/k"}),
        ("[BODY] != pat(*ok*)", {"not_contains": "ok"}),
        ("[body] == pat(a?[b-d]*)", {"regex": r"(?s)\A\s*(?:a.[b-d].*)\s*\z"}),
        ("pat(*${x}*) == [BODY]", {"contains": "$${x}"}),
        ("[BODY] == ", {"not_regex": r"\S"}),
        ("[BODY] != ", {"regex": r"\S"}),
        ("has([BODY]) == true", {"regex": r"\S"}),
        ("len([BODY]) > 0", {"empty": False}),
    ],
)
def test_whole_bodies(condition: str, body: dict[str, Any]) -> None:
    assert taken(condition).body == body


def test_times_certificates_and_connections() -> None:
    assert taken("[RESPONSE_TIME] < 500").within_s == 0.5
    assert taken("[RESPONSE_TIME] < 1s", "[RESPONSE_TIME] < 250").within_s == 0.25
    assert taken("[CERTIFICATE_EXPIRATION] > 48h30m").valid_for_s == 48.5 * 3600
    assert taken("[CONNECTED] == true").connected
    assert not taken("[CONNECTED] == false").connected
    assert taken("[DOMAIN_EXPIRATION] > 720h").registered_for_s == 30 * 86400
    assert taken("[IP] == any(192.0.2.1, 192.0.2.2)").addresses == [r"192\.0\.2\.1|192\.0\.2\.2"]
    assert taken("[IP] != pat(10.*)").not_addresses == [r"10\.\S*"]


def test_several_texts_and_patterns_are_all_kept() -> None:
    wanted = taken("[BODY] == pat(*a*)", "[BODY] == pat(*b*)", "[BODY] == pat(c*d*e)")
    assert wanted.body["contains"] == ["a", "b"]
    assert "c.*d.*e" in wanted.body["regex"]


def test_answers_of_name_servers() -> None:
    wanted = taken("[DNS_RCODE] == any(NOERROR, NXDOMAIN)", "[BODY] == 192.0.2.1", dns=True)
    assert wanted.rcode == ["NOERROR", "NXDOMAIN"]
    assert taken("[DNS_RCODE] != NXDOMAIN", dns=True).rcode == [
        "NOERROR", "FORMERR", "SERVFAIL", "NOTIMP", "REFUSED",
    ]  # fmt: skip
    assert wanted.answers == {"any_matches": [r"\s(?:192\.0\.2\.1)\.?$"]}


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("[DOMAIN_EXPIRATION] < 720h", "long enough"),
        ("[IP] > 127.0.0.1", "only compared by == and !="),
        ("[STATUS] == 200 || [STATUS] == 201", "knows no `&&`"),
        ("[BODY] == pat([a)", "malformed"),
        ("[BODY].tags == [a b]", "lists and objects"),
        ("[BODY].a == [BODY].b", "two parts of a body"),
        ("[BODY].a != pat(x*)", "what must not match"),
        ("[BODY].n > many", "no number"),
        ("[STATUS] == 0", "no status would do"),
        ("[RESPONSE_TIME] > 5", "nothing must be slow"),
        ("[CERTIFICATE_EXPIRATION] < 5h", "long enough"),
        ("len([BODY].a) != 5", "not compared by !="),
        ("nonsense", "not understood"),
        ("[WHAT] == 5", "not understood"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_reason(condition: str, why: str) -> None:
    with pytest.raises(Unsaid, match=why):
        taken(condition)


def test_two_of_a_sort_for_one_path_are_refused() -> None:
    with pytest.raises(Unsaid, match="two of equals"):
        taken("[BODY].a == 1", "[BODY].a == 2")


@pytest.mark.parametrize(
    ("condition", "difference"),
    [
        ("len([BODY].a) < 5", "fails here"),
        ("len([BODY].a) > 0", ""),
        ("len([BODY].a) == 5", ""),
        ("[BODY].a == 5", ""),
        ("[BODY].a != 5", "fails here"),
        ("[BODY].a == pat(1*)", "only texts"),
        ("[BODY].a == pat(x*)", ""),
        ("has([BODY].a) == true", "`null`"),
    ],
)
def test_what_is_not_quite_the_same_is_said(condition: str, difference: str) -> None:
    said = Wanted().take(condition, dns=False)
    assert (difference in said) if difference else not said
