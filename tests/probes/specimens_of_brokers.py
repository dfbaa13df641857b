"""Targets for the kinds that talk to brokers."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

from tests.probes.amqp_broker import broker, repeating
from tests.probes.kafka_broker import AUTHENTICATE, Broker, blob, text


def nats(port: int) -> dict[str, Any]:
    """Logs in with a secret."""
    login = {"username": "probe", "password": "${env:PASSWORD}"}
    return {"connect": f"127.0.0.1:{port}", "login": login}


async def nats_welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Introduces itself, and takes whoever comes."""
    writer.write(b'INFO {"server_id":"x"}\r\n')
    await reader.readuntil(b"PING\r\n")
    writer.write(b"PONG\r\n")
    await reader.read()


async def nats_repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says back how it was asked to let us in."""
    writer.write(b'INFO {"server_id":"x"}\r\n')
    writer.write(b"-ERR " + await reader.readline())


def mqtt(port: int) -> dict[str, Any]:
    """Logs in."""
    return nats(port)


async def mqtt_welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes whoever comes."""
    await reader.read(4)
    writer.write(b"\x20\x02\x00\x00")
    await reader.read()


def kafka(port: int) -> dict[str, Any]:
    """Logs in by a mechanism that sends the password."""
    written = nats(port)
    written["login"]["mechanism"] = "PLAIN"
    return written


async def kafka_welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A broker by itself, without a topic."""
    await Broker(where={1: ("127.0.0.1", 9092)}, wants_login=True).speak(reader, writer)


class _Repeating(Broker):
    def instead(self, key: int, body: bytes) -> bytes | None:
        if key != AUTHENTICATE:
            return super().instead(key, body)
        return struct.pack(">h", 58) + text(repr(body)) + blob(body)


async def kafka_repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says back how it was asked to let us in."""
    await _Repeating().speak(reader, writer)


def amqp(port: int) -> dict[str, Any]:
    """Logs in, and sends a message around."""
    return nats(port) | {"round_trip": True}


amqp_welcome = broker()
amqp_repeat = repeating
