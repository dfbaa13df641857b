"""WebSockets: conversations with a real server, and with some that only seem to be one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import ssl
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from probes import websocket
from probes.result import Outcome, Result
from tests.probes.support import Asker, Speak, look_up, refusal, speaking

OPTIONS: TypeAdapter[websocket.Options] = TypeAdapter(websocket.Options)
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 2) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await websocket.run(options, asker.watch(timeout_s))


class Shop:
    """A server that tells prices, and notes what it was asked with."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []

    async def __call__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.headers.append(dict(socket.request.headers.raw_items()))
        await socket.send('{"type": "hello", "session": "s-1"}')
        await socket.ping()
        async for message in socket:
            if message == "subscribe s-1":
                await socket.send("noise")
                await socket.send('{"type": "price", "value": 12.5}')
            elif isinstance(message, bytes):
                await socket.send(message[::-1])
            elif message == "bye":
                await socket.close(4001, "you said so")
            else:
                await socket.send(f"what is {message}")


@contextlib.asynccontextmanager
async def shop(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, Shop]]:
    it = Shop()
    offered = [Subprotocol("prices.v1")] if tls else None
    async with serve(it, "127.0.0.1", 0, ssl=tls, subprotocols=offered) as server:
        yield next(iter(server.sockets)).getsockname()[1], it


async def test_a_conversation_with_captures_and_json(asker: Asker) -> None:
    async with shop() as (port, seen):
        written = {
            "connect": f"ws://127.0.0.1:{port}/feed?token=${{env:TOKEN}}",
            "headers": {"Origin": "https://shop.example", "Host": "shop.example"},
            "dialogue": [
                {"expect": '"session": "(?P<session>[^"]+)"'},
                {"send": "subscribe ${session}"},
                {"json": {"$.type": "price", "$.value": {"over": 0}}},
                {"send": {"hex": "0102"}},
                {"expect": "\x02\x01"},
            ],
        }
        result = await ask(asker, written)

    assert result.outcome is Outcome.GOOD, result.detail
    assert result.facts.status == 101
    assert result.facts.url == f"ws://127.0.0.1:{port}/feed?token=***"
    assert seen.headers[0]["Origin"] == "https://shop.example"
    assert seen.headers[0]["Host"] == "shop.example"
    assert seen.headers[0]["X-Request-ID"] == result.trace_id
    assert seen.headers[0]["traceparent"].split("-")[1] == result.trace_id


async def test_over_tls_with_a_subprotocol(asker: Asker, authority: trustme.CA, pem: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ends = datetime.now(UTC) + timedelta(days=30)
    authority.issue_cert("localhost", not_after=ends).configure_cert(context)
    async with shop(context) as (port, _):
        written: dict[str, Any] = {
            "connect": f"wss://localhost:{port}",
            "ip": 4,
            "tls": {"ca": pem},
            "subprotocols": ["other", "prices.v1"],
            "expect": {"subprotocol": "prices.v1", "certificate": {"valid_for": "1d"}},
        }
        good = await ask(asker, written)
        too_soon = await ask(asker, written | {"expect": {"certificate": {"valid_for": "31d"}}})
        other = await ask(asker, written | {"expect": {"subprotocol": "other"}})
        untrusted = await ask(asker, written | {"tls": {}})

    assert good.outcome is Outcome.GOOD, good.detail
    assert good.facts.certificate_expires_at is not None
    assert (too_soon.reason, other.reason) == ("certificate", "subprotocol")
    assert untrusted.reason == "tls-unknown-ca"


async def test_a_close_is_told_with_its_code(asker: Asker) -> None:
    async with shop() as (port, _):
        turns = [{"send": "bye"}, {"expect": "welcome"}]
        result = await ask(asker, {"connect": f"ws://127.0.0.1:{port}", "dialogue": turns})

    assert result.reason == "closed"
    assert result.detail == "the target closed the WebSocket with code 4001: you said so"
    assert result.evidence is not None
    assert result.evidence.body.startswith("> bye\n")
    assert result.evidence.expected == "a message with `welcome` in it"


def accepting(*frames: bytes, headers: str = "", wait: bool = True) -> Speak:
    """A server that opens a WebSocket by hand, and then sends *frames*."""

    async def speak(reader: Reader, writer: Writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line[19:] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        magic = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
        accept = base64.b64encode(hashlib.sha1(magic, usedforsecurity=False).digest()).decode()
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
        )
        writer.write(answer.encode())
        for frame in frames:
            writer.write(frame)
        await writer.drain()
        if wait:
            await reader.read()

    return speak


def saying_only(answer: bytes) -> Speak:
    async def speak(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    return speak


def text(data: bytes, *, first: int = 0x81) -> bytes:
    """A frame; *first* is its first byte."""
    size = len(data)
    head = bytes([first, size]) if size < 126 else bytes([first, 126]) + size.to_bytes(2, "big")
    return head + data


def bomb() -> bytes:
    """A message of 64 MiB, compressed."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeeze.compress(bytes(64 << 20)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    return bytes([0xC1, 127]) + (len(data) - 4).to_bytes(8, "big") + data[:-4]


DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n"


@pytest.mark.parametrize(
    ("speak", "reason"),
    [
        pytest.param(saying_only(b""), "empty-reply", id="nothing"),
        pytest.param(saying_only(b"HTTP/1.1 101 Swi"), "truncated", id="half an answer"),
        pytest.param(saying_only(b"SSH-2.0-x\r\n" * 10), "malformed", id="not HTTP"),
        pytest.param(saying_only(b"x" * 100_000), "malformed", id="a line without an end"),
        pytest.param(
            saying_only(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), "status", id="403"
        ),
        pytest.param(
            saying_only(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                        b"Sec-WebSocket-Accept: wrong\r\n\r\n"),
            "malformed", id="a wrong key",
        ),
        pytest.param(accepting(text(b"hel", first=0x01), text(b"lo", first=0x80)), "", id="pieces"),
        pytest.param(accepting(b"\xf1\x00"), "malformed", id="reserved bits"),
        pytest.param(accepting(text(b"lo", first=0x80)), "malformed", id="a piece of nothing"),
        pytest.param(accepting(b"\x81\xff" + b"\xff" * 30), "malformed", id="masked"),
        pytest.param(
            accepting(b"\x81\x7f" + (1 << 62).to_bytes(8, "big")), "body-too-large", id="huge"
        ),
        pytest.param(accepting(bomb(), headers=DEFLATE), "body-too-large", id="a bomb"),
        pytest.param(
            accepting(b"\xc1\x05nope!", headers=DEFLATE), "malformed", id="no deflate"
        ),
        pytest.param(accepting(wait=False), "truncated", id="gone without a goodbye"),
        pytest.param(accepting(text(b"noise"), text(b"", first=0x88)), "closed", id="closed"),
        pytest.param(accepting(*[text(b"x" * 65000)] * 300), "body-too-large", id="a flood"),
        pytest.param(accepting(), "timeout", id="silence"),
    ],
)  # fmt: skip
async def test_targets_that_only_seem_to_speak_it(asker: Asker, speak: Speak, reason: str) -> None:
    async with speaking(speak) as port:
        written = {"connect": f"ws://127.0.0.1:{port}", "dialogue": [{"expect": "hello"}]}
        result = await ask(asker, written, 0.5)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("written", "what", "at"),
    [
        ({"connect": "https://a/"}, "this is not a ws or wss URL", ("connect",)),
        ({"connect": "ws://"}, "this is not an http or https URL", ("connect",)),
        ({"connect": "ws://a", "dialogue": [{}]}, "a turn is one thing to do", ()),
        (
            {"connect": "ws://a", "dialogue": [{"send": "${x}"}]},
            "${x} is used before it is captured",
            (0, "send"),
        ),
        (
            {"connect": "ws://a", "dialogue": [{"json": {"$.id": "${x}"}}]},
            "${x} is used before it is captured",
            (0, "json"),
        ),
        (
            {"connect": "ws://a", "headers": {"Sec-WebSocket-Key": "x"}},
            "Sec-WebSocket-Key is set by the connection itself",
            ("headers", "Sec-WebSocket-Key"),
        ),
        (
            {"connect": "ws://a", "expect": {"certificate": {"valid_for": "1d"}}},
            "without TLS there is no certificate",
            ("expect", "certificate"),
        ),
        (
            {"connect": "ws://a", "expect": {"subprotocol": "x"}},
            "x is not offered",
            ("expect", "subprotocol"),
        ),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str, at: tuple[str | int, ...]) -> None:
    refused = refusal(OPTIONS, written)

    assert (refused.what, refused.at) == (what, at)
