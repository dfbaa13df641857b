"""Packets of SSH before encryption, and the values in them (RFC 4251, RFC 4253)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from probes.net.stream import Stream
from probes.net.trip import Trouble

DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG = 1, 2, 3, 4
LARGEST_PACKET = 1 << 16
_BLOCK = 8


def string(value: bytes) -> bytes:
    """*value* with its length."""
    return len(value).to_bytes(4, "big") + value


def names(values: Sequence[str]) -> bytes:
    """A list of names."""
    return string(",".join(values).encode())


def mpint(value: int) -> bytes:
    """A whole number >= 0."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


class Fields:
    """
    The values of a packet, in turn.

    Args:
        data: The packet behind its first byte.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, count: int) -> bytes:
        """
        The next *count* bytes.

        Raises:
            Trouble: ``malformed`` if there are fewer.
        """
        taken, self._data = self._data[:count], self._data[count:]
        if len(taken) < count:
            raise Trouble("malformed", "a packet of SSH is shorter than it says")
        return taken

    def string(self) -> bytes:
        """As `take`, where the length comes first."""
        return self.take(int.from_bytes(self.take(4), "big"))

    def names(self) -> list[str]:
        """As `string`, a list of names."""
        return self.string().decode("ascii", "replace").split(",")


async def send(stream: Stream, payload: bytes) -> None:
    """
    Send one packet.

    Raises:
        Trouble: As `Stream.write`.
    """
    padding = _BLOCK - (5 + len(payload)) % _BLOCK
    padding += _BLOCK if padding < 4 else 0
    head = (1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding])
    await stream.write(head + payload + secrets.token_bytes(padding))


async def receive(stream: Stream) -> bytes:
    """
    The next packet that is not only there to be passed over.

    Raises:
        Trouble: ``refused`` if the server ends it; ``malformed``; as `Stream`.
    """
    while True:
        size = int.from_bytes(await stream.read_exactly(4), "big")
        if not 5 <= size <= LARGEST_PACKET:
            raise Trouble("malformed", f"a packet of SSH cannot have {size} bytes")
        packet = await stream.read_exactly(size)
        payload = packet[1 : size - packet[0]]
        if not payload:
            raise Trouble("malformed", "a packet of SSH is empty")
        if payload[0] == DISCONNECT:
            said = Fields(payload[5:]).string().decode("utf-8", "replace")
            raise Trouble("refused", f"the server disconnects: {said}")
        if payload[0] not in (IGNORE, UNIMPLEMENTED, DEBUG):
            return payload
