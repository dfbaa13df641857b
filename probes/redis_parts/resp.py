"""RESP2, the protocol of Redis and of what speaks like it, over a bounded stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from probes.net.stream import Stream
from probes.net.trip import Trouble

MOST_VALUES = 10_000
"""Values of one reply, those inside of lists counted too."""

DEEPEST = 16
"""Lists inside of lists."""


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error, such as ``WRONGPASS invalid username-password pair``; *code* is its first word."""

    text: str

    @property
    def code(self) -> str:
        """``ERR``, ``NOAUTH``, ``LOADING`` and the like."""
        return self.text.partition(" ")[0]


async def ask(stream: Stream, command: Sequence[str]) -> Any:
    """
    The reply to *command*: text, a whole number, ``None``, a list of these, or `ErrorReply`.

    Raises:
        Trouble: ``malformed`` if the answer is not RESP; as `Stream`.
    """
    words = [word.encode() for word in command]
    head = b"*%d\r\n" % len(words)
    await stream.write(head + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))
    return await _Reader(stream).value(DEEPEST)


def shown(reply: Any) -> str:
    """*reply* in words, for people."""
    if isinstance(reply, ErrorReply):
        return f"-{reply.text}"
    return reply if isinstance(reply, str) else json.dumps(plain(reply), ensure_ascii=False)


def plain(reply: Any) -> Any:
    """*reply* as JSON can say it: errors inside of lists are their text."""
    if isinstance(reply, list):
        return [plain(each) for each in reply]
    return reply.text if isinstance(reply, ErrorReply) else reply


class _Reader:
    """One reply being read."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._values = 0

    async def value(self, depth: int) -> Any:
        self._values += 1
        if self._values > MOST_VALUES or depth == 0:
            raise Trouble("malformed", "the reply has more values or lists than can be looked at")
        line = await self._stream.read_line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return _text(rest)
        if kind == b"-":
            return ErrorReply(_text(rest))
        if kind == b":":
            return _number(rest)
        if kind == b"$":
            return await self._bulk(_number(rest))
        if kind == b"*":
            count = _number(rest)
            return None if count < 0 else [await self.value(depth - 1) for _ in range(count)]
        raise Trouble("malformed", f"the answer is not that of Redis: `{_text(line[:60])}`")

    async def _bulk(self, size: int) -> str | None:
        if size < 0:
            return None
        content = await self._stream.read_exactly(size)
        if await self._stream.read_exactly(2) != b"\r\n":
            raise Trouble("malformed", "a text in the reply is longer than it says")
        return _text(content)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _number(raw: bytes) -> int:
    if not (0 < len(raw) <= 20 and raw.removeprefix(b"-").isdigit()):
        raise Trouble("malformed", f"`{_text(raw[:60])}` is not a number, as it should be")
    return int(raw)
