"""Asked from an address of choice: the target sees it, and one that is not ours is our fault."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from probes.result import Outcome, Result
from probes.watch import METADATA_AND_LINK_LOCAL, Shared, Watch
from synthetics.clock import SystemClock
from synthetics.kinds import probe_kinds
from tests.probes.support import ok, speaking

OURS = "127.0.0.9"
NOT_OURS = "192.0.2.1"


async def ask(kind: str, written: object, *, source: str) -> Result:
    shared = Shared()
    watch = Watch(
        clock=SystemClock(),
        timeout_s=5,
        shared=shared,
        denied=METADATA_AND_LINK_LOCAL,
        source=source,
    )
    known = probe_kinds()[kind]
    try:
        result: Result = await known.act(known.options.validate_python(written), watch)
    finally:
        await shared.close()
    return result


def of_http(port: int) -> Any:
    return {"get": f"http://127.0.0.1:{port}/"}


def of_journey(port: int) -> Any:
    return [{"name": "home", "get": f"http://127.0.0.1:{port}/"}]


def of_tcp(port: int) -> Any:
    return {"connect": f"127.0.0.1:{port}", "dialogue": [{"expect": "^220"}]}


@pytest.mark.parametrize(
    ("kind", "write"), [("http", of_http), ("journey", of_journey), ("tcp", of_tcp)]
)
async def test_the_target_sees_where_it_is_asked_from(kind: str, write: Any) -> None:
    seen: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        if kind == "tcp":
            writer.write(b"220 welcome\r\n")
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ok())

    async with speaking(note) as port:
        result = await ask(kind, write(port), source=OURS)

    assert (result.outcome, seen) == (Outcome.GOOD, [OURS])


async def test_a_datagram_comes_from_there_too() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        target.setblocking(False)
        target.bind(("127.0.0.1", 0))
        written = {"connect": f"127.0.0.1:{target.getsockname()[1]}", "send": "hello"}
        asking = asyncio.create_task(ask("udp", written, source=OURS))
        _, came_from = await loop.sock_recvfrom(target, 100)
        await loop.sock_sendto(target, b"welcome", came_from)

        assert (await asking).outcome is Outcome.GOOD
        assert came_from[0] == OURS


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("http", of_http(1)),
        ("tcp", of_tcp(1)),
        ("udp", {"connect": "127.0.0.1:1", "send": "hello"}),
        ("dns", {"query": "shop.example", "servers": "127.0.0.1:1"}),
        ("dns", {"query": "shop.example", "servers": "127.0.0.1:1", "over": "https"}),
        ("dns", {"query": "shop.example", "servers": "127.0.0.1:1", "over": "tcp"}),
    ],
)
async def test_an_address_that_this_machine_has_not_is_our_fault(kind: str, written: Any) -> None:
    result = await ask(kind, written, source=NOT_OURS)

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-sockets")


@pytest.mark.parametrize(("kind", "write"), [("tcp", of_tcp)])
async def test_a_target_of_another_family_cannot_be_asked_from_there(kind: str, write: Any) -> None:
    result = await ask(kind, write(1), source="::1")

    assert (result.outcome, result.reason) == (Outcome.VOID, "network-unreachable")
    assert result.detail == "127.0.0.1 has no address that can be asked from ::1"
