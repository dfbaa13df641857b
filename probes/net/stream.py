"""Bytes to and from a target: bounded, and plain until TLS begins, if it does."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.serialization import Encoding

from probes.look import Handshake
from probes.net.dial import dial
from probes.net.tls import Presented, Session, context_for
from probes.net.trip import Trip, Trouble
from probes.net.trust import TlsOrder

CHUNK = 1 << 15
"""Bytes asked of the socket at once; glibc tidies up its whole heap after any of 64 KiB."""

_TURN_S = 0.01
"""How long a target that sends without a pause is listened to before others have their turn."""


class Stream:
    """
    A connection, read through a buffer.  As a context it closes the socket at the end.

    Args:
        trip: Whose address and time these are.
        connected: A non-blocking socket, from `dial`.
        limit: Most bytes that the target may send in all, so that nothing it does fills memory.

    Attributes:
        received: Bytes that came from the target so far, decrypted.
        ended: Whether the target has closed its side.
    """

    def __init__(self, trip: Trip, connected: socket.socket, *, limit: int) -> None:
        self._trip = trip
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._held = bytearray()
        self._session: Session | None = None
        self._turn_ends = time.monotonic() + _TURN_S
        self.received = 0
        self.ended = False

    @classmethod
    async def to(cls, trip: Trip, host: str, port: int, *, limit: int, ip: str = "any") -> Self:
        """
        A stream over a new connection.

        Raises:
            Trouble: As `dial`.
        """
        return cls(trip, await dial(trip, host, port, ip=ip), limit=limit)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    @property
    def encrypted(self) -> bool:
        """Whether `start_tls` was done."""
        return self._session is not None

    async def start_tls(
        self, order: TlsOrder, name: str, *, alpn: Sequence[str] = (), staple: bool = False
    ) -> Presented:
        """
        Shake hands, and encrypt from here on; the time is phase ``tls``.

        Args:
            order: Whom to trust and what to show.
            name: Asked for and verified.
            alpn: Protocols to offer.
            staple: Whether to ask for an OCSP answer.

        Returns:
            What the target showed, with the faults that verification found.

        Raises:
            Trouble: ``tls-…`` for what went wrong; for the first fault if *order* says to
                verify; ``malformed`` if plain bytes came after the last that was read, which
                somebody in the middle could have put there.
        """
        if self._held:
            raise Trouble("malformed", "more came before the TLS handshake than was asked for")
        context = await context_for(order)
        session = Session(context, name, alpn=alpn, staple=staple)
        with self._trip.phase("tls", "shaking hands for TLS"):
            done = False
            while not done:
                done = session.shake()
                if waiting := session.outgoing():
                    await self._send(waiting)
                if not done:
                    session.incoming(await self._take())
        presented = session.presented()
        if self._trip.watch.look is not None:
            self._trip.watch.look.shook_hands(_handshake(name, presented))
        if order.verify and presented.faults:
            reason, detail = presented.faults[0]
            raise Untrusted(reason, detail, presented)
        self._session = session
        return presented

    async def write(self, data: bytes) -> None:
        """
        Send all of *data*.

        Raises:
            Trouble: ``reset``.
        """
        if self._session is not None:
            self._session.write(data)
            data = self._session.outgoing()
        await self._send(data)

    async def read_some(self, most: int = CHUNK) -> bytes:
        """
        What is there, at least one byte; none once the target has closed.

        Args:
            most: Bytes, for who takes long over each of them.

        Raises:
            Trouble: ``reset``, ``body-too-large``.
        """
        await self._give_way()
        if not self._held:
            await self._fill()
        data = bytes(self._held[:most])
        del self._held[:most]
        return data

    async def read_more(self) -> bytes:
        """
        As `read_some`, where the end would come too early.

        Raises:
            Trouble: As `read_exactly`.
        """
        if not self._held:
            await self._must_fill()
        return await self.read_some()

    def put_back(self, data: bytes) -> None:
        """*data* was read and not used: it comes first again."""
        self._held[:0] = data

    async def read_exactly(self, count: int) -> bytes:
        """
        The next *count* bytes.

        Raises:
            Trouble: ``truncated`` if the target closes before; as `read_some`.
        """
        await self._give_way()
        while len(self._held) < count:
            await self._must_fill()
        data = bytes(self._held[:count])
        del self._held[:count]
        return data

    async def read_line(self, *, longest: int = 8192) -> bytes:
        """
        The next line, without its end (LF or CRLF).

        Args:
            longest: Bytes; a longer line is ``malformed``.

        Raises:
            Trouble: As `read_exactly`.
        """
        await self._give_way()
        start = 0
        while (end := self._held.find(b"\n", start)) < 0 and len(self._held) <= longest:
            start = len(self._held)
            await self._must_fill()
        if not 0 <= end <= longest:
            raise Trouble("malformed", f"a line is longer than {longest} bytes")
        line = bytes(self._held[:end]).removesuffix(b"\r")
        del self._held[: end + 1]
        return line

    async def _give_way(self) -> None:
        """
        Let others have their turn, once in a while.

        What is held already, or waits in the socket, is read without a pause: a target that
        sends on and on would hold up every other run, and the limit of its own.
        """
        if time.monotonic() > self._turn_ends:
            await asyncio.sleep(0)
            self._turn_ends = time.monotonic() + _TURN_S

    async def _must_fill(self) -> None:
        await self._fill()
        if self.ended:
            reason = "truncated" if self.received else "empty-reply"
            raise Trouble(reason, f"the target closed the connection while {self._trip.doing}")

    async def _fill(self) -> None:
        """At least one byte more in the buffer, or `ended`."""
        if self.ended:
            return
        session = self._session
        while True:
            if session is None:
                data: bytes | None = await self._take()
            else:
                data = session.read()
                if data is None:
                    session.incoming(await self._take())
                    continue
                if waiting := session.outgoing():
                    await self._send(waiting)
            break
        if not data:
            self.ended = True
            return
        self.received += len(data)
        if self.received > self._limit:
            raise Trouble("body-too-large", f"more came than the limit of {self._limit} bytes")
        self._held += data

    async def _take(self) -> bytes:
        try:
            return await self._loop.sock_recv(self._socket, CHUNK)
        except OSError as error:
            raise Trouble("reset", _said(error)) from None

    async def _send(self, data: bytes) -> None:
        try:
            try:
                sent = self._socket.send(data)  # nearly always all of it
            except BlockingIOError:
                sent = 0
            if sent < len(data):
                await self._loop.sock_sendall(self._socket, data[sent:])
        except OSError as error:
            raise Trouble("reset", _said(error)) from None


def _handshake(name: str, presented: Presented) -> Handshake:
    return Handshake(
        host=name,
        version=presented.version,
        cipher=presented.cipher,
        chain=tuple(one.public_bytes(Encoding.PEM).decode() for one in presented.chain),
    )


class Untrusted(Trouble):
    """A handshake that was done with a certificate that does not hold; *presented* is what came."""

    def __init__(self, reason: str, detail: str, presented: Presented) -> None:
        super().__init__(reason, detail)
        self.presented = presented


def _said(error: OSError) -> str:
    return f"the connection broke off: {error.strerror or type(error).__name__}"
