"""Whatever stands in a scrape and whatever a target says: a failure, in time, and no defect."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.exporter.asker import Asker
from tests.probes.support import speaking

TARGETS = [
    "ws://127.0.0.1:9#part",
    "ws://[::1",
    "ws://a:99999/",
    "ws://a\x00b/",
    "ws://me:word@127.0.0.1:9/",
    "http://xn--zz--/",
    "\x00",
    "@",
    "@\x00",
    "\ud800",
    "a" * 5000,
    "[fe80::1%25none]:9",
]
ANSWERS = {
    "nothing": b"",
    "garbage": bytes(range(256)) * 10,
    "a line without an end": b"x" * 200_000,
    "a status that is none": b"HTTP/1.1 999 X\r\n\r\n",
    "a key that does not fit": (
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: x\r\n\r\n"
    ),
    "headers without an end": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50_000,
    "lengths that are none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "json without an end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"[" * 200_000,
}


@pytest.mark.parametrize("prober", ["http", "tcp", "unix", "websocket"])
async def test_a_target_that_is_none(asker: Asker, prober: str) -> None:
    for target in TARGETS:
        said = await asker.text(f"{{prober: {prober}, timeout: 500ms}}", target)
        assert "probe_success 0\n" in said


@pytest.mark.parametrize("says", ANSWERS.values(), ids=ANSWERS)
async def test_what_a_target_says(asker: Asker, says: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await writer.drain()
        await reader.read()

    async with speaking(speak) as port:
        web = f"http://127.0.0.1:{port}/"
        token = f"oauth2: {{client_id: me, token_url: '{web}'}}"
        for prober, keys, target in (
            ("websocket", "query_response: [{expect: a}]", f"ws://127.0.0.1:{port}/"),
            ("http", token, web),
            ("http", f"proxy_url: '{web}'", "https://shop.test/"),
            ("http", "fail_if_body_json_not_matches_cel: 'body == 1'", web),
        ):
            began = time.monotonic()
            module = f"{{prober: {prober}, timeout: 250ms, {prober}: {{{keys}}}}}"
            assert "probe_success 0\n" in await asker.text(module, target)
            assert time.monotonic() - began < 0.6
