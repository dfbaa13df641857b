"""Signed JSON, checked with the library that receivers use."""

from __future__ import annotations

import base64
import json
from typing import Any

import aiohttp
import pytest
from pydantic import TypeAdapter, ValidationError
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from probes.fields import Secret
from synthetics.receivers import webhook
from synthetics.receivers.base import Message, Verdict
from synthetics.receivers.payload import payload
from synthetics.receivers.webhook import Options
from tests.docs.support import REPOSITORY, of_page
from tests.receivers.support import SIGNING_SECRET, FarSide, resolve, trigger


async def received(
    far: FarSide, session: aiohttp.ClientSession, **options: Any
) -> tuple[dict[str, str], bytes]:
    verdict = await webhook.send(Options(url=Secret(far.url), **options), trigger(), session)
    assert verdict == Verdict.delivered()
    [(headers, body)] = far.seen
    return headers, body


async def test_the_signature_verifies(far: FarSide, session: aiohttp.ClientSession) -> None:
    headers, body = await received(far, session, secret=Secret(SIGNING_SECRET))

    said = Webhook(SIGNING_SECRET).verify(body.decode(), headers)

    assert said["type"] == "incident.triggered"
    assert headers["webhook-id"] == "msg_5f3a9c"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"webhook-id": "msg_other"}, id="another id"),
        pytest.param({"webhook-timestamp": "1791209101"}, id="another time"),
    ],
)
async def test_the_signature_covers_what_it_should(
    change: dict[str, str], far: FarSide, session: aiohttp.ClientSession
) -> None:
    headers, body = await received(far, session, secret=Secret(SIGNING_SECRET))

    with pytest.raises(WebhookVerificationError):
        Webhook(SIGNING_SECRET).verify(body.decode(), headers | change)
    with pytest.raises(WebhookVerificationError):
        Webhook(SIGNING_SECRET).verify(body.decode() + " ", headers)


async def test_without_a_secret_nothing_is_signed_but_all_is_named(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    headers, _ = await received(far, session)

    assert headers["webhook-id"] == "msg_5f3a9c"
    assert "webhook-signature" not in headers


async def test_while_a_secret_is_changed_both_vouch(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    newer = "whsec_" + base64.b64encode(b"another thirty-two bytes of key!").decode()
    headers, body = await received(
        far, session, secret=Secret(newer), previous_secret=Secret(SIGNING_SECRET)
    )

    assert len(headers["webhook-signature"].split()) == 2
    for secret in (newer, SIGNING_SECRET):
        assert Webhook(secret).verify(body.decode(), headers)["type"] == "incident.triggered"


async def sent_body(written: object, message: Message | None = None) -> Any:
    options = TypeAdapter(Options).validate_python({"url": "https://a.example/", "body": written})
    assert options.body is not None
    return options.body.fill("msg_1", payload(message or trigger()))


async def test_a_body_of_ones_own_is_sent_and_signed(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    checked = TypeAdapter(Options).validate_python(
        {"url": far.url, "secret": SIGNING_SECRET, "body": {"text": "${severity}: ${summary}"}}
    )
    await webhook.send(checked, trigger(summary='say "hi" \\ ${slo}'), session)

    [(headers, body)] = far.seen
    said = Webhook(SIGNING_SECRET).verify(body.decode(), headers)
    assert said == {"text": 'page: say "hi" \\ ${slo}'}


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ({"text": "${service_name}"}, {"text": "本店"}),
        ({"n": "${burn_rate_long}", "m": "${budget_gone_at}"}, None),
        (["${incident}", 1, True, None], [7, 1, True, None]),
        ({"all": "${also_failing}", "in": "also ${also_failing}"}, None),
        ({"deep": {"er": ["${last_failure_detail}"]}}, None),
        ({"plain": "$${summary} costs $5"}, {"plain": "${summary} costs $5"}),
        ({"id": "${id}", "type": "${type}"}, {"id": "msg_1", "type": "incident.triggered"}),
    ],
)
async def test_what_a_reference_stands_for(written: Any, filled: Any) -> None:
    found = await sent_body(written)

    json.dumps(found, allow_nan=False)
    if filled is not None:
        assert found == filled


async def test_a_reference_alone_keeps_what_it_is_and_in_a_text_becomes_one() -> None:
    found = await sent_body({"n": "${burn_rate_long}", "t": "${burn_rate_long}×", "l": "${links}"})

    assert found["n"] == 50.0
    assert found["t"] == "50.0×"
    assert found["l"] == [{"text": "Runbook", "href": "https://wiki.example/oncall/shop"}]


async def test_what_is_not_known_is_null_alone_and_nothing_in_a_text() -> None:
    found = await sent_body({"d": "${last_failure_detail}", "t": "<${last_failure}>"}, bare())

    assert found == {"d": None, "t": "<>"}


def bare() -> Message:
    return trigger(failing=None)


@pytest.mark.parametrize(
    ("body", "at", "wrong"),
    [
        ("${summary}", (), "is not a body"),
        ({"a": {"b": ["x", "${sumary}"]}}, ("a", "b", 1), "is no part of a message"),
        ({"a": "${summary"}, None, None),
        ({"a": "${a b}"}, ("a",), "is not a reference"),
        ({"a": float("nan")}, ("a",), "nothing that JSON knows"),
        ({"a": {1, 2}}, ("a",), "nothing that JSON knows"),
    ],
)
def test_a_mistake_in_a_body_is_found_at_load(body: Any, at: Any, wrong: str | None) -> None:
    check = TypeAdapter(Options).validate_python
    if wrong is None:
        check({"url": "https://a.example/", "body": body})
        return
    with pytest.raises(ValidationError, match=wrong) as caught:
        check({"url": "https://a.example/", "body": body})
    assert caught.value.errors()[0]["ctx"]["error"].at == at


async def test_further_headers_are_sent(far: FarSide, session: aiohttp.ClientSession) -> None:
    headers, _ = await received(far, session, headers={"X-Token": Secret("one two")})

    assert headers["X-Token"] == "one two"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_every_2xx_means_that_it_was_taken(
    status: int, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status = status

    assert await webhook.send(Options(url=Secret(far.url)), trigger(), session) == (
        Verdict.delivered()
    )


def test_the_page_shows_what_is_really_sent() -> None:
    [shown] = [
        json.loads(fence.text)
        for fence in of_page(REPOSITORY / "docs" / "receivers" / "webhook.md")
        if fence.language == "json"
    ]

    assert json.loads(json.dumps(payload(trigger()))) == shown


def test_a_resolve_says_why_it_is_over() -> None:
    said = payload(resolve())

    assert said["type"] == "incident.resolved"
    assert said["timestamp"] == "2026-10-05T14:15:00.000Z"
    assert said["data"]["resolution"] == "short-within"


@pytest.mark.parametrize(
    ("secret", "wrong"),
    [
        ("c2VjcmV0", "begins with whsec_"),
        ("whsec_***", "not base64"),
        ("whsec_" + base64.b64encode(b"too short").decode(), "has 9 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "has 65 bytes"),
    ],
)
def test_a_signing_secret_is_checked_at_load(secret: str, wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        TypeAdapter(Options).validate_python({"url": "https://hook.example/", "secret": secret})


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        ({"X Token": "a"}, "not a header's name"),
        ({"": "a"}, "not a header's name"),
        ({"Content-Type": "text/plain"}, "set by the receiver itself"),
        ({"Webhook-Id": "a"}, "set by the receiver itself"),
        ({"X-Token": "a\r\nX-Injected: b"}, "one line without control characters"),
    ],
)
def test_headers_are_checked_at_load(headers: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        TypeAdapter(Options).validate_python({"url": "https://hook.example/", "headers": headers})
