"""Targets for the kind ``sql``, which speak as PostgreSQL does."""

from __future__ import annotations

import asyncio
from typing import Any


def options(port: int) -> dict[str, Any]:
    """A query that shows a secret."""
    return {
        "postgresql": f"127.0.0.1:{port}",
        "login": {"username": "probe", "password": "${env:PASSWORD}"},
        "query": "SELECT '${env:PASSWORD}'",
    }


def _message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


_READY = _message(b"Z", b"I")


async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes whoever comes, and answers everything with nothing."""
    await _read(reader)
    writer.write(_message(b"R", bytes(4)) + _READY)
    while (kind := await reader.readexactly(1)) != b"X":
        await _read(reader)
        if kind in b"QS":
            writer.write(_READY)


async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Asks for the password in a way that is not taken, and says what it knows."""
    await _read(reader)
    writer.write(_message(b"R", bytes(4)) + _READY * 3)
    said = await reader.readuntil(b"SELECT") + await reader.readuntil(b"'\0")
    said = said[said.rindex(b"SELECT") :].rstrip(b"\0")
    writer.write(_message(b"E", b"C42601\0Mwhat is " + said + b"\0\0") + _READY)
    await reader.read()


async def _read(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
