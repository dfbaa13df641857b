"""Alerts with an alias, acknowledged and closed by it."""

from __future__ import annotations

import json

import aiohttp
import pytest

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.receivers import opsgenie
from synthetics.receivers.base import Fate
from synthetics.receivers.opsgenie import Options, alert
from tests.receivers.support import TOKEN, FarSide, acknowledge, resolve, trigger
from tests.receivers.test_slack import page

ALIAS = "synthetics-shop-9b1c2d3e4f506172"


def reached(far: FarSide) -> Options:
    return Options(api_key=Secret(TOKEN), url=Secret(f"http://127.0.0.1:{far.port}/ops"))


async def test_an_alert_is_created_acknowledged_and_closed_by_its_alias(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    for make in (trigger, acknowledge, resolve):
        verdict = await opsgenie.send(reached(far), make(), session)
        assert verdict.fate is Fate.DELIVERED

    assert far.asked == [
        ("POST", "/ops/v2/alerts"),
        ("POST", f"/ops/v2/alerts/{ALIAS}/acknowledge?identifierType=alias"),
        ("POST", f"/ops/v2/alerts/{ALIAS}/close?identifierType=alias"),
    ]
    assert {headers["Authorization"] for headers, _ in far.seen} == {f"GenieKey {TOKEN}"}


async def test_what_gets_worse_raises_the_alert_that_is_open(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    """Another alert of the same alias is only counted there, however severe it is."""
    ticket = await opsgenie.send(reached(far), trigger(severity=Severity.TICKET), session)
    page = await opsgenie.send(reached(far), trigger(handle=ticket.handle), session)

    assert (ticket.handle, page.handle) == ("P3", "P1")
    assert far.asked[1] == ("PUT", f"/ops/v2/alerts/{ALIAS}/priority?identifierType=alias")
    assert json.loads(far.seen[1][1]) == {"priority": "P1"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"message": "Could not authenticate"}', "answered 422: Could not authenticate"),
        (
            '{"message": "Request body is not processable.", "errors": {"message": "too long"}}',
            "answered 422: Request body is not processable.; too long",
        ),
    ],
)
async def test_what_it_finds_wrong_is_told(
    text: str, said: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status, far.text = 422, text

    assert (await opsgenie.send(reached(far), trigger(), session)).detail == said


def test_html_is_shown_and_not_obeyed() -> None:
    assert alert(trigger(summary="<b>status < 500</b>"))["message"] == "‹b›status ‹ 500‹/b›"


def test_the_page_shows_what_is_really_sent() -> None:
    assert page("opsgenie") == [alert(trigger())]
