"""``POST /api/v1/results``: what a command would write, while the service has the database open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from synthetics.results.lines import Lines, listing
from synthetics.results.take import Taken
from synthetics.store.bare import Bare
from synthetics.store.errors import StoreError
from synthetics.web.admission import admit, body_of

MOST_BYTES = 16 << 20
LISTED = 20

Take = Callable[[Bare], Awaitable[Taken]]
"""Stores and counts what was read."""


class Hatch:
    """
    Takes results from commands on this machine, no more than 16 MiB at once; see
    `synthetics.web.admission`.

    Args:
        token: What must be shown.
        lines: A reader for the configuration as it is now.
        take: What is done with the results.
    """

    def __init__(self, token: str, lines: Callable[[], Lines], take: Take) -> None:
        self._token = token
        self._lines = lines
        self._take = take

    async def post(self, request: web.Request) -> web.Response:
        """Take all lines of a request, or none."""
        admit(request, self._token)
        text = (await body_of(request, MOST_BYTES)).decode(errors="surrogateescape")
        lines = self._lines()
        await asyncio.to_thread(lines.read, text.split("\n"))
        if lines.bad:
            return web.Response(text=listing(lines.bad, "line", LISTED) + "\n", status=400)
        try:
            taken = await self._take(lines.samples)
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        return web.json_response(asdict(taken))
