"""MySQL's protocol 10, which MariaDB speaks too, over a bounded stream: log in, one statement."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from probes.net.stream import Stream
from probes.net.trip import Trip, Trouble
from probes.sql_parts.table import MOST_COLUMNS, Inquiry, Table, check_size, number

_LONG_PASSWORD, _WITH_DB, _PROTOCOL_41, _SSL = 1, 1 << 3, 1 << 9, 1 << 11
_TRANSACTIONS, _SECURE, _PLUGINS = 1 << 13, 1 << 15, 1 << 19
_UTF8MB4 = 45
_LARGEST = 1 << 20
_MOST_ROUNDS = 8
_OK, _MORE, _LOCAL_FILE, _EOF, _ERROR = 0x00, 0x01, 0xFB, 0xFE, 0xFF
_FAST_DONE, _FULL = 0x03, 0x04
_LOGIN = frozenset({1044, 1045, 1251, 1275, 1524, 1698, 1862, 3118, 3955})
_NUMBERS = frozenset({0, 1, 2, 3, 4, 5, 8, 9, 13, 246})

StartTls = Callable[[], Awaitable[None]]


async def inquire(
    stream: Stream, inquiry: Inquiry, trip: Trip, start_tls: StartTls | None
) -> Table:
    """
    What the server answers.

    Args:
        stream: To it, with nothing said yet.
        inquiry: What is asked.
        trip: Whose phases ``first_byte`` and ``transfer`` these are.
        start_tls: Encrypts, if that is wanted; called where the conversation has come so far.

    Raises:
        Trouble: ``starttls``, ``login``, ``refused``, ``query``, ``malformed``; ``rows``; as
            `Stream`.
    """
    talk = _Talk(stream, inquiry)
    with trip.phase("first_byte", "waiting for the greeting"):
        version = await talk.greet(encrypting=start_tls is not None)
    if start_tls is not None:
        await start_tls()
    with trip.phase("first_byte", "logging in"):
        await talk.log_in(encrypted=start_tls is not None)
    with trip.phase("transfer", "waiting for the answer to the query"):
        if "MariaDB" in version:
            await talk.ask(f"SET SESSION max_statement_time = {inquiry.limit_s:.3f}")
        else:
            await talk.ask(f"SET SESSION max_execution_time = {round(inquiry.limit_s * 1000) + 1}")
        if inquiry.read_only:
            # Not START TRANSACTION READ ONLY: DDL ends that transaction, and is carried out.
            await talk.ask("SET SESSION TRANSACTION READ ONLY")
        table = await talk.ask(inquiry.query)
        await talk.ask("COMMIT")
        await talk.leave()
    return table


class _Talk:
    def __init__(self, stream: Stream, inquiry: Inquiry) -> None:
        self._stream = stream
        self._inquiry = inquiry
        self._sequence = 0
        self._salt = self._head = b""
        self._encrypted = False

    async def greet(self, *, encrypting: bool) -> str:
        """Hear the greeting, and say if we are about to encrypt; the server's version."""
        greeting = await self._receive()
        if greeting[0] == _ERROR:
            raise Trouble("refused", _error(greeting)[1])
        version, self._salt, flags = _greeting(greeting)
        ours = _LONG_PASSWORD | _PROTOCOL_41 | _TRANSACTIONS | _SECURE | _PLUGINS
        ours |= _WITH_DB if self._inquiry.database is not None else 0
        ours |= _SSL if encrypting else 0
        self._head = struct.pack("<IIB23x", ours, _LARGEST, _UTF8MB4)
        if encrypting:
            if not flags & _SSL:
                raise Trouble("starttls", "the target does not offer TLS")
            await self._send(self._head)
        return version

    async def log_in(self, *, encrypted: bool) -> None:
        """Say who we are, until the server takes us."""
        ask, plugin = self._inquiry, "mysql_native_password"
        self._encrypted = encrypted
        proof = _native(ask.password or "", self._salt)
        named = _text(ask.database) if ask.database is not None else b""
        user = _text(ask.username) + bytes([len(proof)]) + proof
        await self._send(self._head + user + named + _text(plugin))
        await self._authenticate()

    async def _authenticate(self) -> None:
        password = self._inquiry.password or ""
        for _ in range(_MOST_ROUNDS):
            packet = await self._receive()
            if packet[0] == _OK:
                return
            if packet[0] == _ERROR:
                code, message = _error(packet)
                raise Trouble("login" if code in _LOGIN else "refused", message)
            if packet[0] == _EOF:
                name, _, salt = packet[1:].partition(b"\0")
                plugin = name.decode("ascii", "replace")
                await self._send(self._proof(plugin, password, salt.rstrip(b"\0")))
            elif packet[0] == _MORE and packet[1:] == bytes([_FULL]):
                await self._send(self._in_full(password))
            elif packet[0] != _MORE or packet[1:] != bytes([_FAST_DONE]):
                break
        raise Trouble("malformed", "the answer to our login is not MySQL's")

    def _proof(self, plugin: str, password: str, salt: bytes) -> bytes:
        if plugin == "mysql_native_password":
            return _native(password, salt)
        if plugin == "caching_sha2_password":
            return _caching(password, salt)
        if plugin in ("mysql_clear_password", "sha256_password"):
            return self._in_full(password)
        raise Trouble("login", f"the server wants us to log in by {plugin}, which we cannot")

    def _in_full(self, password: str) -> bytes:
        if not self._encrypted:
            raise Trouble("login", "the server wants the password itself, which needs `tls`")
        return _text(password)

    async def ask(self, statement: str) -> Table:
        """The answer to *statement*."""
        self._sequence = 0
        await self._send(b"\x03" + statement.encode())
        first = await self._checked()
        if first[0] == _OK:
            return Table((), ())
        if first[0] == _LOCAL_FILE:
            raise Trouble("malformed", "the server asks for one of our files")
        count, _ = _length(first, 0)
        if not 1 <= count <= MOST_COLUMNS:
            raise Trouble("malformed", f"an answer has {count} columns")
        columns = [_column(await self._checked()) for _ in range(count)]
        await self._checked()
        rows: list[tuple[Any, ...]] = []
        while not _is_end(packet := await self._checked()):
            rows.append(_row(packet, columns))
            check_size(len(rows))
        return Table(tuple(name for name, _ in columns), tuple(rows))

    async def leave(self) -> None:
        """Say goodbye."""
        self._sequence = 0
        await self._send(b"\x01")

    async def _checked(self) -> bytes:
        packet = await self._receive()
        if packet[0] == _ERROR:
            raise Trouble("query", _error(packet)[1])
        return packet

    async def _receive(self) -> bytes:
        head = await self._stream.read_exactly(4)
        size = int.from_bytes(head[:3], "little")
        if not 1 <= size <= _LARGEST:
            raise Trouble("malformed", "the answer is not MySQL's")
        self._sequence = (head[3] + 1) % 256
        return await self._stream.read_exactly(size)

    async def _send(self, body: bytes) -> None:
        head = len(body).to_bytes(3, "little") + bytes([self._sequence])
        self._sequence = (self._sequence + 1) % 256
        await self._stream.write(head + body)


def _greeting(packet: bytes) -> tuple[str, bytes, int]:
    """Version, salt and capabilities."""
    end = packet.find(b"\0", 1)
    rest = packet[end + 1 :]
    if packet[0] != 10 or end < 0 or len(rest) < 32:
        raise Trouble("malformed", "the greeting is not MySQL's")
    flags = int.from_bytes(rest[13:15], "little") | int.from_bytes(rest[18:20], "little") << 16
    salt = rest[4:12] + rest[31:43]
    return packet[1:end].decode("utf-8", "replace"), salt, flags


def _native(password: str, salt: bytes) -> bytes:
    if not password:
        return b""
    once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    twice = hashlib.sha1(once, usedforsecurity=False).digest()
    mixed = hashlib.sha1(salt[:20] + twice, usedforsecurity=False).digest()
    return bytes(one ^ other for one, other in zip(once, mixed, strict=True))


def _caching(password: str, salt: bytes) -> bytes:
    if not password:
        return b""
    once = hashlib.sha256(password.encode()).digest()
    twice = hashlib.sha256(once).digest()
    mixed = hashlib.sha256(twice + salt[:20]).digest()
    return bytes(one ^ other for one, other in zip(once, mixed, strict=True))


def _text(value: str) -> bytes:
    return value.encode() + b"\0"


def _error(packet: bytes) -> tuple[int, str]:
    code = int.from_bytes(packet[1:3], "little")
    said = packet[9:] if packet[3:4] == b"#" else packet[3:]
    return code, f"{said.decode('utf-8', 'replace')} ({code})"


def _is_end(packet: bytes) -> bool:
    return packet[0] == _EOF and len(packet) < 9


def _length(packet: bytes, at: int) -> tuple[int, int]:
    """The number at *at*, whose own length varies, and where it ends."""
    first = packet[at] if at < len(packet) else _ERROR
    if first < _LOCAL_FILE:
        return first, at + 1
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    if not size or at + 1 + size > len(packet):
        raise Trouble("malformed", "a packet is shorter than it says")
    return int.from_bytes(packet[at + 1 : at + 1 + size], "little"), at + 1 + size


def _string(packet: bytes, at: int) -> tuple[bytes, int]:
    size, start = _length(packet, at)
    if start + size > len(packet):
        raise Trouble("malformed", "a packet is shorter than it says")
    return packet[start : start + size], start + size


def _column(packet: bytes) -> tuple[str, int]:
    """Its name and type."""
    at, name = 0, b""
    for index in range(6):
        part, at = _string(packet, at)
        name = part if index == 4 else name
    if len(packet) < at + 8:
        raise Trouble("malformed", "a packet is shorter than it says")
    return name.decode("utf-8", "replace"), packet[at + 7]


def _row(packet: bytes, columns: list[tuple[str, int]]) -> tuple[Any, ...]:
    at = 0
    values: list[int | float | str | None] = []
    for _, kind in columns:
        if packet[at : at + 1] == bytes([_LOCAL_FILE]):
            values.append(None)
            at += 1
            continue
        raw, at = _string(packet, at)
        text = raw.decode("utf-8", "replace")
        values.append(number(text) if kind in _NUMBERS else text)
    return tuple(values)
