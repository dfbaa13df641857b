"""Frames and methods of AMQP 0-9-1, as far as a client needs them to talk to itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from probes.net.stream import Stream
from probes.net.trip import Trouble

HEADER = b"AMQP\0\0\x09\x01"
"""What a client says first: the protocol and its version."""

LARGEST = 1 << 17
"""Bytes of a frame that we are willing to read, and say so."""

MOST_FRAMES = 5000
"""Of the broker in one run."""

METHOD, CONTENT_HEADER, CONTENT_BODY, HEARTBEAT = 1, 2, 3, 8

_END = b"\xce"
_AROUND = 8


class Method(Enum):
    """What is asked and answered, by class and number."""

    START = (10, 10)
    START_OK = (10, 11)
    TUNE = (10, 30)
    TUNE_OK = (10, 31)
    OPEN = (10, 40)
    OPEN_OK = (10, 41)
    CLOSE = (10, 50)
    CLOSE_OK = (10, 51)
    BLOCKED = (10, 60)
    CHANNEL_OPEN = (20, 10)
    CHANNEL_OPEN_OK = (20, 11)
    CHANNEL_CLOSE = (20, 40)
    QUEUE_DECLARE = (50, 10)
    QUEUE_DECLARE_OK = (50, 11)
    QUEUE_BIND = (50, 20)
    QUEUE_BIND_OK = (50, 21)
    CONSUME = (60, 20)
    CONSUME_OK = (60, 21)
    PUBLISH = (60, 40)
    RETURN = (60, 50)
    DELIVER = (60, 60)


BASIC = 60
"""The class of the methods that carry messages."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What came: its *kind*, its *channel* and its *body*."""

    kind: int
    channel: int
    body: bytes

    @property
    def method(self) -> Method | None:
        """The method that it is, if that is one that we know."""
        key = (int.from_bytes(self.body[:2], "big"), int.from_bytes(self.body[2:4], "big"))
        return _METHODS.get(key) if self.kind == METHOD else None

    @property
    def fields(self) -> Fields:
        """The fields of its method."""
        return Fields(self.body[4:])


_METHODS = {one.value: one for one in Method}


class Fields:
    """
    Reads the fields of a method, in turn.

    Args:
        raw: Their bytes.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def number(self, size: int) -> int:
        """
        The next *size* bytes as a number.

        Raises:
            Trouble: ``malformed``, as for all of them.
        """
        return int.from_bytes(self._take(size), "big")

    def short_text(self) -> str:
        """A text of at most 255 bytes."""
        return self._take(self.number(1)).decode("utf-8", "replace")

    def long_text(self) -> str:
        """A text of any length; a table is skipped likewise."""
        return self._take(self.number(4)).decode("utf-8", "replace")

    def _take(self, size: int) -> bytes:
        taken = self._raw[self._at : self._at + size]
        if len(taken) < size:
            raise Trouble("malformed", "a method is shorter than it says")
        self._at += size
        return taken


async def read(stream: Stream) -> Frame:
    """
    The next frame.

    Raises:
        Trouble: ``protocol`` if the server offers another version; ``malformed``,
            ``body-too-large``; as the stream.
    """
    head = await stream.read_exactly(7)
    if head.startswith(b"AMQP"):
        version = "-".join(map(str, (*head[4:], *await stream.read_exactly(1))))
        raise Trouble("protocol", f"the server speaks AMQP {version} and not 0-9-1")
    kind, channel, size = head[0], head[1:3], int.from_bytes(head[3:], "big")
    if kind not in (METHOD, CONTENT_HEADER, CONTENT_BODY, HEARTBEAT):
        raise Trouble("malformed", "the answer is not AMQP's")
    if size > LARGEST - _AROUND:
        raise Trouble("body-too-large", f"a frame of {size} bytes was announced")
    whole = await stream.read_exactly(size + 1)
    if whole[-1:] != _END:
        raise Trouble("malformed", "a frame does not end as AMQP's do")
    return Frame(kind, int.from_bytes(channel, "big"), whole[:-1])


def frame(kind: int, channel: int, body: bytes) -> bytes:
    """A frame around *body*."""
    return bytes([kind]) + number(channel, 2) + number(len(body), 4) + body + _END


def call(channel: int, method: Method, *fields: bytes) -> bytes:
    """A frame that calls *method*."""
    of_class, of_method = method.value
    return frame(METHOD, channel, number(of_class, 2) + number(of_method, 2) + b"".join(fields))


def number(value: int, size: int) -> bytes:
    """*value* in *size* bytes."""
    return value.to_bytes(size, "big")


def short_text(text: str) -> bytes:
    """*text*, of at most 255 bytes."""
    raw = text.encode()
    return number(len(raw), 1) + raw


def long_text(text: str) -> bytes:
    """*text*, of any length."""
    raw = text.encode()
    return number(len(raw), 4) + raw


Table = Mapping[str, "str | bool | Table"]


def table(values: Table) -> bytes:
    """*values* by name."""
    raw = b"".join(short_text(name) + _value(value) for name, value in values.items())
    return number(len(raw), 4) + raw


def _value(value: str | bool | Table) -> bytes:
    if isinstance(value, bool):
        return b"t" + number(value, 1)
    if isinstance(value, str):
        return b"S" + long_text(value)
    return b"F" + table(value)


def message(channel: int, exchange: str, key: str, content: bytes) -> bytes:
    """Publishes *content*, to be sent back where nobody would get it."""
    has_type_and_app, mandatory = 1 << 15 | 1 << 3, 1
    properties = short_text("text/plain") + short_text("synthetics")
    head = number(BASIC, 2) + number(0, 2) + number(len(content), 8)
    return (
        call(
            channel,
            Method.PUBLISH,
            number(0, 2),
            short_text(exchange),
            short_text(key),
            number(mandatory, 1),
        )
        + frame(CONTENT_HEADER, channel, head + number(has_type_and_app, 2) + properties)
        + frame(CONTENT_BODY, channel, content)
    )
