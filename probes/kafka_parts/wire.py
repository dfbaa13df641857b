"""Kafka's protocol: questions and answers, each framed by its length, over a bounded stream."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from probes.net.stream import Stream
from probes.net.trip import Trouble

LARGEST = 1 << 17
"""Bytes of an answer that we are willing to read, and to hold up others for: 3,000 partitions."""

CLIENT = "synthetics"
"""How we call ourselves."""

_TLS_ALERT = b"\x15\x03"


@dataclass(frozen=True, slots=True)
class Api:
    """A question that a broker can be asked: its *name*, its *key*, and the *version* we speak."""

    name: str
    key: int
    version: int


PRODUCE = Api("Produce", 0, 3)
FETCH = Api("Fetch", 1, 4)
LIST_OFFSETS = Api("ListOffsets", 2, 1)
METADATA = Api("Metadata", 3, 4)
OFFSET_FETCH = Api("OffsetFetch", 9, 2)
FIND_COORDINATOR = Api("FindCoordinator", 10, 0)
SASL_HANDSHAKE = Api("SaslHandshake", 17, 1)
API_VERSIONS = Api("ApiVersions", 18, 0)
SASL_AUTHENTICATE = Api("SaslAuthenticate", 36, 0)
"""Of each the version that Kafka 1.0, of 2017, and those of today have in common."""


class Line:
    """
    A connection to one broker.

    Args:
        stream: To it, encrypted if it should be.
        name: How to call the broker in words.
    """

    def __init__(self, stream: Stream, name: str) -> None:
        self._stream = stream
        self.name = name
        self._number = 0

    async def ask(self, api: Api, body: bytes = b"") -> Answer:
        """
        The answer to one question.

        Raises:
            Trouble: ``malformed`` if it is not Kafka's; ``body-too-large``; as `Stream`.
        """
        self._number += 1
        head = struct.pack(">hhi", api.key, api.version, self._number) + text(CLIENT)
        await self._stream.write(struct.pack(">i", len(head) + len(body)) + head + body)
        start = await self._stream.read_exactly(4)
        if start.startswith(_TLS_ALERT):
            raise Trouble("malformed", f"{self.name} wants TLS, and we do not encrypt")
        size = int.from_bytes(start, "big", signed=True)
        if size < 4:
            raise Trouble("malformed", f"the answer of {self.name} is not Kafka's")
        if size > LARGEST:
            raise Trouble("body-too-large", f"{self.name} announces an answer of {size} bytes")
        answer = Answer(await self._stream.read_exactly(size), f"{self.name} to {api.name}")
        if answer.number(4) != self._number:
            raise Trouble("malformed", f"{self.name} answers what it was not asked")
        return answer

    async def greet(self, needed: Iterable[Api]) -> None:
        """
        Ask whether the broker speaks what is *needed*.

        Raises:
            Trouble: ``refused`` if it does not; as `ask`.
        """
        answer = await self.ask(API_VERSIONS)
        if code := answer.number(2):
            raise Trouble("refused", f"{self.name} answers ApiVersions by error {code}")
        spoken = {}
        for _ in answer.items(6):
            key, oldest, newest = (answer.number(2) for _ in range(3))
            spoken[key] = (oldest, newest)
        for api in needed:
            oldest, newest = spoken.get(api.key, (0, -1))
            if not oldest <= api.version <= newest:
                said = f"{self.name} does not speak version {api.version} of {api.name}"
                raise Trouble("refused", said)


class Answer:
    """
    What a broker answered, taken apart from its start.

    Args:
        content: All of it.
        whose: Of whom and to what, in words.
    """

    def __init__(self, content: bytes, whose: str) -> None:
        self._content = content
        self._whose = whose
        self._at = 0

    def take(self, count: int) -> bytes:
        """
        The next *count* bytes.

        Raises:
            Trouble: ``malformed`` if there are fewer, or *count* is below 0.
        """
        if not 0 <= count <= len(self._content) - self._at:
            raise Trouble("malformed", f"the answer of {self._whose} is shorter than it says")
        self._at += count
        return self._content[self._at - count : self._at]

    def number(self, size: int) -> int:
        """A signed number of *size* bytes."""
        return int.from_bytes(self.take(size), "big", signed=True)

    def text(self) -> str:
        """A text, empty where there is none."""
        return self.take(max(0, self.number(2))).decode("utf-8", "replace")

    def blob(self) -> bytes:
        """Bytes, none where there are none."""
        return self.take(max(0, self.number(4)))

    def numbers(self, shape: struct.Struct) -> tuple[int, ...]:
        """Several numbers at once."""
        return shape.unpack(self.take(shape.size))

    def items(self, smallest: int, *, most: int = LARGEST) -> Iterator[int]:
        """
        Once for each item of a list, none where there is none.

        Args:
            smallest: Bytes that an item has at least, which bounds how many there can be.
            most: Items that there may be.

        Raises:
            Trouble: ``malformed``.
        """
        count = max(0, self.number(4))
        if count > most:
            raise Trouble("malformed", f"the answer of {self._whose} has {count} things in a list")
        if count * smallest > len(self._content) - self._at:
            raise Trouble("malformed", f"the answer of {self._whose} is shorter than it says")
        return iter(range(count))

    def skip(self, size: int) -> int:
        """Leave out a list whose items have *size* bytes each; how many there were."""
        count = max(0, self.number(4))
        self.take(count * size)
        return count


def text(value: str) -> bytes:
    """*value* as the wire carries it; no longer than 32,767 bytes."""
    raw = value.encode()
    return struct.pack(">h", len(raw)) + raw


def blob(value: bytes) -> bytes:
    """*value* as the wire carries it."""
    return struct.pack(">i", len(value)) + value


def items(*values: bytes) -> bytes:
    """A list of what is encoded already."""
    return struct.pack(">i", len(values)) + b"".join(values)
