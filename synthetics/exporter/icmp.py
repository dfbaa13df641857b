"""The prober ``icmp``: one echo, with the settings of its packet that the module wants."""

from __future__ import annotations

import asyncio
import os
import socket
import time

from probes.net.dial import bind
from probes.net.names import Address
from probes.ping_parts.packet import NONCE, echo, read
from synthetics.exporter.frame import Failed, Frame, choose
from synthetics.exporter.written import Icmp

_SIZE = 28
"""Bytes that an echo carries where the module does not say."""

_IP_RECVTTL = 12
_IP_MTU_DISCOVER, _DONT_FRAGMENT = 10, 2
_FROM_HOP_LIMIT = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT),
}


async def probe(frame: Frame) -> None:
    """
    Send one echo, and wait for its reply.

    Raises:
        Failed, Trouble: None came.
    """
    kind, gauges = frame.module.written.icmp, frame.gauges
    name = "probe_icmp_duration_seconds"
    gauges.phases(name, "resolve", "setup", "rtt")
    address, took_s = await choose(
        frame, frame.target, prefer=kind.preferred_ip_protocol, fallback=kind.ip_protocol_fallback
    )
    gauges.took(name, "resolve", took_s)
    began = time.perf_counter()
    try:
        own, with_ip = _open(kind, address, frame.watch.source)
    except OSError as error:
        raise Failed(f"no socket for echoes: {error.strerror}") from None
    with own:
        nonce = os.urandom(NONCE)
        packet = echo(address.family, 1, nonce, max(kind.payload_size or _SIZE, NONCE))
        gauges.took(name, "setup", time.perf_counter() - began)
        frame.trip.doing = f"waiting for a reply from {address.ip}"
        sent = time.perf_counter()
        try:
            own.sendto(packet, address.sockaddr)
        except OSError as error:
            raise Failed(f"{address.ip}: {error.strerror}") from None
        hops = await _reply(own, address, nonce, with_ip=with_ip)
        gauges.took(name, "rtt", time.perf_counter() - sent)
    if hops is not None:
        gauges.set("probe_icmp_reply_hop_limit", hops)


def _open(kind: Icmp, address: Address, source: str) -> tuple[socket.socket, bool]:
    """A socket for echoes, and whether what comes from it begins with an IPv4 header."""
    six = address.family == socket.AF_INET6
    protocol = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    try:
        own, raw = socket.socket(address.family, socket.SOCK_DGRAM, protocol), False
    except PermissionError:
        own, raw = socket.socket(address.family, socket.SOCK_RAW, protocol), True
    try:
        own.setblocking(False)
        bind(own, source)
        if six:
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, kind.ttl or 64)
        else:
            own.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
            own.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, kind.ttl or 64)
            if kind.dont_fragment:
                own.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _DONT_FRAGMENT)
    except OSError:
        own.close()
        raise
    return own, raw and not six


async def _reply(
    own: socket.socket, address: Address, nonce: bytes, *, with_ip: bool
) -> int | None:
    """The hop limit of the reply to *nonce*, where the kernel says it."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(own, readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            while (came := _take(own)) is not None:
                packet, hops = came
                heard = read(address.family, packet, with_ip=with_ip)
                if heard is None or heard.nonce != nonce:
                    continue
                if heard.complaint is not None:
                    raise Failed(heard.complaint.words)
                return hops
    finally:
        loop.remove_reader(own)


def _take(own: socket.socket) -> tuple[bytes, int | None] | None:
    """One packet and its hop limit; ``None`` if there is none now."""
    try:
        packet, extra, _, _ = own.recvmsg(65_535, 64)
    except BlockingIOError:
        return None
    except OSError as error:  # an error that the kernel was told of our packet
        raise Failed(f"no reply: {error.strerror}") from None
    for level, kind, data in extra:
        if (level, kind) == _FROM_HOP_LIMIT.get(socket.AddressFamily(own.family)):
            return packet, int.from_bytes(data[:4], "little")
    return packet, None
