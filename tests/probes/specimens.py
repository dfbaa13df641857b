"""One target of each sort for every kind: what the conformance test asks all kinds alike."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import dns.message
import trustme

from tests.probes import (
    specimen_grpc,
    specimen_mail,
    specimen_redis,
    specimen_sql,
    specimen_ssh,
    specimen_websocket,
    specimens_of_brokers,
)
from tests.probes.specimen import Silence, Specimen
from tests.probes.specimen_browser import BROWSER
from tests.probes.specimen_exec import EXEC
from tests.probes.specimens_of_packets import PING, UDP
from tests.probes.support import Speak, ok, saying, speaking

Write = Callable[[int], Any]
"""What is written below the kind's key to ask a port of 127.0.0.1."""


def over_tcp(write: Write, good: Speak, repeating: Speak | None = None, **more: Any) -> Specimen:
    """A kind that asks over TCP; a silent target reads and says nothing."""

    @contextlib.asynccontextmanager
    async def target(speak: Speak) -> AsyncIterator[Any]:
        async with speaking(speak) as port:
            yield write(port)

    @contextlib.asynccontextmanager
    async def silent() -> AsyncIterator[Silence]:
        came, gone = asyncio.Event(), asyncio.Event()

        async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            came.set()
            await reader.read()
            gone.set()

        async with speaking(silence) as port:
            yield Silence(written=write(port), came=came, gone=gone)

    repeats = repeating
    return Specimen(
        good=lambda: target(good),
        silent=silent,
        repeating=(lambda: target(repeats)) if repeats else None,
        write=write,
        speak=good,
        **more,
    )


async def _repeat_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    body = await reader.read(1000) if head.startswith("POST") else b""
    line = head.splitlines()[0].split()[1]
    writer.write(
        b"HTTP/1.1 500 No\r\nX-Line: " + line.encode() + b"\r\nConnection: close\r\n\r\n"
        b"open & sesame " + line.encode() + body
    )


async def _repeat_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    said = await reader.readline()
    writer.write(b"500 what is " + said)


async def _welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"welcome\r\n")


def _tcp(port: int) -> dict[str, Any]:
    return {
        "connect": f"127.0.0.1:{port}",
        "dialogue": [{"send": "login ${env:PASSWORD}\r\n"}, {"expect": "^welcome"}],
    }


@contextlib.asynccontextmanager
async def _over_tls() -> AsyncIterator[Any]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with speaking(wait, tls=context) as port:
        yield {"connect": f"127.0.0.1:{port}", "ca": authority.cert_pem.bytes().decode()}


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = int.from_bytes(await reader.readexactly(2), "big")
    asked = dns.message.from_wire(await reader.readexactly(size))
    answer = dns.message.make_response(asked).to_wire()
    writer.write(len(answer).to_bytes(2, "big") + answer)


SPECIMENS: dict[str, Specimen] = {
    "amqp": over_tcp(
        specimens_of_brokers.amqp,
        specimens_of_brokers.amqp_welcome,
        specimens_of_brokers.amqp_repeat,
    ),
    "browser": BROWSER,
    "dns": over_tcp(
        lambda port: {"query": "shop.example", "servers": f"127.0.0.1:{port}", "over": "tcp"},
        _answer,
    ),
    "exec": EXEC,
    "http": over_tcp(
        lambda port: {
            "get": f"http://127.0.0.1:{port}/",
            "query": {"password": "${env:PASSWORD}"},
        },
        saying(ok()),
        _repeat_http,
        shared=True,
    ),
    "journey": over_tcp(
        lambda port: [
            {
                "name": "one",
                "post": f"http://127.0.0.1:{port}/",
                "form": {"password": "${env:PASSWORD}"},
            },
            {"name": "two", "get": f"http://127.0.0.1:{port}/"},
        ],
        saying(ok()),
        _repeat_http,
        shared=True,
    ),
    "kafka": over_tcp(
        specimens_of_brokers.kafka,
        specimens_of_brokers.kafka_welcome,
        specimens_of_brokers.kafka_repeat,
    ),
    "mqtt": over_tcp(specimens_of_brokers.mqtt, specimens_of_brokers.mqtt_welcome),
    "nats": over_tcp(
        specimens_of_brokers.nats,
        specimens_of_brokers.nats_welcome,
        specimens_of_brokers.nats_repeat,
    ),
    "ping": PING,
    "redis": over_tcp(specimen_redis.options, specimen_redis.welcome, specimen_redis.repeat),
    "ssh": over_tcp(lambda port: {"connect": f"127.0.0.1:{port}"}, specimen_ssh.welcome),
    "imap": over_tcp(specimen_mail.imap, specimen_mail.imap_welcome, specimen_mail.imap_repeat),
    "smtp": over_tcp(specimen_mail.smtp, specimen_mail.smtp_welcome, specimen_mail.smtp_repeat),
    "sql": over_tcp(specimen_sql.options, specimen_sql.welcome, specimen_sql.repeat),
    "grpc": over_tcp(
        specimen_grpc.options, specimen_grpc.welcome, specimen_grpc.repeat, shared=True
    ),
    "domain": over_tcp(
        lambda port: {"name": "shop.example", "url": f"http://127.0.0.1:{port}"},
        saying(ok(b'{"events": [{"eventAction": "expiration", "eventDate": "2999-01-01"}]}')),
        shared=True,
    ),
    "tcp": over_tcp(_tcp, _welcome, _repeat_line),
    "tls": Specimen(
        good=_over_tls,
        silent=over_tcp(lambda port: {"connect": f"127.0.0.1:{port}"}, _welcome).silent,
    ),
    "udp": UDP,
    "websocket": over_tcp(
        specimen_websocket.options, specimen_websocket.welcome, specimen_websocket.repeat
    ),
}
