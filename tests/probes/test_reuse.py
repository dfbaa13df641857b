"""Handles and orders serve again; nothing that one probe says is ever sent by another."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from probes import http
from probes.curl.engine import engine_of
from probes.curl.order import Answer, Order
from probes.result import Outcome
from tests.probes.support import HTTP, Asker, look_up, ok, speaking

_IDS = re.compile(rb"(?im)^(traceparent|x-request-id): .*\r\n")


class Heard:
    """A server that keeps what it is sent, and answers each path in its own way."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.requests.append(head + body)
        if b"/hangs" in head:
            await asyncio.Event().wait()
        elif b"/breaks" in head:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        elif b"/login" in head and b"Authorization" not in head:
            writer.write(
                b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
        else:
            writer.write(ok(b"fine", "Set-Cookie: session=of-the-first; Path=/"))


def everything(path: str) -> dict[str, Any]:
    """A probe that sets all that can be set on a handle."""
    return {
        "put": f"http://first.example:PORT{path}",
        "headers": {"X-First": "first", "Cookie": "own=first", "User-Agent": "first"},
        "body": "the body of the first",
        "resolve": {"first.example": "127.0.0.1"},
        "ip": "4",
        "decompress": False,
        "redirects": {"follow": 3},
    }


BEFORE = {
    "good": everything("/"),
    "a time limit": everything("/hangs"),
    "a broken body": everything("/breaks"),
    "nobody listening": {**everything("/"), "resolve": {"first.example": "127.0.0.2"}},
    "a login": {
        "get": "http://127.0.0.1:PORT/login",
        "auth": {"digest": {"username": "first", "password": "${env:PASSWORD}"}},
    },
    "no body wanted": {"head": "http://127.0.0.1:PORT/", "headers": {"X-First": "first"}},
    "an answer too large": {**everything("/"), "limits": {"body": "1B"}},
    "a proxy": {"get": "http://first.example/", "proxy": "http://127.0.0.1:PORT"},
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
async def test_what_one_probe_sets_is_never_sent_by_the_next(
    asker: Asker, before: dict[str, Any]
) -> None:
    heard, untouched = Heard(), Asker()
    async with speaking(heard.speak) as port:

        def at_port(value: Any) -> Any:
            return value.replace("PORT", str(port)) if isinstance(value, str) else value

        plain = {"get": f"http://127.0.0.1:{port}/second"}
        await asker.http({key: at_port(value) for key, value in before.items()}, timeout_s=0.3)
        after = await asker.http(plain)
        alone = await untouched.http(plain)
    await untouched.shared.close()

    assert after.outcome is alone.outcome is Outcome.GOOD
    assert after.facts == alone.facts
    second, fresh = (_IDS.sub(b"", request) for request in heard.requests[-2:])
    assert second == fresh
    assert b"first" not in second


async def test_each_run_of_one_probe_has_identifiers_of_its_own(asker: Asker) -> None:
    heard = Heard()
    async with speaking(heard.speak) as port:
        written = {"get": f"http://127.0.0.1:{port}/", "headers": {"X-Kept": "${env:TOKEN}"}}
        options = HTTP.validate_python(written, context={"resolve": look_up})
        results = [await http.run(options, asker.watch()) for _ in range(3)]

    found = [_IDS.findall(request) for request in heard.requests]
    assert [len(each) for each in found] == [2, 2, 2]
    for result, request in zip(results, heard.requests, strict=True):
        assert request.count(result.trace_id.encode()) == 2
        assert request.count(b"X-Kept: t0k3n-of-the-probe\r\n") == 1
        assert b"Cookie" not in request


async def test_an_order_finds_its_handle_as_it_was_set_up_and_nothing_of_last_time(
    asker: Asker,
) -> None:
    heard, watch = Heard(), asker.watch()
    engine = await engine_of(watch)

    async def asked(order: Order, *also: str, timeout_ms: int = 1000) -> Answer:
        with engine.line(keep=False) as line:
            return await line.ask(order, also, timeout_ms=timeout_ms, permits=watch.permits)

    async with speaking(heard.speak) as port:
        orders = [
            Order(
                method="PUT",
                url=f"http://127.0.0.1:{port}{path}",
                headers=("X-Always: yes",),
                body=b"all of it",
                body_limit=1000,
                body_keep=1000,
                cookies=True,
            )
            for path in ("/", "/breaks", "/hangs")
        ]
        for order in orders:
            for also in ((), ("X-Once: yes",), ()):
                answer = await asked(order, *also, timeout_ms=200)
                assert (answer.failure == 0) is (order is orders[0])
                assert answer.body == {orders[0]: b"fine", orders[1]: b"half"}.get(order, b"")
        slow = await asked(orders[2], timeout_ms=600)

    assert slow.total_s > 0.5
    for first, once, again in (heard.requests[0:3], heard.requests[3:6], heard.requests[6:9]):
        assert first == again
        assert once.replace(b"X-Once: yes\r\n", b"") == first
        assert b"Cookie" not in again
