"""``POST /api/v1/results``: what a command would write, while the service has the database open."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from synthetics.results.lines import Lines, listing
from synthetics.results.take import Taken
from synthetics.store.bare import Bare
from synthetics.store.errors import StoreError

MOST_BYTES = 16 << 20
LISTED = 20

Take = Callable[[Bare], Awaitable[Taken]]
"""Stores and counts what was read."""


class Hatch:
    """
    Takes results from commands on this machine, one request at a time.

    Three things must hold: the request comes from this machine, and not from a page in a browser
    or through a proxy; it shows the token, which only those can read who may read the lock of the
    database; and it is no larger than 16 MiB.

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
        if not _from_here(request):
            raise web.HTTPForbidden(text="results are taken from this machine only\n")
        shown = request.headers.get("Authorization", "")
        if not hmac.compare_digest(shown.encode(), f"Bearer {self._token}".encode()):
            raise web.HTTPUnauthorized(
                text="the token is in the lock file of the database\n",
                headers={"WWW-Authenticate": "Bearer"},
            )
        text = (await _body(request)).decode(errors="surrogateescape")
        lines = self._lines()
        await asyncio.to_thread(lines.read, text.split("\n"))
        if lines.bad:
            return web.Response(text=listing(lines.bad, "line", LISTED) + "\n", status=400)
        try:
            taken = await self._take(lines.samples)
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        return web.json_response(asdict(taken))


def _from_here(request: web.Request) -> bool:
    """Whether a program on this machine asks, for itself."""
    forwarded = {"Origin", "Forwarded", "X-Forwarded-For", "Via"} & request.headers.keys()
    if forwarded or request.transport is None:
        return False
    theirs = request.transport.get_extra_info("peername")[0]
    ours = request.transport.get_extra_info("sockname")[0]
    return theirs == ours or ipaddress.ip_address(theirs.partition("%")[0]).is_loopback


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            raise web.HTTPRequestEntityTooLarge(
                max_size=MOST_BYTES, actual_size=len(body), text="send it in smaller pieces\n"
            )
    return bytes(body)
