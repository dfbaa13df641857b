"""Asked from an address of choice: the target sees it, and one that is not ours is our fault."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import pytest

from probes.ping_parts.pinger import Pinger
from probes.result import Outcome, Result
from probes.watch import METADATA_AND_LINK_LOCAL, Shared, Watch
from synthetics.clock import SystemClock
from synthetics.kinds import probe_kinds
from tests.probes.specimens import SPECIMENS
from tests.probes.support import look_up, ok, speaking

OURS = "127.0.0.9"
NOT_OURS = "192.0.2.1"


async def ask(kind: str, written: object, *, source: str) -> Result:
    shared = Shared()
    watch = Watch(
        clock=SystemClock(),
        timeout_s=30,
        shared=shared,
        denied=METADATA_AND_LINK_LOCAL,
        source=source,
    )
    known = probe_kinds()[kind]
    try:
        options = known.options.validate_python(written, context={"resolve": look_up})
        result: Result = await known.act(options, watch)
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


@pytest.mark.parametrize("over", ["udp", "https"])
async def test_a_name_server_is_not_asked_from_an_address_that_is_not_ours(over: str) -> None:
    written = {"query": "shop.example", "servers": "127.0.0.1:1", "over": over}

    result = await ask("dns", written, source=NOT_OURS)

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-sockets")


@pytest.mark.parametrize("kind", sorted(SPECIMENS.keys() - {"exec"}))
async def test_an_address_that_this_machine_has_not_is_our_fault(kind: str) -> None:
    async with SPECIMENS[kind].good() as written:
        result = await ask(kind, written, source=NOT_OURS)

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-sockets"), result.detail
    assert re.fullmatch(r"(\w+: )?this machine has no (such )?address .*to ask from", result.detail)


async def test_a_ping_goes_out_from_there_beside_one_from_elsewhere() -> None:
    """What comes back says to whom; the kernel sees to it that only ours gets it."""
    shared = Shared()
    known = probe_kinds()["ping"]
    options = known.options.validate_python({"host": "127.0.0.1"})
    results = [
        await known.act(
            options, Watch(clock=SystemClock(), timeout_s=5, shared=shared, source=source)
        )
        for source in ("", OURS, "", OURS)
    ]
    pinger = await shared.get(Pinger, Pinger.start)
    bound = {own.getsockname()[0] for own, _ in pinger._sockets.values()}
    await shared.close()

    assert {result.outcome for result in results} == {Outcome.GOOD}
    assert bound == {"0.0.0.0", OURS}


@pytest.mark.parametrize(("kind", "write"), [("tcp", of_tcp)])
async def test_a_target_of_another_family_cannot_be_asked_from_there(kind: str, write: Any) -> None:
    result = await ask(kind, write(1), source="::1")

    assert (result.outcome, result.reason) == (Outcome.VOID, "network-unreachable")
    assert result.detail == "127.0.0.1 has no address that can be asked from ::1"
