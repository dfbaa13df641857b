"""The published contract of PagerDuty Events v2, held by a schema of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import aiohttp
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.receivers import pagerduty
from synthetics.receivers.base import Changed, Event, Failing, Fate, Link, Message
from synthetics.receivers.pagerduty import Options, change, event
from tests.docs.support import REPOSITORY, of_page
from tests.receivers.support import ROUTING_KEY, FarSide, acknowledge, resolve, trigger

OPTIONS = Options(routing_key=Secret(ROUTING_KEY))

TEXT = {"type": "string", "minLength": 1}
KEY = {"type": "string", "pattern": "^[A-Za-z0-9]{32}$"}
DEDUP_KEY = {"type": "string", "minLength": 1, "maxLength": 255}
CONTRACT: dict[str, Any] = {
    "oneOf": [
        {
            "properties": {
                "routing_key": KEY,
                "event_action": {"const": "trigger"},
                "dedup_key": DEDUP_KEY,
                "client": TEXT,
                "client_url": {"type": "string", "pattern": "^https?://"},
                "links": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "href": {"type": "string", "pattern": r"^https?://\S+$"},
                            "text": TEXT,
                        },
                        "required": ["href"],
                        "additionalProperties": False,
                    },
                },
                "payload": {
                    "type": "object",
                    "properties": {
                        "summary": TEXT | {"maxLength": 1024},
                        "source": TEXT,
                        "severity": {"enum": ["critical", "error", "warning", "info"]},
                        "timestamp": {
                            "type": "string",
                            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
                        },
                        "component": TEXT,
                        "group": TEXT,
                        "class": TEXT,
                        "custom_details": {"type": "object"},
                    },
                    "required": ["summary", "source", "severity"],
                    "additionalProperties": False,
                },
            },
            "required": ["routing_key", "event_action", "dedup_key", "payload"],
            "additionalProperties": False,
        },
        {
            "properties": {
                "routing_key": KEY,
                "event_action": {"enum": ["acknowledge", "resolve"]},
                "dedup_key": DEDUP_KEY,
            },
            "required": ["routing_key", "event_action", "dedup_key"],
            "additionalProperties": False,
        },
    ]
}


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [(Severity.PAGE, "critical"), (Severity.TICKET, "warning"), (Severity.LOG, "info")],
)
def test_severities_are_theirs(severity: Severity, theirs: str) -> None:
    assert event(OPTIONS, trigger(severity=severity))["payload"]["severity"] == theirs


ANY = st.text(max_size=3000)
MAYBE_MS = st.none() | st.integers(0, 4_000_000_000_000)
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=50)
@given(
    message=st.builds(
        trigger,
        dedup_key=st.text(min_size=1, max_size=600),
        summary=st.text(min_size=1, max_size=3000),
        location=ANY,
        service_name=ANY,
        probe=ANY,
        step=ANY,
        reason=ANY,
        since_ms=MAYBE_MS,
        burn_long=NUMBER,
        budget_left=NUMBER,
        exhausted_ms=MAYBE_MS,
        failing=st.none() | st.builds(Failing, at_ms=st.integers(0, 10**12), detail=ANY),
        links=st.lists(
            st.builds(Link, text=ANY, href=ANY.map("https://wiki.example/".__add__)), max_size=20
        ).map(tuple),
        url=st.sampled_from(["", "https://synthetics.example/"]),
    ),
    over=st.booleans(),
)
def test_whatever_is_told_keeps_the_contract(message: Message, over: bool) -> None:
    made = event(OPTIONS, replace(message, event=resolve().event) if over else message)

    body = json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
    jsonschema.validate(json.loads(body), CONTRACT)
    assert len(body) <= 512 * 1024


@pytest.mark.parametrize("href", ["https://a.example/b c", "https://a.example/\n", "x" * 2049])
def test_a_link_that_would_have_to_be_mended_is_left_out(href: str) -> None:
    assert event(OPTIONS, trigger(links=(Link(text="Runbook", href=href),)))["links"] == []


def test_two_long_keys_stay_two() -> None:
    first, second = (event(OPTIONS, trigger(dedup_key="k" * 300 + end)) for end in "ab")

    assert first["dedup_key"] != second["dedup_key"]
    assert event(OPTIONS, resolve(dedup_key="k" * 300 + "a"))["dedup_key"] == first["dedup_key"]


async def test_what_pagerduty_finds_wrong_is_told(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status = 400
    far.text = json.dumps(
        {
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": ["'payload.summary' is missing or blank", "no\nsuch\x07thing"],
        }
    )
    options = replace(OPTIONS, url=Secret(far.url))

    verdict = await pagerduty.send(options, trigger(), session)

    assert verdict.detail == ("answered 400: 'payload.summary' is missing or blank; no such thing")


@pytest.mark.parametrize("text", ["", "<html>", "[1]", '{"errors": 5}', "[" * 4000])
async def test_a_complaint_that_cannot_be_read_is_left_out(
    text: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status, far.text = 400, text
    options = replace(OPTIONS, url=Secret(far.url))

    assert (await pagerduty.send(options, trigger(), session)).detail == "answered 400"


async def test_only_202_means_that_pagerduty_has_it(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    """A proxy's sign-in page says 200 to everything."""
    far.status = 200
    options = replace(OPTIONS, url=Secret(far.url))

    verdict = await pagerduty.send(options, trigger(), session)

    assert (verdict.fate, verdict.reason) == (Fate.RETRY, "status-200")


@pytest.mark.parametrize(
    "key", ["", "short", "0" * 31, "0" * 33, "0" * 31 + "-", "０" * 32, "0" * 31 + "\n"]
)
def test_a_routing_key_has_32_letters_and_digits(key: str) -> None:
    with pytest.raises(ValidationError, match="32 letters and digits") as caught:
        TypeAdapter(Options).validate_python({"routing_key": key})

    said = str(caught.value.errors(include_input=False, include_context=False))
    assert not key or key not in said


def test_events_go_to_pagerduty_unless_told_otherwise() -> None:
    assert OPTIONS.url.reveal() == "https://events.pagerduty.com/v2/enqueue"


def test_the_page_shows_what_is_really_sent() -> None:
    shown = [
        json.loads(fence.text)
        for fence in of_page(REPOSITORY / "docs" / "receivers" / "pagerduty.md")
        if fence.language == "json"
    ]

    assert shown == [
        event(OPTIONS, trigger()),
        event(OPTIONS, resolve()),
        change(OPTIONS, changed()),
    ]


def changed() -> Message:
    link = "https://ci.example/7"
    return trigger(event=Event.CHANGE, summary="deploy v1.2", links=(Link(text="aiko", href=link),))


CHANGE_CONTRACT: dict[str, Any] = {
    "properties": {
        "routing_key": KEY,
        "payload": {
            "properties": {
                "summary": TEXT | {"maxLength": 1024},
                "source": TEXT,
                "timestamp": TEXT,
                "custom_details": {"type": "object"},
            },
            "required": ["summary"],
            "additionalProperties": False,
        },
        "links": {"type": "array"},
    },
    "required": ["routing_key", "payload"],
    "additionalProperties": False,
}


@settings(deadline=None, max_examples=25)
@given(summary=st.text(min_size=1, max_size=3000), author=ANY)
def test_a_change_keeps_its_contract(summary: str, author: str) -> None:
    message = replace(
        changed(), summary=summary, changes=(Changed(at_ms=0, summary="", author=author),)
    )

    jsonschema.validate(change(OPTIONS, message), CHANGE_CONTRACT)


async def test_a_change_goes_beside_the_events(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    options = replace(OPTIONS, url=Secret(f"http://127.0.0.1:{far.port}/v2/enqueue"))

    await pagerduty.send(options, changed(), session)
    await pagerduty.send(options, acknowledge(), session)

    assert [path for _, path in far.asked] == ["/v2/change/enqueue", "/v2/enqueue"]
    assert json.loads(far.seen[1][1])["event_action"] == "acknowledge"
