"""Targets for the kinds ``smtp`` and ``imap``."""

from __future__ import annotations

import asyncio
from typing import Any

_LOGIN = {"username": "probe", "password": "${env:PASSWORD}"}


def imap(port: int) -> dict[str, Any]:
    """A login."""
    return {"connect": f"127.0.0.1:{port}", "login": _LOGIN}


async def imap_welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes whoever comes."""
    writer.write(b"* OK hello\r\n")
    for number in range(1, 6):
        command = await reader.readline()
        untagged = b"* 0 EXISTS\r\n" if b"EXAMINE" in command else b""
        writer.write(untagged + b"a%d OK done\r\n" % number)


async def imap_repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says back what it was told."""
    await reader.readline()
    writer.write(b"* OK hello\r\na1 OK done\r\n")
    writer.write(b"a2 NO what is " + await reader.readline())


def smtp(port: int) -> dict[str, Any]:
    """A login, and a mail."""
    mail = {"from": "probe@shop.example", "to": "inbox@shop.example"}
    return {"connect": f"127.0.0.1:{port}", "login": _LOGIN, "send": mail}


async def smtp_welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes whoever comes."""
    writer.write(b"220 hello\r\n")
    await reader.readline()
    writer.write(b"250-hello\r\n250 AUTH LOGIN\r\n")
    for code in (334, 334, 235, 250, 250, 354):
        await reader.readline()
        writer.write(b"%d go on\r\n" % code)
    await reader.readuntil(b"\r\n.\r\n")
    writer.write(b"250 taken\r\n")
    await reader.read()


async def smtp_repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says back what it was told, and what that means."""
    writer.write(b"220 hello\r\n")
    await reader.readline()
    writer.write(b"250-hello\r\n250 AUTH PLAIN\r\n")
    writer.write(b"535-open & sesame is\r\n535 not " + await reader.readline())
