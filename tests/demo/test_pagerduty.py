"""The stand-in refuses what PagerDuty refuses: it is what the receiver is judged by."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from synthetics.demo.loopback import serving
from synthetics.demo.pagerduty import CALLS_A_MINUTE, EVENT_LIMIT_BYTES, PagerDuty

ACTIONS = "(must be one of the following: 'trigger', 'acknowledge' or 'resolve')"
SEVERITIES = "(must be one of the following: 'critical', 'warning', 'error' or 'info')"
KEY = "0123456789abcdef0123456789ABCDEF"


def trigger(**changes: Any) -> dict[str, Any]:
    return {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "shop-1",
        "payload": {"summary": "checkout fails", "source": "checkout", "severity": "critical"},
    } | changes


def payload(**changes: Any) -> dict[str, Any]:
    body = trigger()
    body["payload"] |= changes
    return body


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
async def pagerduty(now: list[float]) -> PagerDuty:
    return PagerDuty(monotonic=lambda: now[0])


@pytest.fixture
async def client(pagerduty: PagerDuty) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(pagerduty.app()) as url, aiohttp.ClientSession(url) as session:
        yield session


async def send(client: aiohttp.ClientSession, body: Any) -> tuple[int, dict[str, Any]]:
    async with client.post("/v2/enqueue", json=body) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(trigger(), id="a plain trigger"),
        pytest.param(
            payload(timestamp="2026-10-01T09:00:00.123+09:00"), id="with a time of detection"
        ),
        pytest.param(payload(timestamp="2026-10-01T00:00:00Z"), id="with a time in UTC"),
        pytest.param(
            payload(summary="障" * 1024), id="with the longest summary, counted in characters"
        ),
        pytest.param(trigger(dedup_key="k" * 255), id="with the longest dedup_key"),
        pytest.param(
            trigger(links=[{"href": "https://wiki.example/", "text": "Runbook"}]), id="with a link"
        ),
        pytest.param(
            {"routing_key": KEY, "event_action": "resolve", "dedup_key": "shop-1"},
            id="a resolve needs no payload",
        ),
    ],
)
async def test_it_accepts(
    client: aiohttp.ClientSession, pagerduty: PagerDuty, body: dict[str, Any]
) -> None:
    status, answer = await send(client, body)

    assert (status, answer) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": body["dedup_key"]},
    )
    assert [event.body for event in pagerduty.events] == [body]


async def test_it_makes_up_a_dedup_key_for_a_trigger_without_one(
    client: aiohttp.ClientSession,
) -> None:
    body = trigger()
    del body["dedup_key"]

    status, answer = await send(client, body)

    assert status == 202
    assert answer["dedup_key"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (trigger(routing_key=""), "'routing_key' is missing or blank"),
        (trigger(routing_key=7), "'routing_key' is invalid (must be a string)"),
        (
            trigger(routing_key=KEY[:-1]),
            "Length of 'routing_key' is incorrect (should be 32 characters)",
        ),
        (
            trigger(routing_key=KEY[:-1] + "-"),
            "'routing_key' cannot contain non-alphanumeric characters",
        ),
        (trigger(event_action=""), "'event_action' is missing or blank"),
        (
            trigger(event_action="page"),
            f"'event_action' is invalid {ACTIONS}",
        ),
        (trigger(dedup_key="k" * 256), "'dedup_key' is too long (maximum is 255 characters)"),
        (trigger(dedup_key=["k"]), "'dedup_key' is invalid (must be a string)"),
        (trigger(event_action="resolve", dedup_key=""), "'dedup_key' is missing or blank"),
        (trigger(payload=None), "'payload' is missing or blank"),
        (payload(summary=""), "'payload.summary' is missing or blank"),
        (payload(source=""), "'payload.source' is missing or blank"),
        (payload(severity=""), "'payload.severity' is missing or blank"),
        (payload(summary="s" * 1025), "'payload.summary' is too long (maximum is 1024 characters)"),
        (payload(source=["checkout"]), "'payload.source' is invalid (must be a string)"),
        (
            payload(severity="page"),
            f"'payload.severity' is invalid {SEVERITIES}",
        ),
        (
            payload(timestamp="yesterday"),
            "'payload.timestamp' is invalid (must be an ISO 8601 date and time)",
        ),
        (
            payload(timestamp="2026-02-30T00:00:00Z"),
            "'payload.timestamp' is invalid (must be an ISO 8601 date and time)",
        ),
        (trigger(links={"href": "x"}), "'links' is invalid (must be an array)"),
        (
            trigger(links=[{"text": "Runbook"}]),
            "'links' is invalid (each must be an object with 'href')",
        ),
        ([trigger()], "Event is not a JSON object"),
    ],
)
async def test_it_refuses(
    client: aiohttp.ClientSession, pagerduty: PagerDuty, body: Any, error: str
) -> None:
    status, answer = await send(client, body)

    assert (status, answer) == (
        400,
        {"status": "invalid event", "message": "Event object is invalid", "errors": [error]},
    )
    assert pagerduty.events == []
    assert pagerduty.refused == [(error,)]


async def test_it_says_everything_that_is_wrong_at_once(client: aiohttp.ClientSession) -> None:
    _, answer = await send(client, {"event_action": "trigger", "payload": {}})

    assert answer["errors"] == [
        "'routing_key' is missing or blank",
        "'payload.summary' is missing or blank",
        "'payload.source' is missing or blank",
        "'payload.severity' is missing or blank",
    ]


@pytest.mark.parametrize(
    ("raw", "content_type", "error"),
    [
        pytest.param(b"{", "application/json", "Event is not valid JSON", id="cut off"),
        pytest.param(b"\xff\xfe", "application/json", "Event is not valid JSON", id="not text"),
        pytest.param(b"[" * 100_000, "application/json", "Event is not valid JSON", id="too deep"),
        pytest.param(
            json.dumps(trigger()).encode(),
            "text/plain",
            "Content-Type must be application/json, not text/plain",
            id="of another content type",
        ),
        pytest.param(
            json.dumps(payload(custom_details="x" * EVENT_LIMIT_BYTES)).encode(),
            "application/json",
            "(maximum is 524288 bytes)",
            id="over 512 KB",
        ),
    ],
)
async def test_it_refuses_what_is_no_event(
    client: aiohttp.ClientSession, raw: bytes, content_type: str, error: str
) -> None:
    headers = {"Content-Type": content_type}
    async with client.post("/v2/enqueue", data=raw, headers=headers) as answer:
        assert answer.status == 400
        assert error in (await answer.json())["errors"][0]


async def test_it_takes_120_events_a_minute_of_one_key(
    client: aiohttp.ClientSession, now: list[float]
) -> None:
    for _ in range(CALLS_A_MINUTE):
        assert (await send(client, trigger()))[0] == 202

    assert (await send(client, trigger()))[0] == 429
    assert (await send(client, trigger(routing_key="f" * 32)))[0] == 202

    now[0] += 60
    assert (await send(client, trigger()))[0] == 202


async def test_a_waiter_gets_the_event_of_its_incident(
    client: aiohttp.ClientSession, pagerduty: PagerDuty
) -> None:
    waiter = asyncio.create_task(pagerduty.wait_for("resolve", dedup_key="shop-1"))
    await send(client, trigger())
    await send(client, {"routing_key": KEY, "event_action": "resolve", "dedup_key": "other"})
    await send(client, {"routing_key": KEY, "event_action": "resolve", "dedup_key": "shop-1"})

    async with asyncio.timeout(5):
        assert (await waiter).dedup_key == "shop-1"


async def test_the_list_of_what_was_accepted_hides_the_routing_key(
    client: aiohttp.ClientSession,
) -> None:
    await send(client, trigger())

    async with client.get("/") as answer:
        text = await answer.text()
    assert "checkout fails" in text
    assert KEY not in text
