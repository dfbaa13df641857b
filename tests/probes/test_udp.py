"""Datagrams to and fro."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from probes import udp
from probes.result import Outcome, Result
from tests.probes.support import Asker, look_up, refusal

OPTIONS: TypeAdapter[udp.Options] = TypeAdapter(udp.Options)


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 2) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await udp.run(options, asker.watch(timeout_s))


@contextlib.asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that says *answers* to every datagram; its port, and what it was sent."""
    got: list[bytes] = []

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
            got.append(data)
            for answer in answers:
                self.transport.sendto(answer, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1], got
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        (None, ""),
        ("^stat", ""),
        ("nothing", "timeout"),
        ({"hex": "73 74"}, ""),
        ({"base64": "AAAA"}, "timeout"),
    ],
)
async def test_the_answer_is_waited_for(
    asker: Asker, expect: str | dict[str, str] | None, reason: str
) -> None:
    async with answering(b"noise\xff", b"stat ok") as (port, got):
        written = {"connect": f"127.0.0.1:{port}", "send": {"hex": "ff 00"}, "expect": expect}
        result = await ask(asker, {k: v for k, v in written.items() if v is not None}, 0.2)

    assert result.reason == reason, result.detail
    assert got == [b"\xff\x00"]
    assert result.facts.address == "127.0.0.1"
    if reason:
        assert result.evidence is not None
        assert "stat ok" in result.evidence.body
        assert result.detail.startswith("not done after 0.2 s: waiting for an answer with `")


async def test_a_port_that_is_closed_says_so(asker: Asker) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = await ask(asker, {"connect": f"127.0.0.1:{port}", "send": "hello"})

    assert (result.outcome, result.reason) == (Outcome.BAD, "connect")


async def test_a_flood_of_others_is_an_answer_of_its_own(asker: Asker) -> None:
    async with answering(*[b"not this"] * (udp.MOST_ANSWERS + 1)) as (port, _):
        written = {"connect": f"127.0.0.1:{port}", "send": "hello", "expect": "that"}
        result = await ask(asker, written)

    assert result.reason == "answer"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"connect": "a:1", "send": "x", "expect": "("}, "`(` is not a regular expression"),
        ({"connect": "a:1", "send": "x", "expect": {"hex": "q"}}, "`q` is not hexadecimal"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, written).what.startswith(what)


async def test_a_host_that_there_is_not(asker: Asker) -> None:
    result = await ask(asker, {"connect": "name.invalid:1", "send": "hello"})

    assert (result.outcome, result.reason) == (Outcome.BAD, "dns")
