"""A broker that takes whoever comes, and answers as it should where a test wants nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from probes.amqp_parts.wire import (
    BASIC,
    CONTENT_BODY,
    CONTENT_HEADER,
    HEADER,
    Method,
    call,
    frame,
    long_text,
    number,
    short_text,
    table,
)
from tests.probes.support import Speak

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def start(ways: str = "PLAIN AMQPLAIN") -> bytes:
    """The first that a broker says."""
    about = table({"product": "one of a test", "capabilities": {"connection.blocked": True}})
    return call(0, Method.START, b"\0\x09", about, long_text(ways), long_text("en_US"))


TUNE = call(0, Method.TUNE, number(2047, 2), number(1 << 17, 4), number(60, 2))
COUNTED = call(1, Method.QUEUE_DECLARE_OK, short_text("orders"), number(3, 4), number(1, 4))
ANSWERS: Mapping[Method, bytes] = {
    Method.START: start(),
    Method.START_OK: TUNE,
    Method.OPEN: call(0, Method.OPEN_OK, short_text("")),
    Method.CHANNEL_OPEN: call(1, Method.CHANNEL_OPEN_OK, long_text("")),
    Method.QUEUE_DECLARE: COUNTED,
    Method.QUEUE_BIND: call(1, Method.QUEUE_BIND_OK),
    Method.CONSUME: call(1, Method.CONSUME_OK, short_text("us")),
    Method.CLOSE: call(0, Method.CLOSE_OK),
}
"""By what was called; the header that begins it all is called START here."""


def closing(code: int, text: str, *, channel: int = 0) -> bytes:
    """The broker ends the connection, or the *channel*, with *code*."""
    method = Method.CHANNEL_CLOSE if channel else Method.CLOSE
    return call(channel, method, number(code, 2), short_text(text), number(0, 4))


def delivery(*pieces: bytes, size: int | None = None) -> bytes:
    """A message that carries *pieces*, and says that it has *size* bytes."""
    names = (short_text("us"), number(1, 8), b"\0", short_text(""), short_text("key"))
    content = sum(map(len, pieces)) if size is None else size
    head = number(BASIC, 2) + number(0, 2) + number(content, 8) + number(0, 2)
    bodies = b"".join(frame(CONTENT_BODY, 1, piece) for piece in pieces)
    return call(1, Method.DELIVER, *names) + frame(CONTENT_HEADER, 1, head) + bodies


def broker(instead: Mapping[Method, bytes] | None = None) -> Speak:
    """One that answers what is in *instead* where it is there; nothing is the end."""
    answers = dict(ANSWERS) | dict(instead or {})

    async def speak(reader: Reader, writer: Writer) -> None:
        assert await reader.readexactly(8) == HEADER
        writer.write(answers[Method.START])
        while True:
            kind, body = await _read(reader)
            if kind == CONTENT_BODY:
                writer.write(answers.get(Method.PUBLISH, delivery(body)))
            elif kind != CONTENT_HEADER:
                called = Method((int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")))
                answer = answers.get(called)
                if answer == b"":
                    return
                writer.write(answer or b"")
            await writer.drain()

    return speak


async def repeating(reader: Reader, writer: Writer) -> None:
    """Says back how it was asked to let us in, as the reason for which it does not."""
    await reader.readexactly(8)
    writer.write(start())
    _, body = await _read(reader)
    writer.write(closing(403, body[-100:].decode("latin-1")))
    await reader.read()


async def _read(reader: Reader) -> tuple[int, bytes]:
    try:
        head = await reader.readexactly(7)
        body = await reader.readexactly(int.from_bytes(head[3:], "big") + 1)
    except asyncio.IncompleteReadError:
        raise ConnectionError from None
    return head[0], body[:-1]
