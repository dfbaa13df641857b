"""
Scrapes of ``/probe`` before they reach the application.

A scrape comes as the same few hundred bytes each time, and what aiohttp spends on reading such a
request, finding its route and framing the answer is as much as the probe itself takes of us.  So
a connection begins here: while it brings one plain scrape at a time, it is answered here.
Anything else, whole or in pieces, goes to aiohttp together with its connection, for good, and is
answered by the same `Prober`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

from yarl import URL

from synthetics.web import hosts
from synthetics.web.board import Board
from synthetics.web.prober import Prober, Said, Scrape

logger = logging.getLogger(__name__)

Factory = Callable[[], asyncio.Protocol]

_LONGEST = 2048
"""Bytes of a request that is read here."""
_HELD = 65_536
"""Bytes that may come before what was asked is answered."""
_STOP_S = 1.0
_REQUEST = re.compile(rb"GET (/probe\?[!-~]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[\t -~]*\r\n)+)\r\n")
_LEFT = frozenset(
    {"content-length", "transfer-encoding", "connection", "upgrade", "expect", "host"}
)
"""Headers that are aiohttp's to understand; ``Host`` where there are two of it."""


@functools.lru_cache(maxsize=4096)
def read(request: bytes) -> tuple[Scrape, str] | None:
    """The scrape in *request* and its ``Host``; ``None`` if it is not one plain scrape."""
    found = _REQUEST.fullmatch(request)
    if found is None:
        return None
    headers: dict[str, str] = {}
    for line in found[2].decode("ascii").splitlines():
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if name in headers and name in _LEFT:
            return None
        headers.setdefault(name, value)
    keeps = headers.pop("connection", "keep-alive").lower() == "keep-alive"
    host = headers.pop("host", None)
    if host is None or not keeps or not _LEFT.isdisjoint(headers):
        return None
    query = URL(found[1].decode("ascii"), encoded=True).query
    scrape = Scrape(
        query={name: query[name] for name in query},
        limit=headers.get("x-prometheus-scrape-timeout-seconds", ""),
        site=headers.get("sec-fetch-site", "none"),
    )
    return scrape, host


class Fronts:
    """
    All connections that bring scrapes.

    Args:
        board: Whose clock and configuration hold.
        prober: Answers.
        bound: The host that is listened on.
        headers: What every answer has.
        others: Makes the protocol that takes what is no scrape.
    """

    def __init__(
        self,
        board: Board,
        prober: Prober,
        *,
        bound: str,
        headers: dict[str, str],
        others: Factory,
    ) -> None:
        self.others = others
        self.open: set[Front] = set()
        self._board = board
        self._prober = prober
        self._bound = bound
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def new(self) -> Front:
        """For a new connection."""
        return Front(self)

    def read(self, request: bytes) -> Scrape | None:
        """The scrape in *request*, if it is to be answered here."""
        if len(request) > _LONGEST:
            return None
        found = read(request)
        if found is None:
            return None
        scrape, host = found
        ours = hosts.is_ours(host, self._bound, self._board.config.public_url)
        return scrape if ours else None

    async def answer(self, scrape: Scrape) -> bytes:
        """The whole answer to *scrape*."""
        try:
            said = await self._prober.answer(self._board, scrape)
        except Exception:
            logger.exception("a scrape could not be answered", extra={"action": "scrape"})
            said = Said(500, "this is a defect; the log says where\n")
        body = said.body
        head = _head(said.status, said.kind, self._headers, int(time.time()))
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)

    async def close(self) -> None:
        """Close all connections; what is being answered has a moment left."""
        tasks = [task for front in list(self.open) if (task := front.end()) is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_S)
        for front in list(self.open):
            front.abort()


@functools.lru_cache(maxsize=16)
def _head(status: int, kind: str, headers: str, at_s: int) -> bytes:
    """Status line and headers without the length; *at_s* is the time in Unix seconds."""
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    date = formatdate(at_s, usegmt=True)
    return f"{line}{headers}Content-Type: {kind}\r\nDate: {date}\r\n".encode()


class Front(asyncio.Protocol):
    """One connection, until it brings something else than scrapes; made by `Fronts.new`."""

    def __init__(self, fronts: Fronts) -> None:
        self._fronts = fronts
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._held = b""
        self._full = self._ends = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        own = transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._fronts.open.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - its interface
        """See `asyncio.Protocol`."""
        self._fronts.open.discard(self)
        self._transport = None
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`: whoever does not read is not answered either."""
        self._full = True

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._full = False
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._held = self._held + data if self._held else data
        self._go_on()
        if len(self._held) > _HELD:
            self.abort()

    def _go_on(self) -> None:
        if self._task is not None or self._full or self._ends or self._transport is None:
            return
        if not self._held:
            return
        request, self._held = self._held, b""
        scrape = self._fronts.read(request)
        if scrape is not None:
            self._task = asyncio.get_running_loop().create_task(self._answer(scrape))
            return
        self._fronts.open.discard(self)
        other, transport, self._transport = self._fronts.others(), self._transport, None
        transport.set_protocol(other)
        other.connection_made(transport)
        other.data_received(request)

    async def _answer(self, scrape: Scrape) -> None:
        said = await self._fronts.answer(scrape)
        self._task = None
        if self._transport is not None:
            self._transport.write(said)
            if self._ends:
                self._transport.close()
        self._go_on()

    def end(self) -> asyncio.Task[None] | None:
        """Close the connection, after the answer that is under way: the task that gives it."""
        self._ends = True
        if self._task is None and self._transport is not None:
            self._transport.close()
        return self._task

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()
