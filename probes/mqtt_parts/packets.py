"""Packets of MQTT 3.1.1 (OASIS, 2014), as far as a client needs them to talk to itself."""

from __future__ import annotations

from dataclasses import dataclass

from probes.net.stream import Stream
from probes.net.trip import Trouble

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13

SUBSCRIPTION, PUBLICATION = b"\x00\x01", b"\x00\x02"
"""The identifiers of what we ask for, of which there is one each in a run."""

LARGEST = 1 << 18
"""Bytes of a packet that we are willing to read."""

_LOGIN = (4, 5)
_REFUSED = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "the broker does not take our client identifier",
    3: "the broker says that it is not available",
}


@dataclass(frozen=True, slots=True)
class Packet:
    """What came: its *kind*, the *flags* of its first byte, and its *body*."""

    kind: int
    flags: int
    body: bytes


def connect(client: str, *, username: str | None, password: str | None, keep_alive_s: int) -> bytes:
    """Asks to be let in, with a session that ends with the connection."""
    flags = 0b10 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = _text("MQTT") + bytes([4, flags]) + keep_alive_s.to_bytes(2, "big") + _text(client)
    for secret in (username, password):
        if secret is not None:
            body += _text(secret)
    return _packet(0x10, body)


def subscribe(topic: str, qos: int) -> bytes:
    """Asks for what is published to *topic*."""
    return _packet(0x82, SUBSCRIPTION + _text(topic) + bytes([qos]))


def publish(topic: str, content: bytes, qos: int) -> bytes:
    """Publishes *content*; with quality 1 to be confirmed."""
    number = PUBLICATION if qos else b""
    return _packet(0x30 | qos << 1, _text(topic) + number + content)


def acknowledge(number: bytes) -> bytes:
    """Says that we have what came with *number*."""
    return _packet(0x40, number)


DISCONNECT = b"\xe0\x00"


async def read(stream: Stream, *, only: int | None = None) -> Packet:
    """
    The next packet; with *only*, of that kind.

    Raises:
        Trouble: ``malformed``, or as the stream.
    """
    first = (await stream.read_exactly(1))[0]
    if only is not None and first >> 4 != only:
        raise Trouble("malformed", "the answer is not MQTT's")
    size = shift = 0
    while True:
        byte = (await stream.read_exactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
        if shift > 21:
            raise Trouble("malformed", "the length of a packet is not MQTT's")
    if size > LARGEST:
        raise Trouble("body-too-large", f"a packet of {size} bytes was announced")
    return Packet(first >> 4, first & 0x0F, await stream.read_exactly(size))


def judge_connack(packet: Packet) -> None:
    """
    The broker has let us in.

    Raises:
        Trouble: ``login``, ``refused`` or ``malformed``.
    """
    if len(packet.body) != 2:
        raise Trouble("malformed", "the first packet is not MQTT's")
    code = packet.body[1]
    if code in _LOGIN:
        raise Trouble("login", "the broker does not take our login")
    if code:
        raise Trouble("refused", _REFUSED.get(code, f"the broker refuses us by code {code}"))


def content_of(packet: Packet) -> tuple[bytes, bytes]:
    """
    What a PUBLISH carries, and its number, empty without one.

    Raises:
        Trouble: ``malformed``.
    """
    body = packet.body
    start = 2 + int.from_bytes(body[:2], "big")
    after = start + (2 if packet.flags & 0b110 else 0)
    if len(body) < after:
        raise Trouble("malformed", "a message is shorter than it says")
    return body[after:], body[start:after]


def _packet(first: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([first]) + length + body


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw
