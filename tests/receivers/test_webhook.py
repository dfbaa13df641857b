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


def test_the_payload_in_full() -> None:
    assert json.loads(json.dumps(payload(trigger()))) == {
        "type": "incident.triggered",
        "timestamp": "2026-10-05T14:05:00.000Z",
        "data": {
            "incident": 7,
            "dedup_key": "synthetics-shop-9b1c2d3e4f506172",
            "severity": "page",
            "summary": "本店: checkout fails at step order (status 500) since 14:03 UTC",
            "service": "shop",
            "service_name": "本店",
            "slo": "checkout-availability",
            "tier": "fast",
            "objective": 0.999,
            "probe": "checkout",
            "step": "order",
            "reason": "status",
            "location": "tokyo",
            "failing_since": "2026-10-05T14:03:00.000Z",
            "burn_rate": {"long": 50.0, "short": 600.0},
            "budget_left": 0.87,
            "budget_gone_at": "2026-10-06T02:35:00.000Z",
            "last_failure": {
                "at": "2026-10-05T14:04:55.000Z",
                "detail": "answered 500 Internal Server Error, 201 expected",
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "request_id": "b7ad6b71-6920-3331",
            },
            "resolution": "",
            "also_firing": ["home-fast"],
            "links": [{"text": "Runbook", "href": "https://wiki.example/oncall/shop"}],
            "url": "https://synthetics.example/",
        },
    }


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
