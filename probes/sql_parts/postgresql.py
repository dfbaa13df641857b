"""PostgreSQL's protocol 3 over a bounded stream: log in, and one statement."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from probes.net.scram import Scram
from probes.net.stream import Stream
from probes.net.trip import Trip, Trouble
from probes.sql_parts.table import MOST_COLUMNS, MOST_ROWS, Inquiry, Table, check_size, number

_PROTOCOL = 3 << 16
_LARGEST = 1 << 20
MOST_MESSAGES = 5000
"""Of the server in one run: rows, and what it says besides."""
_CLEAR, _MD5, _SASL, _SASL_GOES_ON, _SASL_ENDS = 3, 5, 10, 11, 12
_NUMBERS = frozenset({20, 21, 23, 26, 700, 701, 1700})
_BOOLEAN = 16


@dataclass(frozen=True, slots=True)
class _Error:
    code: str
    message: str


async def inquire(stream: Stream, inquiry: Inquiry, trip: Trip) -> Table:
    """
    What the server answers.

    Args:
        stream: To it, encrypted if it should be.
        inquiry: What is asked.
        trip: Whose phases ``first_byte`` and ``transfer`` these are.

    Raises:
        Trouble: ``login``, ``refused``, ``query``, ``malformed``; ``rows``; as `Stream`.
    """
    talk = _Talk(stream, inquiry)
    with trip.phase("first_byte", "logging in"):
        await talk.log_in()
    with trip.phase("transfer", "waiting for the answer to the query"):
        await talk.tell("BEGIN READ ONLY" if inquiry.read_only else "BEGIN")
        await talk.tell(f"SET LOCAL statement_timeout = {round(inquiry.limit_s * 1000) + 1}")
        table = await talk.ask(inquiry.query)
        await talk.tell("COMMIT")
        await stream.write(_message(b"X", b""))
    return table


class _Talk:
    def __init__(self, stream: Stream, inquiry: Inquiry) -> None:
        self._stream = stream
        self._inquiry = inquiry
        self._messages = 0

    async def log_in(self) -> None:
        ask = self._inquiry
        pairs = {"user": ask.username, "client_encoding": "UTF8", "application_name": "synthetics"}
        if ask.database is not None:
            pairs["database"] = ask.database
        body = b"".join(_text(part) for pair in pairs.items() for part in pair) + b"\0"
        whole = _PROTOCOL.to_bytes(4, "big") + body
        await self._stream.write((len(whole) + 4).to_bytes(4, "big") + whole)
        scram: Scram | None = None
        while True:
            kind, content = await self._receive()
            if kind == b"E":
                error = _error(content)
                reason = "login" if error.code.startswith("28") else "refused"
                raise Trouble(reason, error.message)
            if kind == b"Z":
                return
            if kind == b"R":
                scram = await self._authenticate(content, scram)

    async def _authenticate(self, content: bytes, scram: Scram | None) -> Scram | None:
        way, more = int.from_bytes(content[:4], "big"), content[4:]
        ask = self._inquiry
        if way == 0:
            return scram
        if ask.password is None:
            raise Trouble("login", "the server wants a password")
        if way == _CLEAR:
            if not self._stream.encrypted:
                raise Trouble("login", "the server wants the password unencrypted")
            await self._say(b"p", _text(ask.password))
        elif way == _MD5:
            inner = _md5(ask.password.encode() + ask.username.encode())
            await self._say(b"p", b"md5" + _md5(inner + more[:4]) + b"\0")
        elif way == _SASL:
            if b"SCRAM-SHA-256" not in more.split(b"\0"):
                raise Trouble("login", "the server wants another way of logging in than SCRAM")
            scram = Scram(ask.password)
            first = scram.first()
            head = _text("SCRAM-SHA-256") + len(first).to_bytes(4, "big")
            await self._say(b"p", head + first)
        elif way == _SASL_GOES_ON and scram is not None:
            await self._say(b"p", await scram.answer(more))
        elif way == _SASL_ENDS and scram is not None:
            scram.verify(more)
        else:
            raise Trouble("login", f"the server wants a way of logging in, {way}, that we have not")
        return scram

    async def tell(self, statement: str) -> None:
        """Carry out *statement*, whatever it answers."""
        await self._say(b"Q", _text(statement))
        await self._until_ready()

    async def ask(self, query: str) -> Table:
        """The answer to *query*, by the extended protocol, which takes one statement only."""
        parts = (
            (b"P", _text("") + _text(query) + bytes(2)),
            (b"B", bytes(2) + bytes(6)),
            (b"D", b"P\0"),
            (b"E", _text("") + (MOST_ROWS + 1).to_bytes(4, "big")),
            (b"S", b""),
        )
        await self._stream.write(b"".join(_message(kind, body) for kind, body in parts))
        return await self._until_ready()

    async def _until_ready(self) -> Table:
        columns: list[tuple[str, int]] = []
        rows: list[tuple[Any, ...]] = []
        error: _Error | None = None
        while True:
            kind, content = await self._receive()
            if kind == b"Z":
                break
            if kind == b"E":
                error = error or _error(content)
            elif kind == b"T":
                columns = _columns(content)
            elif kind == b"D":
                rows.append(_row(content, columns))
                check_size(len(rows))
        if error is not None:
            raise Trouble("query", error.message)
        return Table(tuple(name for name, _ in columns), tuple(rows))

    async def _say(self, kind: bytes, body: bytes) -> None:
        await self._stream.write(_message(kind, body))

    async def _receive(self) -> tuple[bytes, bytes]:
        head = await self._stream.read_exactly(5)
        size = int.from_bytes(head[1:], "big")
        if not head[:1].isalnum() or not 4 <= size <= _LARGEST:
            raise Trouble("malformed", "the answer is not PostgreSQL's")
        self._messages += 1
        if self._messages > MOST_MESSAGES:
            raise Trouble("malformed", f"the server says more than {MOST_MESSAGES} things")
        return head[:1], await self._stream.read_exactly(size - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def _text(value: str) -> bytes:
    return value.encode() + b"\0"


def _md5(value: bytes) -> bytes:
    return hashlib.md5(value, usedforsecurity=False).hexdigest().encode()


def _error(content: bytes) -> _Error:
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in content.split(b"\0")}
    code = fields.get(b"C", "")
    return _Error(code, f"{fields.get(b'M', 'an error without words')} ({code})")


class _Cut:
    """The values in a message, in turn."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._content[self._at : self._at + count]
        self._at += count
        if len(taken) < count:
            raise Trouble("malformed", "a message is shorter than it says")
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big", signed=True)

    def name(self) -> str:
        end = self._content.find(b"\0", self._at)
        if end < 0:
            raise Trouble("malformed", "a name in a message does not end")
        return self.take(end + 1 - self._at)[:-1].decode("utf-8", "replace")


def _columns(content: bytes) -> list[tuple[str, int]]:
    cut = _Cut(content)
    found = []
    for _ in range(_count(cut)):
        name = cut.name()
        cut.take(6)
        found.append((name, cut.number(4)))
        cut.take(8)
    return found


def _row(content: bytes, columns: list[tuple[str, int]]) -> tuple[Any, ...]:
    cut = _Cut(content)
    if _count(cut) != len(columns):
        raise Trouble("malformed", "a row has other columns than were announced")
    return tuple(_value(cut, kind) for _, kind in columns)


def _count(cut: _Cut) -> int:
    count = cut.number(2)
    if not 0 <= count <= MOST_COLUMNS:
        raise Trouble("malformed", f"an answer has {count} columns")
    return count


def _value(cut: _Cut, kind: int) -> Any:
    size = cut.number(4)
    if size < 0:
        return None
    text = cut.take(size).decode("utf-8", "replace")
    if kind == _BOOLEAN:
        return text == "t"
    return number(text) if kind in _NUMBERS else text
