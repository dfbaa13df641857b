"""Servers that answer well, badly or never, and a short way to ask them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from probes import http, journey
from probes.fields import Refused
from probes.result import Result
from probes.watch import METADATA_AND_LINK_LOCAL, Mask, Network, Shared, Watch
from synthetics.clock import SystemClock

HTTP: TypeAdapter[http.Options] = TypeAdapter(http.Options)
JOURNEY: TypeAdapter[tuple[journey.Step, ...]] = TypeAdapter(journey.Options)
SECRETS = {"PASSWORD": "open & sesame", "TOKEN": "t0k3n-of-the-probe"}


def look_up(source: str, name: str) -> str:
    """References as the loader would look them up."""
    assert source == "env"
    return SECRETS[name]


class Asker:
    """Runs probes as the service would, from what people write."""

    def __init__(self) -> None:
        self.shared = Shared()

    def watch(
        self, timeout_s: float = 5, *, denied: tuple[Network, ...] = METADATA_AND_LINK_LOCAL
    ) -> Watch:
        return Watch(
            clock=SystemClock(),
            timeout_s=timeout_s,
            shared=self.shared,
            mask=Mask(SECRETS.values()),
            denied=denied,
        )

    async def http(self, written: Mapping[str, Any], timeout_s: float = 5) -> Result:
        options = HTTP.validate_python(written, context={"resolve": look_up})
        return await http.run(options, self.watch(timeout_s))

    async def journey(self, written: list[dict[str, Any]], timeout_s: float = 5) -> Result:
        options = JOURNEY.validate_python(written, context={"resolve": look_up})
        return await journey.run(options, self.watch(timeout_s))


def refusal(adapter: TypeAdapter[Any], written: object) -> Refused:
    """What the loader is told about *written*, which must be wrong in one way."""
    try:
        adapter.validate_python(written, context={"resolve": look_up})
    except ValidationError as error:
        [problem] = error.errors()
        refused = problem["ctx"]["error"]
        assert isinstance(refused, Refused)
        return refused
    raise AssertionError("nothing was refused")


Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def speaking(
    speak: Speak, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """A server whose every connection is left to *speak*; gives its port."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await speak(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            talks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(talk, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def saying(*pieces: bytes, then: asyncio.Event | None = None) -> Speak:
    """Read one request, answer with *pieces*, then close, or wait for *then*."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then is not None:
            await then.wait()

    return speak


def refusing(context: ssl.SSLContext) -> Speak:
    """
    A server that says why it ends a handshake and waits until that was heard.

    asyncio's own hangs up instead, and by TLS 1.3 a client learns of it in one
    of several ways: it takes itself for connected before its certificate is read.
    """

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        refused = False
        while not refused:
            incoming.write(await reader.read(65536))
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                refused = True
            writer.write(outgoing.read())
        await reader.read()

    return speak


def ok(body: bytes = b"fine", *headers: str) -> bytes:
    """A whole answer."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def serving(
    routes: Mapping[str, Handler], *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """An aiohttp server; gives its origin."""
    app = web.Application()
    for path, handler in routes.items():
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    name = f"[{host}]" if ":" in host else host
    try:
        yield f"{'https' if tls else 'http'}://{name}:{port}"
    finally:
        await runner.cleanup()
