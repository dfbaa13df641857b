"""What every receiver that speaks HTTP makes of what can come back."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme
from pydantic import ValidationError

from synthetics.kinds import receiver_kinds
from synthetics.receivers.base import Fate, Message, Verdict
from tests.receivers.sides import SIDES, HttpSide
from tests.receivers.support import trigger

NAMES = sorted(name for name, conduct in SIDES.items() if conduct.is_http)
PASSING = {408, 425, 429}
MOVED_FOR_GOOD = {301, 308}

pytestmark = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
async def side(name: str, tmp_path: Path) -> AsyncIterator[HttpSide]:
    async with SIDES[name].side(tmp_path) as side:
        yield side


async def sent(
    name: str,
    side: HttpSide,
    session: aiohttp.ClientSession,
    message: Message | None = None,
    *,
    url: str = "",
) -> Verdict:
    conduct = SIDES[name]
    options = conduct.options(side, **({"url": url} if url else {}))
    verdict = await receiver_kinds()[conduct.kind].act(options, message or trigger(), session)
    assert isinstance(verdict, Verdict)
    return verdict


async def test_every_status_means_something(
    name: str, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    side.far.text = "what stands here is not what it should be"
    for status in range(200, 600):
        side.far.status = status
        side.far.headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        asked = len(side.far.seen)

        verdict = await sent(name, side, session)

        assert len(side.far.seen) == asked + 1, "one attempt, and redirects are not followed"
        if status < 300 and SIDES[name].any_2xx:
            assert verdict.fate is Fate.DELIVERED
        elif status in MOVED_FOR_GOOD or (400 <= status < 500 and status not in PASSING):
            assert (verdict.fate, verdict.arrived) == (Fate.REFUSED, False)
            assert verdict.reason == f"status-{status}"
        elif status >= 300:
            assert (verdict.fate, verdict.reason) == (Fate.RETRY, f"status-{status}")
            assert verdict.arrived == (status >= 500), "a server error may come after the deed"
        elif verdict.fate is not Fate.DELIVERED:
            assert (verdict.fate, verdict.arrived) == (Fate.RETRY, True), "a proxy says yes to all"


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        pytest.param({"Retry-After": "30"}, 30.0, id="seconds"),
        pytest.param({"Retry-After": "0.25"}, 0.25, id="a part of a second"),
        pytest.param(
            {
                "Date": "Mon, 05 Oct 2026 14:05:00 GMT",
                "Retry-After": "Mon, 05 Oct 2026 14:07:00 GMT",
            },
            120.0,
            id="a date, by the far side's own clock",
        ),
        pytest.param(
            {
                "Date": "Mon, 05 Oct 2026 14:05:00 GMT",
                "Retry-After": "Mon, 05 Oct 2026 14:04:00 GMT",
            },
            0.0,
            id="a date that has passed",
        ),
        pytest.param({"Retry-After": "999999999"}, 3600.0, id="no page waits for a typo"),
        pytest.param({"Retry-After": "soon"}, None, id="nonsense"),
        pytest.param({"Retry-After": "."}, None, id="no number"),
        pytest.param({"Retry-After": "-5"}, None, id="below zero"),
        pytest.param({}, None, id="not asked for"),
    ],
)
async def test_retry_after_is_read(
    name: str,
    headers: dict[str, str],
    after_s: float | None,
    side: HttpSide,
    session: aiohttp.ClientSession,
) -> None:
    side.far.status, side.far.headers = 429, headers

    assert (await sent(name, side, session)).after_s == after_s


async def test_a_receiver_that_is_down_has_not_got_it(
    name: str, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    verdict = await sent(name, side, session, url=f"http://127.0.0.1:{port}/")

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, "connect", False)


async def test_a_name_that_is_not_found_may_be_found_later(
    name: str, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    verdict = await sent(name, side, session, url="http://receiver.invalid/")

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, "dns", False)


async def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(
    name: str, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    got: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read())

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        verdict = await sent(name, side, session, url=f"https://localhost:{port}/")

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, "tls", False)
    assert "certificate" in verdict.detail
    assert b"".join(got) == b""


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "malformed", id="not HTTP"),
        pytest.param(b"", "connection", id="hangs up"),
        pytest.param(b"HTTP/1.1 202 Acc", "connection", id="hangs up in mid-sentence"),
    ],
)
async def test_nonsense_in_return_leaves_it_open_whether_it_arrived(
    name: str, answer: bytes, reason: str, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        verdict = await sent(name, side, session, url=f"http://127.0.0.1:{port}/")

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, reason, True)


@pytest.mark.parametrize("status", [b"202 Accepted", b"200 OK", b"400 Bad Request"])
async def test_an_endless_answer_is_not_read_to_the_end(
    name: str, status: bytes, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(b"HTTP/1.1 " + status + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1000\r\n" + b"[" * 0x1000 + b"\r\n")
                await writer.drain()
        except OSError:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        port = server.sockets[0].getsockname()[1]
        verdict = await sent(name, side, session, url=f"http://127.0.0.1:{port}/")

    if status.startswith(b"4"):
        assert verdict.fate is Fate.REFUSED
    elif SIDES[name].any_2xx:
        assert verdict.fate is Fate.DELIVERED


@pytest.mark.parametrize("text", ["", "<html>", "[1]", '{"errors": 5}', "null", "[" * 4000, "\0"])
@pytest.mark.parametrize("status", [200, 400])
async def test_an_answer_that_cannot_be_read_says_nothing(
    name: str, text: str, status: int, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    side.far.status, side.far.text = status, text

    verdict = await sent(name, side, session)

    if status == 400:
        assert verdict.fate is Fate.REFUSED
        assert verdict.detail.startswith("answered 400")
    elif SIDES[name].any_2xx:
        assert (verdict.fate, verdict.handle == "" or name == "opsgenie") == (Fate.DELIVERED, True)


async def test_a_far_side_that_cannot_make_sense_of_itself_is_bounded(
    name: str, side: HttpSide, session: aiohttp.ClientSession
) -> None:
    side.far.status, side.far.text = 400, json.dumps({"message": "no\nsuch\x07thing " * 1000})

    verdict = await sent(name, side, session)

    assert len(verdict.detail) <= 200
    assert verdict.detail.isprintable()


async def test_an_url_is_one(name: str, side: HttpSide) -> None:
    for wrong in ("ftp://receiver.example/", "receiver.example", "https://", "http://a:b/", ""):
        with pytest.raises(ValidationError, match="not an http or https URL") as caught:
            SIDES[name].options(side, url=wrong)
        said = str(caught.value.errors(include_input=False, include_url=False))
        assert not wrong or wrong not in said
