"""Targets for the kind ``websocket``."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any


def options(port: int) -> dict[str, Any]:
    """A conversation that shows a secret."""
    return {
        "connect": f"ws://127.0.0.1:{port}/?token=${{env:TOKEN}}",
        "dialogue": [{"send": "login ${env:PASSWORD}"}, {"expect": "^welcome"}],
    }


async def _opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Open a WebSocket by hand; the first message, unmasked."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line[19:] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
    magic = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
    accept = base64.b64encode(hashlib.sha1(magic, usedforsecurity=False).digest()).decode()
    writer.write(
        b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
    )
    _, size = await reader.readexactly(2)
    mask = await reader.readexactly(4)
    masked = await reader.readexactly(size & 0x7F)
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(masked))


async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes whoever comes."""
    await _opened(reader, writer)
    writer.write(b"\x81\x07welcome")


async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says back what it was told, and closes with it as the reason."""
    message = await _opened(reader, writer)
    writer.write(bytes([0x81, len(message)]) + message)
    writer.write(bytes([0x88, len(message) + 2]) + b"\x0f\xa1" + message)
