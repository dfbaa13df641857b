"""A socket of each family for all pings of a process: replies go to whom they are for."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from dataclasses import dataclass, field

from probes.net.dial import bind
from probes.net.names import Address
from probes.net.trip import Trouble
from probes.ping_parts.packet import NONCE, Heard, echo, read
from probes.result import Outcome

_MOST_AT_ONCE = 500
"""Packets read before the event loop gets a turn."""

_STAMP = struct.Struct("@qq")
_ICMP6_FILTER, _SO_TIMESTAMPNS = 1, 35


_From = tuple[int, str]
"""A family of addresses, and the one to send from; empty leaves that to the system."""


@dataclass(frozen=True, slots=True)
class Echo:
    """
    What became of one echo.

    Attributes:
        rtt_s: From sending to the reply; ``None`` if an error came instead.
        heard: What came.
    """

    rtt_s: float | None
    heard: Heard


@dataclass(slots=True)
class _Waiting:
    """An echo under way: when it went, by both clocks, and who waits for it."""

    reply: asyncio.Future[Echo]
    sent_ns: int = field(default_factory=time.time_ns)
    began: float = field(default_factory=time.monotonic)


class Pinger:
    """Sends echoes, and matches what comes back by the nonce that each carries."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[_From, tuple[socket.socket, bool]] = {}
        self._waiting: dict[bytes, _Waiting] = {}
        self._number = 0

    @classmethod
    async def start(cls) -> Pinger:
        """A pinger without sockets; each is opened when it is first needed."""
        return cls()

    async def close(self) -> None:
        """Close the sockets; whoever waits is told."""
        for own, _ in self._sockets.values():
            self._loop.remove_reader(own)
            own.close()
        self._sockets.clear()
        for waiting in self._waiting.values():
            if not waiting.reply.done():
                stopped = Trouble("stopped", "the prober was stopped", outcome=Outcome.VOID)
                waiting.reply.set_exception(stopped)

    async def ping(self, address: Address, *, size: int, source: str = "") -> Echo:
        """
        Send one echo, and wait for what comes; cancel it to stop waiting.

        Args:
            address: Where to; its port is not used.
            size: Bytes to carry, at least `NONCE`.
            source: A local IP address of the same family to send from; empty leaves that to
                the system.

        Raises:
            Trouble: Void ``no-permission`` if this process may not; ``unreachable``, or void,
                if the packet could not leave.
        """
        own, _ = self._socket((address.family, source))
        nonce = os.urandom(NONCE)
        self._number = (self._number + 1) & 0xFFFF
        packet = echo(address.family, self._number, nonce, size)
        waiting = self._waiting[nonce] = _Waiting(self._loop.create_future())
        try:
            self._send(own, packet, address)
            return await waiting.reply
        finally:
            del self._waiting[nonce]

    def _send(self, own: socket.socket, packet: bytes, address: Address) -> None:
        try:
            own.sendto(packet, address.sockaddr)
        except BlockingIOError:
            said = "this machine sends more than its network takes"
            raise Trouble("no-sockets", said, outcome=Outcome.VOID) from None
        except OSError as error:
            raise Trouble("unreachable", f"{address.ip}: {error.strerror}") from None

    def _socket(self, place: _From) -> tuple[socket.socket, bool]:
        found = self._sockets.get(place)
        if found is None:
            found = self._sockets[place] = _open(*place)
            self._loop.add_reader(found[0], self._take, place)
        return found

    def _take(self, place: _From) -> None:
        own, with_ip = self._sockets[place]
        family = place[0]
        for _ in range(_MOST_AT_ONCE):
            try:
                packet, extra, _, _ = own.recvmsg(65_535, socket.CMSG_SPACE(_STAMP.size))
            except BlockingIOError:
                return
            except OSError:
                continue  # an error that the kernel tells of an earlier packet
            heard = read(family, packet, with_ip=with_ip)
            waiting = self._waiting.get(heard.nonce) if heard else None
            if heard is None or waiting is None or waiting.reply.done():
                continue
            rtt_s = None if heard.complaint else _rtt_s(waiting, extra)
            waiting.reply.set_result(Echo(rtt_s, heard))


def _rtt_s(waiting: _Waiting, extra: list[tuple[int, int, bytes]]) -> float:
    """By the kernel's stamp, so that a busy prober does not make a target look slow."""
    passed_s = time.monotonic() - waiting.began
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(data) == _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack(data)
            stamped_s: float = (seconds * 10**9 + nanoseconds - waiting.sent_ns) / 1e9
            # The stamp is of the wall clock, which may have been set meanwhile.
            if 0 <= stamped_s <= passed_s:
                return stamped_s
    return passed_s


def _open(family: int, source: str) -> tuple[socket.socket, bool]:
    """
    A socket for echoes, from the address *source* if that is not empty; and whether it shows IPv4
    headers: an unprivileged one where ``net.ipv4.ping_group_range`` lets us, else a raw one, which
    takes CAP_NET_RAW.
    """
    six = family == socket.AF_INET6
    protocol = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            own = socket.socket(family, kind, protocol)
        except PermissionError:
            continue
        except OSError as error:
            said = f"this machine has no socket for that: {error.strerror}"
            raise Trouble("network-unreachable", said, outcome=Outcome.VOID) from None
        try:
            bind(own, source)
        except Trouble:
            own.close()
            raise
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if six and kind == socket.SOCK_RAW:
            own.setsockopt(protocol, _ICMP6_FILTER, _only_ours())
        return own, kind == socket.SOCK_RAW and not six
    raise Trouble(
        "no-permission",
        "we may not ping: this takes CAP_NET_RAW, or our group in net.ipv4.ping_group_range",
        outcome=Outcome.VOID,
    )


def _only_ours() -> bytes:
    """A filter for echo replies and errors (RFC 3542): a bit that is set blocks its type."""
    words = [0xFFFF_FFFF] * 8
    for kind in (1, 2, 3, 129):
        words[kind >> 5] &= ~(1 << (kind & 31))
    return struct.pack("=8I", *words)
