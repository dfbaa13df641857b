"""What each protocol says in plain text before it encrypts."""

from __future__ import annotations

import re
import struct
from collections.abc import Awaitable, Callable
from enum import StrEnum

from probes.net.stream import Stream
from probes.net.trip import Trip, Trouble

_LONGEST_GREETING = 100
"""Lines of one reply."""

HELLO = "synthetics.invalid"
"""As whom SMTP greets who is nobody in particular."""


class Protocol(StrEnum):
    """Protocols that begin in plain text."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    FTP = "ftp"
    LDAP = "ldap"
    POSTGRES = "postgres"
    MYSQL = "mysql"


async def ask_for_tls(
    stream: Stream, protocol: Protocol, trip: Trip, *, hello: str = HELLO
) -> None:
    """
    Say what *protocol* says until the target is ready for a TLS handshake.

    Args:
        stream: Nothing was said on it yet.
        protocol: What the target speaks.
        trip: Whose phase ``first_byte`` it is.
        hello: As whom SMTP greets.

    Raises:
        Trouble: ``starttls`` if the target does not offer it, ``malformed`` if it speaks
            another protocol.
    """
    with trip.phase("first_byte", f"asking for TLS by {protocol}"):
        if protocol is Protocol.SMTP:
            await _smtp(stream, hello)
        else:
            await _WAYS[protocol](stream)


async def _smtp(stream: Stream, hello: str) -> None:
    await _reply(stream, b"220", "a greeting of SMTP")
    await stream.write(f"EHLO {hello}\r\n".encode())
    offered = await _reply(stream, b"250", "an answer to EHLO")
    if not any(line[4:].strip().upper() == b"STARTTLS" for line in offered):
        raise Trouble("starttls", "the target does not offer STARTTLS")
    await stream.write(b"STARTTLS\r\n")
    await _reply(stream, b"220", "leave to begin TLS")


async def _ftp(stream: Stream) -> None:
    await _reply(stream, b"220", "a greeting of FTP")
    await stream.write(b"AUTH TLS\r\n")
    await _reply(stream, b"234", "leave to begin TLS")


async def _imap(stream: Stream) -> None:
    await _line(stream, rb"\* (OK|PREAUTH)", "a greeting of IMAP")
    await stream.write(b"a1 STARTTLS\r\n")
    for _ in range(_LONGEST_GREETING):
        line = await stream.read_line()
        if line.startswith(b"* "):
            continue
        if not re.match(rb"(?i)a1 OK", line):
            break
        return
    raise Trouble("starttls", "the target does not take STARTTLS")


async def _pop3(stream: Stream) -> None:
    await _line(stream, rb"\+OK", "a greeting of POP3")
    await stream.write(b"STLS\r\n")
    await _line(stream, rb"\+OK", "leave to begin TLS", refused=rb"-ERR")


async def _ldap(stream: Stream) -> None:
    """ExtendedRequest 1.3.6.1.4.1.1466.20037, in BER (RFC 4511, section 4.14)."""
    name = b"1.3.6.1.4.1.1466.20037"
    extended = b"\x77" + bytes([len(name) + 2]) + b"\x80" + bytes([len(name)]) + name
    message = b"\x02\x01\x01" + extended
    await stream.write(b"\x30" + bytes([len(message)]) + message)
    if await stream.read_exactly(1) != b"\x30":
        raise Trouble("malformed", "the answer is not LDAP")
    answer = await stream.read_exactly(await _ber_length(stream))
    # Message 1, ExtendedResponse, its length in one to three bytes, then the result code.
    head = rb"\x02\x01\x01\x78(?:[^\x80-\xff]|\x81.|\x82..)\x0a\x01"
    found = re.match(head + rb"(.)", answer, re.DOTALL)
    if found is None:
        raise Trouble("malformed", "the answer is not one to StartTLS")
    if found[1] != b"\0":
        raise Trouble("starttls", f"the target refuses StartTLS by result code {found[1][0]}")


async def _ber_length(stream: Stream) -> int:
    first = (await stream.read_exactly(1))[0]
    if first < 0x80:
        return first
    if not 1 <= first & 0x7F <= 2:
        raise Trouble("malformed", "the answer is not LDAP")
    return int.from_bytes(await stream.read_exactly(first & 0x7F), "big")


async def _postgres(stream: Stream) -> None:
    """SSLRequest of PostgreSQL's protocol 3."""
    await stream.write(struct.pack("!ii", 8, 80877103))
    answer = await stream.read_exactly(1)
    if answer == b"N":
        raise Trouble("starttls", "the target does not offer TLS")
    if answer != b"S":
        raise Trouble("malformed", "the answer is not PostgreSQL's")


async def _mysql(stream: Stream) -> None:
    """SSLRequest of MySQL's protocol 10: capabilities with CLIENT_SSL, and nothing of us."""
    packet = await _mysql_packet(stream)
    if packet[:1] == b"\xff":
        raise Trouble("starttls", f"the target refuses us: {packet[3:].decode('utf-8', 'replace')}")
    version_end = packet.find(b"\0", 1)
    lower = packet[version_end + 14 : version_end + 16]
    if packet[:1] != b"\x0a" or version_end < 0 or len(lower) < 2:
        raise Trouble("malformed", "the greeting is not MySQL's")
    if not int.from_bytes(lower, "little") & 0x0800:
        raise Trouble("starttls", "the target does not offer TLS")
    # PROTOCOL_41, SSL, SECURE_CONNECTION; packets up to 16 MiB; utf8.
    body = struct.pack("<IIB23x", 0x0000_8A00, 1 << 24, 33)
    await stream.write(len(body).to_bytes(3, "little") + b"\x01" + body)


async def _mysql_packet(stream: Stream) -> bytes:
    head = await stream.read_exactly(4)
    size = int.from_bytes(head[:3], "little")
    if not 1 <= size <= 65536:
        raise Trouble("malformed", "the greeting is not MySQL's")
    return await stream.read_exactly(size)


async def read_reply(stream: Stream, what: str) -> list[bytes]:
    """
    The lines of a reply, as SMTP and FTP write them.

    Args:
        stream: Where it comes from.
        what: What it should be: ``a greeting of SMTP``.

    Raises:
        Trouble: ``malformed`` if it is no reply; as `Stream.read_line`.
    """
    lines: list[bytes] = []
    while len(lines) < _LONGEST_GREETING:
        line = await stream.read_line()
        if not lines and not re.match(rb"[1-5][0-9][0-9][ -]", line + b" "):
            raise Trouble("malformed", f"expected {what}, got {_shown(line)}")
        lines.append(line)
        if line[:3] == lines[0][:3] and line[3:4] != b"-":
            return lines
    raise Trouble("malformed", f"more than {_LONGEST_GREETING} lines where {what} was expected")


async def _reply(stream: Stream, code: bytes, what: str) -> list[bytes]:
    lines = await read_reply(stream, what)
    if lines[0][:3] != code:
        raise Trouble("starttls", f"expected {what}, got {_shown(lines[0])}")
    return lines


async def _line(stream: Stream, pattern: bytes, what: str, *, refused: bytes = rb"$^") -> None:
    line = await stream.read_line()
    if re.match(pattern, line):
        return
    reason = "starttls" if re.match(refused, line) else "malformed"
    raise Trouble(reason, f"expected {what}, got {_shown(line)}")


def _shown(line: bytes) -> str:
    return f"`{line[:60].decode('utf-8', 'replace')}`"


_WAYS: dict[Protocol, Callable[[Stream], Awaitable[None]]] = {
    Protocol.IMAP: _imap,
    Protocol.POP3: _pop3,
    Protocol.FTP: _ftp,
    Protocol.LDAP: _ldap,
    Protocol.POSTGRES: _postgres,
    Protocol.MYSQL: _mysql,
}
