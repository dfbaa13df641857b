"""What every receiver owes to paging, whatever it talks to."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from typing import Any

import aiohttp
import pytest
import trustme
from pydantic import ValidationError

from synthetics.kinds import receiver_kinds
from synthetics.receivers.base import Failing, Fate, Link, Message, Verdict
from tests.receivers.support import (
    ROUTING_KEY,
    SECRET_PATH,
    SECRETS,
    WRITTEN,
    FarSide,
    options,
    resolve,
    trigger,
)

KINDS = sorted(receiver_kinds())
RUDE = "line one\r\nX-Injected: yes\x00\x1b[31m\u2028\u202eevil\udc80"

pytestmark = pytest.mark.parametrize("kind", KINDS)


async def sent(
    kind: str, url: str, session: aiohttp.ClientSession, message: Message | None = None
) -> Verdict:
    verdict = await receiver_kinds()[kind].act(options(kind, url), message or trigger(), session)
    assert isinstance(verdict, Verdict)
    return verdict


def test_every_kind_has_an_example_here(kind: str) -> None:
    assert kind in WRITTEN


@pytest.mark.parametrize("message", [trigger(), resolve()], ids=["trigger", "resolve"])
async def test_202_is_delivered(
    kind: str, message: Message, far: FarSide, session: aiohttp.ClientSession
) -> None:
    assert await sent(kind, far.url, session, message) == Verdict.delivered()
    assert len(far.seen) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599, 302, 303, 307])
async def test_what_may_pass_is_worth_another_attempt(
    kind: str, status: int, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status = status
    far.headers = {"Location": "/elsewhere"} if status < 400 else {}

    verdict = await sent(kind, far.url, session)

    assert (verdict.fate, verdict.reason) == (Fate.RETRY, f"status-{status}")
    assert verdict.arrived == (status >= 500), "a server error may come after the deed"
    assert len(far.seen) == 1, "one attempt, and redirects are not followed"


@pytest.mark.parametrize("status", [301, 308, 400, 401, 403, 404, 410, 413, 415, 422, 451])
async def test_what_will_not_pass_is_refused(
    kind: str, status: int, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status = status
    far.headers = {"Location": "/elsewhere"} if status < 400 else {}

    verdict = await sent(kind, far.url, session)

    assert (verdict.fate, verdict.reason) == (Fate.REFUSED, f"status-{status}")
    assert not verdict.arrived
    assert len(far.seen) == 1


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        pytest.param({"Retry-After": "30"}, 30.0, id="seconds"),
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
        pytest.param({"Retry-After": "-5"}, None, id="below zero"),
        pytest.param({}, None, id="not asked for"),
    ],
)
async def test_retry_after_is_read(
    kind: str,
    headers: dict[str, str],
    after_s: float | None,
    far: FarSide,
    session: aiohttp.ClientSession,
) -> None:
    far.status, far.headers = 429, headers

    assert (await sent(kind, far.url, session)).after_s == after_s


async def test_the_callers_limit_ends_an_attempt(
    kind: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.silent = True

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await sent(kind, far.url, session)


async def test_a_receiver_that_is_down_has_not_got_it(
    kind: str, session: aiohttp.ClientSession
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    verdict = await sent(kind, f"http://127.0.0.1:{port}/", session)

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, "connect", False)


async def test_a_name_that_is_not_found_may_be_found_later(
    kind: str, session: aiohttp.ClientSession
) -> None:
    verdict = await sent(kind, "http://receiver.invalid/", session)

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, "dns", False)


async def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(
    kind: str, session: aiohttp.ClientSession
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    got: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read())

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        verdict = await sent(kind, f"https://localhost:{port}/", session)

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
    kind: str, answer: bytes, reason: str, session: aiohttp.ClientSession
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        verdict = await sent(kind, f"http://127.0.0.1:{port}/", session)

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, reason, True)


async def test_an_endless_answer_is_not_read_to_the_end(
    kind: str, session: aiohttp.ClientSession
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
                await writer.drain()
        except OSError:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        port = server.sockets[0].getsockname()[1]
        verdict = await sent(kind, f"http://127.0.0.1:{port}/", session)

    assert verdict == Verdict.delivered()


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 302])
async def test_no_secret_is_in_a_verdict_or_a_log(
    kind: str,
    status: int,
    far: FarSide,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also where the far side repeats them, or the URL is the secret and cannot be reached."""
    caplog.set_level("DEBUG")
    far.status = status
    errors = [f"no {ROUTING_KEY} at {far.url}", f"/hook/{SECRET_PATH} is not known"]
    far.text = json.dumps({"status": "invalid event", "errors": errors})

    verdict = await sent(kind, far.url, session)

    said = f"{verdict} {caplog.text} {options(kind, far.url)!r} {options(kind, far.url)}"
    assert not [secret for secret in SECRETS if secret in said]
    assert len(verdict.detail) <= 200
    assert verdict.detail.isprintable()


async def test_no_secret_is_in_the_verdict_on_a_receiver_that_is_down(
    kind: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    await far.__aexit__()

    verdict = await sent(kind, far.url, session)

    assert verdict.fate is Fate.RETRY
    assert not [secret for secret in SECRETS if secret in str(verdict)]


async def test_control_characters_are_harmless(
    kind: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    message = trigger(
        summary=RUDE,
        service_name=RUDE,
        step=RUDE,
        reason=RUDE,
        location=RUDE,
        failing=Failing(at_ms=0, detail=RUDE, trace_id=RUDE, request_id=RUDE),
        links=(Link(text=RUDE, href=f"https://wiki.example/{RUDE}"), *trigger().links),
    )

    assert await sent(kind, far.url, session, message) == Verdict.delivered()

    [(headers, body)] = far.seen
    assert "X-Injected" not in headers
    for text in _texts(json.loads(body)):
        assert text.isprintable(), repr(text)
    assert "https://wiki.example/oncall/shop" in _texts(json.loads(body))


async def test_texts_without_end_are_shortened(
    kind: str, far: FarSide, session: aiohttp.ClientSession
) -> None:
    endless = "本店🔥" * 100_000
    message = trigger(
        summary=endless,
        service_name=endless,
        step=endless,
        reason=endless,
        location=endless,
        failing=Failing(at_ms=0, detail=endless, trace_id=endless, request_id=endless),
        also=tuple(f"slo-{number}" for number in range(100_000)),
        links=tuple(
            Link(text=endless, href=f"https://wiki.example/{number}") for number in range(1000)
        ),
    )

    assert await sent(kind, far.url, session, message) == Verdict.delivered()

    [(_, body)] = far.seen
    assert len(body) < 512_000


def test_an_url_is_one(kind: str) -> None:
    for wrong in ("ftp://receiver.example/", "receiver.example", "https://", "http://a:b/", ""):
        with pytest.raises(ValidationError, match="not an http or https URL") as caught:
            options(kind, wrong)
        said = str(caught.value.errors(include_input=False, include_url=False))
        assert not wrong or wrong not in said


def test_unknown_keys_are_refused(kind: str) -> None:
    with pytest.raises(ValidationError):
        receiver_kinds()[kind].options.validate_python(
            WRITTEN[kind] | {"url": "https://receiver.example/", "colour": "red"}
        )


def test_references_are_taken_where_no_secrets_are_at_hand(kind: str) -> None:
    """A check of the file by itself, as an editor does it, must not stumble over them."""
    written = {
        name: "${env:THING}" if isinstance(value, str) else value
        for name, value in WRITTEN[kind].items()
    }

    receiver_kinds()[kind].options.validate_python(written | {"url": "${env:THING}"})


def _texts(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return []
