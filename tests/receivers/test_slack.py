"""Block Kit, by webhook and as a bot that mends its own message."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from pydantic import TypeAdapter, ValidationError

from probes.fields import Secret
from synthetics.receivers import slack
from synthetics.receivers.base import Fate
from synthetics.receivers.slack import Options, blocks
from tests.docs.support import REPOSITORY, of_page
from tests.receivers.support import TOKEN, FarSide, acknowledge, resolve, trigger

HANDLE = "C0123456789:1791209100.000100"
OK = '{"ok": true, "channel": "C0123456789", "ts": "1791209100.000100"}'


def bot(far: FarSide) -> Options:
    far.status, far.text = 200, OK
    return Options(url=Secret(far.url), token=Secret(TOKEN), channel="#oncall")


def called(far: FarSide) -> list[tuple[str, dict[str, Any]]]:
    return [
        (path.rpartition("/")[2], json.loads(body))
        for (_, path), (_, body) in zip(far.asked, far.seen, strict=True)
    ]


async def test_a_bot_remembers_its_message_and_mends_it_at_the_end(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    options = bot(far)

    first = await slack.send(options, trigger(), session)
    taken = await slack.send(options, acknowledge(handle=first.handle), session)
    over = await slack.send(options, resolve(handle=taken.handle), session)

    assert (first.handle, over.fate) == (HANDLE, Fate.DELIVERED)
    (posted, post), (_, ack), (mended, update) = called(far)
    assert (posted, post["channel"]) == ("chat.postMessage", "#oncall")
    assert ack["text"].startswith("👀")
    assert (mended, update["channel"]) == ("chat.update", "C0123456789")
    assert update["ts"] == "1791209100.000100"
    assert update["text"].startswith("✅ Resolved")
    assert far.seen[0][0]["Authorization"] == f"Bearer {TOKEN}"


async def test_what_gets_worse_is_heard_in_the_thread_and_in_the_channel(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    """Mending makes no sound; and the end must still mend the message that began it."""
    verdict = await slack.send(bot(far), trigger(handle=HANDLE), session)

    [(method, body)] = called(far)
    assert method == "chat.postMessage"
    assert (body["thread_ts"], body["reply_broadcast"]) == ("1791209100.000100", True)
    assert verdict.handle == HANDLE


@pytest.mark.parametrize(
    "error", ["message_not_found", "cant_update_message", "edit_window_closed"]
)
async def test_a_message_that_cannot_be_mended_is_followed_by_another(
    error: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    options = bot(far)
    far.text = json.dumps({"ok": False, "error": error})

    await slack.send(options, resolve(handle=HANDLE), session)

    assert [method for method, _ in called(far)] == ["chat.update", "chat.postMessage"]


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        ("ratelimited", Fate.RETRY),
        ("internal_error", Fate.RETRY),
        ("channel_not_found", Fate.REFUSED),
        ("invalid_auth", Fate.REFUSED),
        ("not_in_channel", Fate.REFUSED),
    ],
)
async def test_what_slack_says_with_a_200_is_read(
    error: str, fate: Fate, far: FarSide, session: aiohttp.ClientSession
) -> None:
    options = bot(far)
    far.text = json.dumps({"ok": False, "error": error})

    verdict = await slack.send(options, trigger(), session)

    assert (verdict.fate, verdict.reason) == (fate, f"slack-{error}")
    assert verdict.detail == f"Slack says {error}"


@pytest.mark.parametrize("text", ["<html>sign in</html>", "{}", '{"ok": false, "error": "<b>"}'])
async def test_a_proxy_that_says_yes_to_all_is_not_slack(
    text: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    options = bot(far)
    far.text = text

    verdict = await slack.send(options, trigger(), session)

    assert (verdict.fate, verdict.reason) == (Fate.RETRY, "malformed")


async def test_a_webhook_writes_a_second_message_at_the_end(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    options = Options(url=Secret(far.url))

    for make in (trigger, resolve):
        await slack.send(options, make(), session)

    first, second = (body["text"] for _, body in called(far))
    assert first.startswith("🔴 本店")
    assert second.startswith("✅ Resolved")


async def test_what_a_webhook_finds_wrong_is_told(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status, far.text = 404, "no_service"

    verdict = await slack.send(Options(url=Secret(far.url)), trigger(), session)

    assert verdict.detail == "answered 404: no_service"


def test_what_slack_would_obey_is_escaped() -> None:
    shown = json.dumps(blocks(trigger(summary="<!channel> a & b < c")), ensure_ascii=False)

    assert "&lt;!channel&gt; a &amp; b &lt; c" in shown


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ({}, "neither `url` nor `token`"),
        ({"token": "xoxb-1"}, "must know its channel"),
        ({"url": "https://hooks.example/x", "channel": "#a"}, "its own channel"),
        ({"token": "xoxb 1", "channel": "#a"}, "one word"),
    ],
)
def test_how_slack_is_reached_is_checked_at_load(written: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        TypeAdapter(Options).validate_python(written)


def page(name: str) -> list[Any]:
    return [
        json.loads(fence.text)
        for fence in of_page(REPOSITORY / "docs" / "receivers" / f"{name}.md")
        if fence.language == "json"
    ]


Make = Callable[[], Any]


def test_the_page_shows_what_is_really_sent() -> None:
    assert page("slack") == [blocks(trigger())]
