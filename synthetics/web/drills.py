"""``/api/v1/drills``: tests of the way to whoever is on call, asked for by commands; and listed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from synthetics.paging.exercises import as_json, asked
from synthetics.paging.ways import Way
from synthetics.store import Reader, StoreError, drills
from synthetics.store.drills import Drill
from synthetics.web.admission import admit, body_of
from synthetics.web.board import Board

MOST_BYTES = 64 << 10
LISTED_MS = 400 * 86_400_000
"""How far back drills are listed."""

Go = Callable[[Way, str, float], Awaitable[Drill]]
"""Goes a way: for an author, within a limit in seconds."""


@dataclass(frozen=True, slots=True)
class Range:
    """
    Where drills are asked for.

    Attributes:
        token: What must be shown.
        board: Knows the configuration in force.
        go: Goes one way, and waits for how it comes out.
        fail: Takes a probe to fail for so many seconds, for an author; does not wait.
        reader: Opened for the pages alone, used under *reading*.
    """

    token: str
    board: Board
    go: Go
    fail: Callable[[str, float, str], Awaitable[Drill]]
    reader: Reader
    reading: asyncio.Lock

    async def post(self, request: web.Request) -> web.Response:
        """
        Drill one after the other, and answer once all are over; where a probe is taken to fail,
        as soon as it is.
        """
        admit(request, self.token)
        try:
            wanted = asked(json.loads(await body_of(request, MOST_BYTES)))
            if wanted.fail_probe is not None:
                done = [await self.fail(wanted.fail_probe, wanted.lasts_s, wanted.author)]
            else:
                ways = wanted.ways(self.board.config, self.board.clock.now_ms())
                done = [await self.go(way, wanted.author, wanted.limit_s) for way in ways]
        except ValueError as error:  # not JSON, or a `NoDrillError`
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        return web.json_response({"drills": [as_json(one) for one in done]})

    async def list(self, _: web.Request) -> web.Response:
        """All of the last 400 days, the newest first."""
        query = partial(drills.since, from_ms=self.board.clock.now_ms() - LISTED_MS)
        async with self.reading:
            found = await asyncio.to_thread(self.reader.read, query)
        return web.json_response({"drills": [as_json(one) for one in found]})
