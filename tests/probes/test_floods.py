"""
Targets that send on and on, in pieces as small as their protocol has.

What is there already is read without a pause, so such a target could hold up the limit of its
own run, and every other run with it.  The server is in a thread, so as not to be held up itself.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import TypeAdapter

from probes.result import Result
from tests.probes.support import Asker

LIMIT_S = 0.2
GRACE_S = 0.1
KINDS = {entry.name: entry.load for entry in entry_points(group="synthetics.probes")}
Greet = Callable[[socket.socket], None]


def saying(*greetings: bytes) -> Greet:
    """Each of these, and what is answered to it."""

    def greet(peer: socket.socket) -> None:
        for each in greetings:
            peer.sendall(each)
            peer.recv(65536)

    return greet


def accepting(peer: socket.socket) -> None:
    """Open a WebSocket."""
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", peer.recv(65536))
    assert key is not None
    digest = hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    peer.sendall(
        b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )


@contextlib.contextmanager
def flooding(greet: Greet, unit: bytes) -> Iterator[int]:
    """A server that greets who comes, and then sends *unit* for ever; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                peer, _ = server.accept()
                with peer:
                    greet(peer)
                    while True:
                        peer.sendall(unit * (100_000 // len(unit)))

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
    thread.join(5)


MQTT = saying(b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x00")
NATS = saying(b'INFO {"server_id":"x"}\r\n')


@pytest.mark.parametrize(
    ("kind", "written", "greet", "unit"),
    [
        ("tcp", {"dialogue": [{"expect": "never"}]}, saying(), b"\n"),
        ("nats", {"round_trip": {"subject": "a"}}, NATS, b"+OK\r\n"),
        ("nats", {"round_trip": {"subject": "a"}}, NATS, b"PING\r\n"),
        ("mqtt", {"round_trip": {"topic": "a"}}, MQTT, b"\x30\x03\x00\x01a"),
        ("mqtt", {"round_trip": {"topic": "a"}}, MQTT, b"\x32\x05\x00\x01a\x00\x01"),
        ("websocket", {"dialogue": [{"expect": "never"}]}, accepting, b"\x81\x00"),
        ("websocket", {"dialogue": [{"expect": "never"}]}, accepting, b"\x89\x00"),
        ("redis", {}, saying(), b"*9\r\n"),
        ("amqp", {}, saying(), b"\x08\0\0\0\0\0\0\xce"),
        ("smtp", {}, saying(), b"220-\r\n"),
        ("imap", {}, saying(b"* OK\r\n"), b"* \r\n"),
        ("kafka", {}, saying(), b"\0\0\0\4\0\0\0\1"),
    ],
)
async def test_a_flood_holds_nobody_up(
    asker: Asker, kind: str, written: dict[str, Any], greet: Greet, unit: bytes
) -> None:
    known = KINDS[kind]()
    adapter: TypeAdapter[Any] = TypeAdapter(known.Options)

    async def ask(limit_s: float) -> tuple[Result, float, float]:
        with flooding(greet, unit) as port:
            where = f"ws://127.0.0.1:{port}/" if kind == "websocket" else f"127.0.0.1:{port}"
            options = adapter.validate_python({"connect": where, **written})
            others = asyncio.create_task(_longest_wait())
            await asyncio.sleep(0)
            began = time.monotonic()
            result: Result = await known.run(options, asker.watch(limit_s))
            return result, time.monotonic() - began, await _stopped(others)

    await ask(0.05)
    result, took_s, held_up_s = await ask(LIMIT_S)

    assert result.reason in {"timeout", "body-too-large", "malformed"}, result.detail
    assert took_s <= LIMIT_S + GRACE_S
    assert held_up_s <= LIMIT_S


async def _longest_wait() -> float:
    """For how long, at most, others had no turn until cancelled."""
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    except asyncio.CancelledError:
        return max(longest, time.monotonic() - last)


async def _stopped(task: asyncio.Task[float]) -> float:
    task.cancel()
    return await task
