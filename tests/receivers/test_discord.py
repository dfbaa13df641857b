"""Embeds that mention nobody, and are mended when the incident is over."""

from __future__ import annotations

import json

import aiohttp

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.receivers import discord
from synthetics.receivers.base import Fate
from synthetics.receivers.discord import Options, whole
from tests.receivers.support import FarSide, acknowledge, resolve, trigger
from tests.receivers.test_slack import page


async def test_the_end_mends_every_message_of_the_incident(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    """None may go on saying that it fails; each of them is a request."""
    options = Options(url=Secret(far.url + "?thread_id=5"))
    far.status = 200

    far.text = '{"id": "11"}'
    ticket = await discord.send(options, trigger(severity=Severity.TICKET), session)
    far.text = '{"id": "12"}'
    page = await discord.send(options, trigger(handle=ticket.handle), session)
    await discord.send(options, acknowledge(handle=page.handle), session)
    await discord.send(options, resolve(handle=page.handle), session)

    assert (ticket.handle, page.handle) == ("11", "11,12")
    asked = [(method, path.partition("/hook/path-that-is-secret")[2]) for method, path in far.asked]
    assert asked == [
        ("POST", "?thread_id=5&wait=true"),
        ("POST", "?thread_id=5&wait=true"),
        *[("PATCH", f"/messages/{one}?thread_id=5") for one in ("11", "12")] * 2,
    ]
    assert json.loads(far.seen[-1][1])["content"].startswith("✅ **Resolved")


async def test_a_message_that_somebody_deleted_needs_no_mending(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status, far.text = 404, '{"message": "Unknown Message", "code": 10008}'

    verdict = await discord.send(Options(url=Secret(far.url)), resolve(handle="11,12"), session)

    assert verdict.fate is Fate.DELIVERED
    assert len(far.asked) == 2


async def test_a_pause_of_less_than_a_second_is_kept(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status, far.headers = 429, {"Retry-After": "0.65"}
    far.text = '{"message": "You are being rate limited.", "retry_after": 0.65}'

    verdict = await discord.send(Options(url=Secret(far.url)), trigger(), session)

    assert (verdict.fate, verdict.after_s) == (Fate.RETRY, 0.65)
    assert verdict.detail == "answered 429: You are being rate limited."


def test_markdown_is_shown_and_not_obeyed() -> None:
    said = whole(trigger(summary="**a** [b](https://evil.example) @everyone `c`"))["content"]

    assert r"\*\*a\*\* \[b\](https://evil.example) \@everyone \`c\`" in said


def test_the_page_shows_what_is_really_sent() -> None:
    assert page("discord") == [whole(trigger())]
