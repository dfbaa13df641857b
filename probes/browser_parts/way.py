"""
The way out of one run: a SOCKS proxy on loopback, which decides where its pages may connect to.

The browser is told to look no name up and to open no connection but through it.  So every
connection of a page, a redirect's and a WebSocket's among them, is resolved here, judged by the
address, and opened to that very address: a name that means another one a moment later gains
nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
from collections.abc import Callable
from typing import Final

from probes.net.dial import dial
from probes.net.trip import Trip, Trouble
from probes.watch import Watch

NOBODY = "nobody.invalid"
"""The host of what the browser asks by itself; it is not reached, and not worth a word."""

_PIECE = 64 * 1024
_MOST_TROUBLES = 100
_SUCCEEDED: Final = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
_REFUSED: Final = b"\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"
_GREETING_S: Final = 5.0


class Way:
    """
    Args:
        watch: Says what may be connected to, and from which address.
        limit: Most bytes that may come in.

    Attributes:
        troubles: By host, why it could not be reached.
        trips: By host, how its last connection came about.
        received: Bytes that came in.
        on_too_much: Called when these are more than may be.
    """

    def __init__(self, watch: Watch, limit: int) -> None:
        self._watch = watch
        self._limit = limit
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.troubles: dict[str, Trouble] = {}
        self.trips: dict[str, Trip] = {}
        self.received = 0
        self.on_too_much: Callable[[], None] = lambda: None

    async def open(self) -> str:
        """Listen; where, as a browser takes it."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"socks5://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Close all that is open, at once."""
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()

    @property
    def too_much(self) -> bool:
        """Whether more came in than may."""
        return self.received > self._limit

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                async with asyncio.timeout(_GREETING_S):
                    host, port = await _asked(reader, writer)
                far = await self._reach(host, port)
                if far is None:
                    writer.write(_REFUSED)
                    await writer.drain()
                    return
                writer.write(_SUCCEEDED)
                await self._between(reader, writer, far)
            finally:
                writer.transport.abort() if self._server is None else writer.close()

    async def _reach(self, host: str, port: int) -> socket.socket | None:
        if host == NOBODY or self.too_much:
            return None
        trip = Trip(self._watch)
        try:
            connected = await dial(trip, host, port)
        except Trouble as trouble:
            if len(self.troubles) < _MOST_TROUBLES:
                self.troubles[host] = trouble
            return None
        self.troubles.pop(host, None)
        if host in self.trips or len(self.trips) < _MOST_TROUBLES:
            self.trips[host] = trip
        return connected

    async def _between(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, far: socket.socket
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(sock=far)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass(reader, far_writer))
                both.create_task(self._receive(far_reader, writer))
        except* OSError:
            pass
        finally:
            far_writer.transport.abort()

    async def _receive(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await far.read(_PIECE):
            self.received += len(piece)
            if self.too_much:
                self.on_too_much()
                raise ConnectionAbortedError
            writer.write(piece)
            await writer.drain()
        _end(writer)


async def _pass(reader: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        far.write(piece)
        await far.drain()
    _end(far)


def _end(writer: asyncio.StreamWriter) -> None:
    """The other side has said its last."""
    if writer.can_write_eof():
        writer.write_eof()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """
    The host and port that a SOCKS5 client (RFC 1928) wants to be connected to.

    Raises:
        ConnectionAbortedError: It wants something else.
    """
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    if version != 5:
        raise ConnectionAbortedError
    writer.write(b"\x05\x00")
    version, command, _, kind = await reader.readexactly(4)
    if (version, command) != (5, 1):
        raise ConnectionAbortedError
    match kind:
        case 1:
            host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
        case 4:
            host = str(ipaddress.IPv6Address(await reader.readexactly(16)))
        case 3:
            [length] = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode("ascii", "replace").lower()
        case _:
            raise ConnectionAbortedError
    [port] = struct.unpack("!H", await reader.readexactly(2))
    if port == 0:
        raise ConnectionAbortedError
    return host, port
