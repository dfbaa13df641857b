"""Echo requests and replies, and the errors that routers send about them (RFC 792, RFC 4443)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

NONCE = 8
"""Bytes at the start of what an echo carries, by which it is known again."""

_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_V4_PROTOCOL = 9
_ICMP = 1
_HEADER = struct.Struct("!BBHHH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a router says of a packet: the *reason* as a slug, and in *words*."""

    reason: str
    words: str


UNREACHABLE = Complaint(
    reason="unreachable", words="a router says that the target cannot be reached"
)
TOO_BIG = Complaint(
    reason="packet-too-big", words="a router says that the packet is too big for the way"
)
TOO_FAR = Complaint(reason="hop-limit", words="the packet went through too many routers")

_COMPLAINTS = {
    socket.AF_INET: {3: UNREACHABLE, 11: TOO_FAR},
    socket.AF_INET6: {1: UNREACHABLE, 2: TOO_BIG, 3: TOO_FAR},
}


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What came for one echo.

    Attributes:
        nonce: Of the echo that it is about.
        complaint: If it is no reply but an error.
    """

    nonce: bytes
    complaint: Complaint | None = None


def echo(family: int, number: int, nonce: bytes, size: int) -> bytes:
    """
    An echo request that carries *size* bytes, *nonce* first.

    Its checksum is right for IPv4; for IPv6 the kernel writes it.
    """
    carried = nonce + bytes(size - len(nonce))
    head = _HEADER.pack(_REQUEST[socket.AddressFamily(family)], 0, 0, 0, number)
    total = _checksum(head + carried)
    return _HEADER.pack(_REQUEST[socket.AddressFamily(family)], 0, total, 0, number) + carried


def read(family: int, packet: bytes, *, with_ip: bool) -> Heard | None:
    """
    What *packet* says of one of our echoes; ``None`` for anything else, however it is made.

    Args:
        family: ``AF_INET`` or ``AF_INET6``.
        packet: As it came from the socket.
        with_ip: Whether an IPv4 header is in front, as raw sockets have it.
    """
    icmp = _after_ip(packet) if with_ip else packet
    if len(icmp) < _HEADER.size:
        return None
    kind = icmp[0]
    address_family = socket.AddressFamily(family)
    if kind == _REPLY[address_family]:
        nonce = icmp[_HEADER.size : _HEADER.size + NONCE]
        return Heard(nonce) if len(nonce) == NONCE else None
    complaint = _COMPLAINTS[address_family].get(kind)
    if complaint is None:
        return None
    about = icmp[_HEADER.size :]
    ours = _after_ip(about) if family == socket.AF_INET else about[40:]
    if len(ours) < _HEADER.size + NONCE or ours[0] != _REQUEST[address_family]:
        return None
    return Heard(ours[_HEADER.size : _HEADER.size + NONCE], complaint)


def _after_ip(packet: bytes) -> bytes:
    if len(packet) < 20 or packet[_V4_PROTOCOL] != _ICMP:
        return b""
    return packet[(packet[0] & 0x0F) * 4 :]


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
