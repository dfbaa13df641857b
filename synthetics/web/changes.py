"""``/api/v1/changes``: what was changed in what is watched, handed in by pipelines and listed."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from synthetics.clock import millis
from synthetics.config.scalars import parse_instant
from synthetics.paging.changes import Note, Noted, as_json, noting
from synthetics.store import Reader, StoreError, changes
from synthetics.web.admission import admit, body_of
from synthetics.web.board import Board

MOST_BYTES = 64 << 10
LISTED_MS = 7 * 86_400_000
"""How far back changes are listed if nobody says."""


@dataclass(frozen=True, slots=True)
class Diary:
    """
    Takes and lists changes.

    Attributes:
        token: What commands on this machine show; from elsewhere that of the configuration.
        board: Knows the configuration in force.
        note: Writes one, and has it told.
        reader: Opened for the pages alone, used under *reading*.
    """

    token: str
    board: Board
    note: Callable[[Note], Awaitable[Noted]]
    reader: Reader
    reading: asyncio.Lock

    async def post(self, request: web.Request) -> web.Response:
        """Keep one change; 200 also if it is known already."""
        self._admit(request)
        try:
            body = json.loads(await body_of(request, MOST_BYTES))
            change, new = await self.note(
                noting(self.board.config, body, self.board.clock.now_ms())
            )
        except ValueError as error:  # not JSON, or a `NotDeclaredError`
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        return web.json_response({**as_json(change), "new": new})

    async def list(self, request: web.Request) -> web.Response:
        """Those of late, the newest first; ``?service=``, ``?from=`` and ``?to=`` choose."""
        now_ms = self.board.clock.now_ms()
        from_ms = _moment(request, "from", now_ms - LISTED_MS)
        to_ms = _moment(request, "to", now_ms + 1)
        service = request.query.get("service", "")
        query = partial(changes.between, from_ms=from_ms, to_ms=to_ms, service=service)
        async with self.reading:
            found = await asyncio.to_thread(self.reader.read, query)
        return web.json_response([as_json(one) for one in found])

    def _admit(self, request: web.Request) -> None:
        known = self.board.config.changes.token
        shown = request.headers.get("Authorization", "")
        if (
            known is not None
            and "Origin" not in request.headers
            and hmac.compare_digest(shown.encode(), f"Bearer {known.reveal()}".encode())
        ):
            return
        admit(request, self.token)


def _moment(request: web.Request, name: str, otherwise_ms: int) -> int:
    if name not in request.query:
        return otherwise_ms
    try:
        return millis(parse_instant(request.query[name]))
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{name}: {error}\n") from error
