"""Targets for the kind ``redis``."""

from __future__ import annotations

import asyncio
from typing import Any


def options(port: int) -> dict[str, Any]:
    """A login, and a command that shows a secret."""
    return {
        "connect": f"127.0.0.1:{port}",
        "login": {"password": "${env:PASSWORD}"},
        "command": ["GET", "${env:PASSWORD}"],
    }


async def _read(reader: asyncio.StreamReader) -> list[bytes]:
    words = []
    for _ in range(int((await reader.readline())[1:])):
        size = int((await reader.readline())[1:])
        words.append((await reader.readexactly(size + 2))[:-2])
    return words


async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes whoever comes."""
    await _read(reader)
    writer.write(b"+OK\r\n")
    await _read(reader)
    writer.write(b"+fine\r\n")


async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says back what it was told."""
    writer.write(b"-WRONGPASS " + b" ".join(await _read(reader)) + b"\r\n")
