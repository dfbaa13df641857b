"""Who may hand in something to be written: commands on this machine that can read the lock file."""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import web


def admit(request: web.Request, token: str) -> None:
    """
    Let a request pass that comes from this machine, not from a page in a browser or through a
    proxy, and shows *token*, which only those can read who may read the lock of the database.

    Raises:
        HTTPForbidden: It comes from elsewhere.
        HTTPUnauthorized: It does not show the token.
    """
    if not _from_here(request):
        raise web.HTTPForbidden(text="this is taken from programs on this machine only\n")
    shown = request.headers.get("Authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        raise web.HTTPUnauthorized(
            text="the token is in the lock file of the database\n",
            headers={"WWW-Authenticate": "Bearer"},
        )


async def body_of(request: web.Request, most_bytes: int) -> bytes:
    """
    The whole body.

    Raises:
        HTTPRequestEntityTooLarge: It is larger than *most_bytes*.
    """
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            raise web.HTTPRequestEntityTooLarge(
                max_size=most_bytes, actual_size=len(body), text="send it in smaller pieces\n"
            )
    return bytes(body)


def _from_here(request: web.Request) -> bool:
    """Whether a program on this machine asks, for itself."""
    forwarded = {"Origin", "Forwarded", "X-Forwarded-For", "Via"} & request.headers.keys()
    if forwarded or request.transport is None:
        return False
    theirs = request.transport.get_extra_info("peername")[0]
    ours = request.transport.get_extra_info("sockname")[0]
    return theirs == ours or ipaddress.ip_address(theirs.partition("%")[0]).is_loopback
