"""Targets for the kind ``browser``: pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from tests.probes.specimen import Pace, Silence, Specimen
from tests.probes.support import Handler, serving


def html(text: str, *, status: int = 200) -> Handler:
    """A page."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html", status=status)

    return handler


def visit(origin: str, **step: Any) -> dict[str, Any]:
    """One step; tests run in containers, which have no sandbox to give."""
    return {"sandbox": False, "steps": [{"name": "home", "goto": f"{origin}/", **step}]}


@contextlib.asynccontextmanager
async def _good() -> AsyncIterator[Any]:
    async with serving({"/": html("<h1>Welcome</h1>")}) as origin:
        yield visit(origin, expect={"text": "Welcome"})


@contextlib.asynccontextmanager
async def _repeating() -> AsyncIterator[Any]:
    async def repeat(request: web.Request) -> web.Response:
        said = f"open & sesame {request.query_string}"
        script = f"<script>console.error({said!r}); throw {said!r}</script>"
        return web.Response(text=f"<p>{said}{script}", content_type="text/html", status=500)

    async with serving({"/": repeat}) as origin:
        yield visit(f"{origin}/?password=${{env:PASSWORD}}&")


@contextlib.asynccontextmanager
async def _silent() -> AsyncIterator[Silence]:
    came, gone = asyncio.Event(), asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        with contextlib.suppress(ConnectionError):
            while await reader.read(1024):
                pass
        gone.set()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield Silence(written=visit(f"http://127.0.0.1:{port}"), came=came, gone=gone)
    finally:
        server.close()


BROWSER = Specimen(
    good=_good,
    silent=_silent,
    repeating=_repeating,
    shared=True,
    pace=Pace(enough_s=30, limit_s=2, at_once=6),
)
