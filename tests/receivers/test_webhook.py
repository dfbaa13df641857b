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
from synthetics.receivers.base import Verdict
from synthetics.receivers.webhook import Options, payload
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
