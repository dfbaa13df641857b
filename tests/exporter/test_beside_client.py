"""Logins, proxies and versions of TLS: what is sent on the way is the same, and the metrics."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.exporter.support import Both, Targets
from tests.exporter.test_beside import alike


@dataclass
class Heard:
    """What a server of a test was told: the lines that matter, one list a request."""

    requests: list[list[str]] = field(default_factory=list)

    def take(self) -> list[list[str]]:
        """All of it since the last time."""
        taken, self.requests = self.requests, []
        return taken


@contextlib.asynccontextmanager
async def proxy(port: int) -> AsyncIterator[Heard]:
    """A proxy that hands on what it is asked for, and lets connect who says the pass word."""
    heard = Heard()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        own = [line for line in rest if line.lower().startswith(("host:", "x-pass:"))]
        heard.requests.append([f"{method} {target}", *sorted(own)])
        if method == "CONNECT":
            host, _, number = target.rpartition(":")
            far_reader, far_writer = await asyncio.open_connection(host, int(number))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", port)
    try:
        yield heard
    finally:
        server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def tokens(port: int) -> AsyncIterator[Heard]:
    """Gives tokens: under ``/token`` to a login, under ``/form`` to fields, elsewhere never."""
    heard = Heard()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.partition(":")[2])
            for line in head.split("\r\n")
            if line.lower().startswith("content-length:")
        )
        form = (await reader.readexactly(length)).decode()
        path = head.split(" ")[1]
        login = f"Basic {base64.b64encode(b'me+%26+you:secret-word').decode()}"
        known = login in head if path == "/token" else "client_secret=secret-word" in form
        heard.requests.append([path, *sorted(form.split("&"))])
        body = json.dumps({"access_token": "t0ken", "token_type": "bearer", "expires_in": 60})
        status = "200 OK" if known else "401 Unauthorized"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", port)
    try:
        yield heard
    finally:
        server.close()


@pytest.mark.parametrize("module", ["http_proxy", "http_proxy_unresolved", "http_proxy_header"])
@pytest.mark.parametrize("secure", [False, True])
async def test_by_a_proxy(
    both: Both, targets: Targets, ports: dict[str, int], module: str, *, secure: bool
) -> None:
    async with proxy(ports["PROXY_PORT"]) as heard:
        target = targets.https if secure else targets.http.replace("127.0.0.1", "localhost")
        await alike(both, module, f"{target}/well", 1)
        theirs, ours = heard.take()
    assert ours == theirs


async def test_a_proxy_that_is_not_there(both: Both, targets: Targets) -> None:
    await alike(both, "http_proxy", f"{targets.http}/well", 0)


@pytest.mark.parametrize("module", ["http_token", "http_token_in_form"])
async def test_a_token(both: Both, targets: Targets, ports: dict[str, int], module: str) -> None:
    async with tokens(ports["TOKEN_PORT"]) as heard:
        await alike(both, module, f"{targets.http}/secured", 1)
        asked = heard.take()
    half = len(asked) // 2
    assert asked[:half] == asked[half:]


async def test_a_token_that_nobody_gives(both: Both, targets: Targets) -> None:
    await alike(both, "http_token", f"{targets.http}/secured", 0)


async def test_the_newest_version_of_tls_that_may_be(both: Both, targets: Targets) -> None:
    await alike(both, "http_tls12", f"{targets.https}/well", 1)
    await alike(both, "tcp_tls12", targets.tls, 1)
    await alike(both, "tcp_tls11", targets.tls, 0)
