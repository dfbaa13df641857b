"""Targets for kinds that ask by datagrams and echoes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

from tests.probes.specimen import Silence, Specimen


@contextlib.asynccontextmanager
async def _datagrams(*, answer: bool) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A port that says back what it gets, or says nothing; and whether anything came."""
    came = asyncio.Event()

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
            came.set()
            if answer:
                self.transport.sendto(data, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1], came
    finally:
        transport.close()


@contextlib.asynccontextmanager
async def _echoing() -> AsyncIterator[Any]:
    async with _datagrams(answer=True) as (port, _):
        yield {"connect": f"127.0.0.1:{port}", "send": "hello", "expect": "^hello$"}


@contextlib.asynccontextmanager
async def _repeating() -> AsyncIterator[Any]:
    async with _datagrams(answer=True) as (port, _):
        yield {"connect": f"127.0.0.1:{port}", "send": "${env:PASSWORD}", "expect": "welcome"}


@contextlib.asynccontextmanager
async def _silent() -> AsyncIterator[Silence]:
    async with _datagrams(answer=False) as (port, came):
        written = {"connect": f"127.0.0.1:{port}", "send": "hello"}
        yield Silence(written=written, came=came, gone=None)


@contextlib.asynccontextmanager
async def _ourselves() -> AsyncIterator[Any]:
    yield {"host": "127.0.0.1"}


@contextlib.asynccontextmanager
async def _nobody() -> AsyncIterator[Silence]:
    """A name server that is asked for the host and says nothing."""
    came = asyncio.Event()
    came.set()
    # Reserved for multicast to nobody: no host answers, and no router says so.
    yield Silence(written={"host": "224.0.0.99"}, came=came, gone=None)


UDP = Specimen(good=_echoing, silent=_silent, repeating=_repeating)
PING = Specimen(good=_ourselves, silent=_nobody)
