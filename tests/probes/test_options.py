"""What people write for a request: what is taken, and how a mistake is told."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from tests.probes.support import HTTP, JOURNEY, look_up, refusal

URL = "https://shop.example/"


@pytest.mark.parametrize(
    ("written", "at", "what"),
    [
        ({}, (), "no method"),
        ({"get": URL, "post": URL}, (), "get and post are two requests"),
        ({"get": "shop.example"}, ("get",), "this is not an http or https URL"),
        ({"get": "ftp://shop.example/"}, ("get",), "this is not an http or https URL"),
        ({"get": "https:///x"}, ("get",), "this is not an http or https URL"),
        (
            {"get": "https://u:p@shop.example/"},
            ("get",),
            "a URL carries no user name and no password",
        ),
        ({"get": "https://shop.example/a b"}, ("get",), "a URL has no spaces and no line breaks"),
        ({"post": URL, "body": "a", "form": {"a": "b"}}, ("form",), "body and form are two bodies"),
        ({"get": URL, "json": {"a": 1}}, ("json",), "get sends no body"),
        ({"get": URL, "headers": {"a b": "c"}}, ("headers", "a b"), "'a b' is not a header name"),
        ({"get": URL, "headers": {"A": "b\nC: d"}}, ("headers", "A"), "a header is one line"),
        (
            {"get": URL, "headers": {"Connection": "x"}},
            ("headers", "Connection"),
            "Connection is set by the connection itself",
        ),
        (
            {"get": URL, "headers": {"Authorization": "x"}, "auth": {"bearer": "y"}},
            ("headers", "Authorization"),
            "auth sets this header too",
        ),
        (
            {"get": URL, "resolve": {"shop.example": "elsewhere"}},
            ("resolve", "shop.example"),
            "'elsewhere' is not an IP address",
        ),
        (
            {"head": URL, "expect": {"body": {"contains": "x"}}},
            ("expect",),
            "head has no body to look at",
        ),
        ({"get": URL, "expect": {"status": 99}}, (), "the number 99 is not a status"),
        ({"get": URL, "expect": {"status": []}}, (), "no status would be right"),
        (
            {"get": URL, "expect": {"json": {"$[": 1}}},
            ("$[",),
            "`$[` is not a JSON path: unexpected end of query",
        ),
        (
            {"get": URL, "expect": {"json": {"$.a": {"equal": 1}}}},
            ("$.a", "equal"),
            "'equal' is not an operator",
        ),
        (
            {"get": URL, "expect": {"json": {"$.a": {"over": "1"}}}},
            ("$.a", "over"),
            "`1` is not a number",
        ),
        (
            {"get": URL, "expect": {"json": {"$.a": {"one_of": 1}}}},
            ("$.a", "one_of"),
            "the number 1 is no list of values",
        ),
        (
            {"get": URL, "expect": {"json": {"$.a": {"length": {"above": 1}}}}},
            ("$.a", "length", "above"),
            "'above' is no bound",
        ),
        (
            {"get": URL, "expect": {"json": {"$.a": {"length": {"over": 1.5}}}}},
            ("$.a", "length", "over"),
            "the number 1.5 is not a whole number",
        ),
        (
            {"get": URL, "expect": {"body": {"regex": "("}}},
            (),
            "`(` is not a regular expression: missing ): (",
        ),
        (
            {"get": URL, "expect": {"body": {"regex": "(?=x)"}}},
            (),
            "`(?=x)` is not a regular expression: invalid perl operator: (?=",
        ),
        ({"get": URL, "tls": {"ca": "ca.pem"}}, (), "this is not PEM"),
        ({"get": URL, "auth": {}}, (), "auth is one way of logging in"),
        ({"get": URL, "limits": {"body": 1024}}, (), "1024 has no unit"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_mistake_is_told_with_its_path(
    written: dict[str, Any], at: tuple[object, ...], what: str
) -> None:
    refused = refusal(HTTP, written)

    assert (refused.at, refused.what) == (at, what)


def test_the_schema_and_the_loader_agree_on_the_examples() -> None:
    """Editors check against the schema: it takes what the loader takes."""
    schema = jsonschema.Draft202012Validator(HTTP.json_schema())
    good: list[dict[str, Any]] = [
        {"get": URL},
        {"get": URL, "version": 2, "ip": 4, "tls": {"min_version": 1.2}},
        {"post": URL, "form": {"a": 1, "b": ["c", 2]}, "redirects": {"follow": 3}},
        {"put": URL, "json": [1, {"a": None}], "limits": {"body": "1MiB"}},
        {
            "get": URL,
            "expect": {
                "status": ["2xx", 301],
                "within": "1s",
                "headers": {"A": "b", "C": {"absent": True}},
            },
        },
        {
            "get": URL,
            "expect": {
                "json": {"$.a": {"at_least": 1}, "$.b": [1], "$.c": None},
                "body": {"contains": ["a"]},
            },
        },
    ]
    bad: list[dict[str, Any]] = [
        {},
        {"get": URL, "post": URL},
        {"get": URL, "nothing": 1},
        {"post": URL, "body": "a", "json": 1},
        {"get": URL, "version": "4"},
        {"get": URL, "auth": {}},
        {"get": URL, "limits": {"body": 5}},
        {"get": URL, "expect": {"status": 99}},
        {"get": URL, "expect": {"json": {"$.a": {"equal": 1}}}},
    ]

    for written in good:
        assert schema.is_valid(written), written
        HTTP.validate_python(written)
    for written in bad:
        assert not schema.is_valid(written), written
        with pytest.raises(ValidationError):
            HTTP.validate_python(written)
    jsonschema.Draft202012Validator.check_schema(JOURNEY.json_schema())


def test_secrets_do_not_show_in_what_was_read() -> None:
    written = {"post": URL, "form": {"p": "${env:PASSWORD}"}, "auth": {"bearer": "${env:TOKEN}"}}

    shown = repr(HTTP.validate_python(written, context={"resolve": look_up}))

    assert "sesame" not in shown
    assert "t0k3n" not in shown
