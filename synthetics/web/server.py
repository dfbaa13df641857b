"""The HTTP side: routes, headers, and what is answered when something is not there (yet)."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from synthetics.heartbeats.room import Heartbeats
from synthetics.store import StoreError, silences
from synthetics.web import alerts, api, hosts, kept, oncall, page, ping, probe_metrics
from synthetics.web.acknowledge import Answers
from synthetics.web.board import Board, Phase
from synthetics.web.changes import Diary
from synthetics.web.desk import ACTS, Desk
from synthetics.web.drills import Range
from synthetics.web.front import Factory, Fronts
from synthetics.web.metrics import Snapshot, registry
from synthetics.web.prober import Prober
from synthetics.web.results import Hatch
from synthetics.web.status import Sources

logger = logging.getLogger(__name__)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 9380

STATIC = Path(__file__).parent / "static"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not bound to
_BACKLOG = 128
END = b"# EOF\n"

HEADERS = {
    "Server": "synthetics",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_OWN = frozenset({"Content-Security-Policy"})
"""What a page may say otherwise."""

TextReload = Callable[[], Awaitable[str]]
"""Reloads the configuration; the problems as text, empty if it was taken."""


class Site:
    """
    What is served.

    Args:
        board: The newest of everything.
        reload: Called by ``POST /-/reload``.
        prober: Answers ``/probe``, where that is served.

    Attributes:
        sources: Where the pages read; ``None`` until the history is known, and again
            once the database is closed.
        answers: Where incidents are taken on; ``None`` as *sources*.
        hatch, desk, diary, drills: Where commands hand in results, declarations and changes, and
            ask for drills; ``None`` as *sources*.
        heartbeats: Where jobs report; ``None`` as *sources*.
    """

    def __init__(self, *, board: Board, reload: TextReload, prober: Prober | None = None) -> None:
        self._board = board
        self._prober = prober
        self._reload = reload
        self.sources: Sources | None = None
        self.hatch: Hatch | None = None
        self.desk: Desk | None = None
        self.answers: Answers | None = None
        self.diary: Diary | None = None
        self.drills: Range | None = None
        self.heartbeats: Heartbeats | None = None

    def application(self, host: str = DEFAULT_HOST) -> web.Application:
        """The application with all its routes, to be served on *host*."""
        by_our_name = hosts.checked(host, lambda: self._board.config.public_url)
        app = web.Application(middlewares=[by_our_name, _plain_errors])
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/api/v1/status", self._api),
                web.get("/api/v1/alerts", self._alerts),
                web.post("/api/v1/results", self._results),
                *(web.post(f"/api/v1/{act}", partial(self._declare, act)) for act in ACTS),
                web.get("/api/v1/silences", self._silences),
                web.post("/api/v1/changes", self._change),
                web.get("/api/v1/changes", self._changes),
                web.post("/api/v1/drills", self._drill),
                web.get("/api/v1/drills", self._drilled),
                web.post(r"/api/v1/incidents/{number:\d{1,15}}/acknowledge", self._answer),
                web.get("/acknowledge/{token}", self._acknowledge),
                web.post("/acknowledge/{token}", self._acknowledge),
                web.get("/api/v1/oncall", partial(oncall.as_json, self._board)),
                web.get("/api/v1/oncall.ics", partial(oncall.calendar, self._board)),
                *(route("/ping/{address:.+}", self._ping) for route in (web.get, web.post)),
                web.get(r"/kept/{probe}/{trace_id:[0-9a-f]{32}}/{name}", self._kept),
                web.get("/metrics", self._metrics),
                web.get("/-/healthy", self._healthy),
                web.get("/-/ready", self._ready),
                web.post("/-/reload", self._reload_now),
                web.get("/static/{name:status\\.(?:css|js)}", self._static),
            ]
        )
        if self._prober is not None and self._prober.served:
            app.add_routes([web.get("/probe", partial(self._prober.get, self._board))])
        return app

    def fronts(self, host: str, others: Factory) -> Fronts | None:
        """What stands before *others*, the application served on *host*; ``None`` for nothing."""
        if self._prober is None or not self._prober.served:
            return None
        return Fronts(self._board, self._prober, bound=host, headers=HEADERS, others=others)

    async def _page(self, request: web.Request) -> web.Response:
        everything = request.query.get("probes") == "all"
        overview = await self._known().overview()
        html = await asyncio.to_thread(page.render, overview, all_probes=everything)
        return web.Response(text=html, content_type="text/html")

    async def _api(self, _: web.Request) -> web.Response:
        overview = await self._known().overview()
        text = await asyncio.to_thread(api.dumps, overview)
        return web.Response(text=text, content_type="application/json")

    async def _silences(self, _: web.Request) -> web.Response:
        at_ms = self._board.clock.now_ms()
        found = await self._known().silences(at_ms)
        return web.json_response([silences.as_json(one) for one in found])

    async def _alerts(self, _: web.Request) -> web.Response:
        at_ms = self._board.clock.now_ms()
        found = await self._known().told(at_ms)
        text = await asyncio.to_thread(alerts.dumps, at_ms, found)
        return web.Response(text=text, content_type="application/json")

    async def _results(self, request: web.Request) -> web.Response:
        if self.hatch is None:
            raise self._not_now()
        return await self.hatch.post(request)

    async def _declare(self, act: str, request: web.Request) -> web.Response:
        if self.desk is None:
            raise self._not_now()
        return await self.desk.declare(act, request)

    async def _change(self, request: web.Request) -> web.Response:
        if self.diary is None:
            raise self._not_now()
        return await self.diary.post(request)

    async def _changes(self, request: web.Request) -> web.Response:
        if self.diary is None:
            raise self._not_now()
        return await self.diary.list(request)

    async def _answer(self, request: web.Request) -> web.Response:
        if self.answers is None:
            raise self._not_now()
        return await self.answers.post(request)

    async def _acknowledge(self, request: web.Request) -> web.Response:
        if self.answers is None:
            raise self._not_now()
        if request.method == "POST":
            return await self.answers.confirm(request)
        return await self.answers.show(request)

    async def _drill(self, request: web.Request) -> web.Response:
        if self.drills is None:
            raise self._not_now()
        return await self.drills.post(request)

    async def _drilled(self, request: web.Request) -> web.Response:
        if self.drills is None:
            raise self._not_now()
        return await self.drills.list(request)

    async def _ping(self, request: web.Request) -> web.Response:
        if self.heartbeats is None:
            raise self._not_now()
        return await ping.take(self.heartbeats, request)

    async def _kept(self, request: web.Request) -> web.Response:
        return await kept.get(self._board.config, request)

    async def _metrics(self, request: web.Request) -> web.Response:
        sources = self._known()
        at_ms = self._board.clock.now_ms()
        snapshot = Snapshot(
            at_ms=at_ms,
            board=self._board,
            slos=await sources.slos(at_ms),
            health=sources.health(),
            heartbeats=sources.heartbeats(),
        )
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        own = await asyncio.to_thread(encode, registry(snapshot))
        probes = await probe_metrics.write(list(self._board.seen.values()))
        end = END if own.endswith(END) else b""
        body = b"".join([own.removesuffix(END), *(piece.encode() for piece in probes), end])
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body = await asyncio.to_thread(gzip.compress, body, 1)
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="healthy\n")

    async def _ready(self, _: web.Request) -> web.Response:
        phase = self._board.phase
        return web.Response(
            text="ready\n" if phase is Phase.RUNNING else f"not ready: {phase}\n",
            status=200 if phase is Phase.RUNNING else 503,
        )

    async def _reload_now(self, request: web.Request) -> web.Response:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
            raise web.HTTPForbidden(text="a page of another origin may not do this\n")
        if self._board.phase is not Phase.RUNNING:
            raise web.HTTPServiceUnavailable(text=f"not now: {self._board.phase}\n")
        problems = await self._reload()
        if problems:
            return web.Response(text=problems, status=400)
        return web.Response(text="reloaded\n")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / request.match_info["name"])

    def _known(self) -> Sources:
        if self.sources is None:
            raise self._not_now()
        return self.sources

    def _not_now(self) -> web.HTTPServiceUnavailable:
        return web.HTTPServiceUnavailable(
            text=f"not now: {self._board.phase}\n", headers={"Retry-After": "1"}
        )


@web.middleware
async def _plain_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Say in plain text what is not there or cannot be read, and where to look instead."""
    try:
        return await handler(request)
    except StoreError as error:
        logger.error("%s", error, extra={"action": "not_read"})  # noqa: TRY400 - it says all
        return web.Response(text=f"{error}\n", status=503)
    except web.HTTPNotFound:
        text = f"there is nothing at {request.path}; try / or /metrics\n"
        return web.Response(text=text, status=404)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        secret = request.path.startswith("/ping/")
        return web.Response(
            text=f"{'/ping/' if secret else request.path} takes {allowed}, not {request.method}\n",
            status=405,
            headers={"Allow": allowed},
        )


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update({**HEADERS, **{k: v for k, v in response.headers.items() if k in _OWN}})


class Server:
    """
    A site that listens.

    Attributes:
        host, port: Where; the port is the real one where 0 was asked for.
    """

    def __init__(self, host: str, port: int, stop: Callable[[], Awaitable[None]]) -> None:
        self.host = host
        self.port = port
        self.stop = stop

    @classmethod
    async def start(cls, site: Site, *, host: str, sockets: Sequence[socket.socket]) -> Server:
        """
        Listen on *sockets*, which `synthetics.web.binding.bind` took for *host*.

        Raises:
            OSError: Somebody else listens there since.
        """
        real_port: int = sockets[0].getsockname()[1]
        stack = AsyncExitStack()
        try:
            runner = web.AppRunner(site.application(host), access_log=None, shutdown_timeout=1)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            assert runner.server is not None
            new: Factory = runner.server
            fronts = site.fronts(host, new)
            if fronts is not None:
                stack.push_async_callback(fronts.close)
                new = fronts.new
            loop = asyncio.get_running_loop()
            for each in sockets:
                stack.callback((await loop.create_server(new, sock=each, backlog=_BACKLOG)).close)
        except BaseException:
            await stack.aclose()
            raise
        return cls(host, real_port, stack.aclose)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = _LOOPBACK.get(self.host, self.host)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/"
