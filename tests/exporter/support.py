"""Targets, and the two that ask them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web

from probes.watch import Network, Shared, Watch
from synthetics.clock import SystemClock
from synthetics.exporter import answer
from synthetics.exporter.modules import Module, load

Metrics = Mapping[tuple[str, str], float]
_LINE = re.compile(r"^(\w+)(\{.*\})? (\S+)$", re.MULTILINE)


def metrics(text: str) -> Metrics:
    """By name and labels."""
    return {(name, labels): float(value) for name, labels, value in _LINE.findall(text)}


class Both:
    """Debian's exporter, and us."""

    def __init__(self, url: str, modules: Mapping[str, Module], web: aiohttp.ClientSession) -> None:
        self._url = url
        self._web = web
        self._shared = Shared()
        self.modules = modules

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, url: str, file: Path) -> AsyncIterator[Self]:
        """The two, until the end of the block."""
        async with aiohttp.ClientSession() as session:
            both = cls(url, load(file), session)
            try:
                yield both
            finally:
                await both._shared.close()

    async def is_there(self) -> bool:
        """Whether theirs answers."""
        try:
            async with self._web.get(f"{self._url}/-/healthy") as answered:
                return answered.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def theirs(self, module: str, target: str, hostname: str = "") -> Metrics:
        """What the exporter says."""
        query = {"module": module, "target": target} | ({"hostname": hostname} if hostname else {})
        async with self._web.get(f"{self._url}/probe", params=query) as answered:
            assert answered.status == 200, await answered.text()
            return metrics(await answered.text())

    async def text(
        self,
        module: str,
        target: str,
        *,
        hostname: str = "",
        debug: bool = False,
        denied: tuple[Network, ...] = (),
    ) -> str:
        """What we say."""
        query = {"module": module, "target": target, "hostname": hostname}
        asked = answer.read(self.modules, query, "")
        watch = Watch(
            clock=SystemClock(), timeout_s=asked.timeout_s, shared=self._shared, denied=denied
        )
        return await answer.answer(asked, watch, debug=debug)

    async def ours(self, module: str, target: str, hostname: str = "") -> Metrics:
        """What we say, read."""
        return metrics(await self.text(module, target, hostname=hostname))


@dataclass(frozen=True)
class Targets:
    """Where they are."""

    http: str
    https: str
    stranger: str
    talker: str
    tls: str
    silent: str

    @classmethod
    @contextlib.asynccontextmanager
    async def started(
        cls, trusted: ssl.SSLContext, stranger: ssl.SSLContext
    ) -> AsyncIterator[Targets]:
        """All of them, until the end of the block."""
        async with contextlib.AsyncExitStack() as stack:
            runner = web.AppRunner(_application(), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            for context in (None, trusted, stranger):
                await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            ports = [address[1] for address in runner.addresses]

            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await _talk(reader, writer, trusted)

            talker = await asyncio.start_server(talk, "127.0.0.1", 0)
            silent = await asyncio.start_server(_say_nothing, "127.0.0.1", 0)
            for each in (talker, silent):
                stack.callback(each.close)
            yield cls(
                http=f"http://127.0.0.1:{ports[0]}",
                https=f"https://localhost:{ports[1]}",
                stranger=f"https://localhost:{ports[2]}",
                talker=f"127.0.0.1:{talker.sockets[0].getsockname()[1]}",
                tls=f"127.0.0.1:{ports[1]}",
                silent=f"127.0.0.1:{silent.sockets[0].getsockname()[1]}",
            )


def _application() -> web.Application:
    app = web.Application()

    async def well(request: web.Request) -> web.Response:
        said = {"X-Shop": "b", "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"}
        return web.Response(text="all is well\n", headers=said)

    async def missing(request: web.Request) -> web.Response:
        return web.Response(status=404, text="no")

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("/well")

    async def round_and_round(request: web.Request) -> web.Response:
        raise web.HTTPFound("/round")

    async def posted(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.headers.get('Content-Type')} {await request.text()}")

    async def streamed(request: web.Request) -> web.StreamResponse:
        answered = web.StreamResponse()
        await answered.prepare(request)
        await answered.write(b"one ")
        await answered.write(b"two")
        return answered

    async def packed(request: web.Request) -> web.Response:
        answered = web.Response(text="all is well\n" * 100)
        answered.enable_compression(web.ContentCoding.gzip)
        return answered

    async def private(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == "Basic bWU6c2VjcmV0LXdvcmQ="
        return web.Response(status=200 if known else 401)

    async def as_json(request: web.Request) -> web.Response:
        return web.json_response({"foo": "bar", "baz": "qux", "size": 3, "list": [1, 2]})

    async def secured(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == "Bearer t0ken"
        return web.Response(status=200 if known else 401)

    async def named(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.host == "shop.test" else 421)

    app.add_routes(
        [
            web.get("/well", well),
            web.get("/missing", missing),
            web.get("/away", away),
            web.get("/round", round_and_round),
            web.post("/posted", posted),
            web.get("/streamed", streamed),
            web.get("/packed", packed),
            web.get("/private", private),
            web.get("/secured", secured),
            web.get("/json", as_json),
            web.get("/named", named),
        ]
    )
    return app


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        writer.write(b"220 mail.test Shop's own\r\n")
        while line := (await reader.readline()).strip():
            if line.startswith(b"EHLO"):
                writer.write(b"250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n")
            elif line == b"STARTTLS":
                writer.write(b"220 go on\r\n")
                await writer.start_tls(tls)
            elif line == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
        await writer.drain()
    writer.close()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()
