"""
Under which names the service answers.

A browser lets a page talk to whatever its own name leads to.  A stranger's name that is turned to
``127.0.0.1`` after the page was loaded (DNS rebinding) would reach a service on loopback, with an
``Origin`` that fits; only the ``Host`` gives it away.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

MISDIRECTED = 421


def checked(bound: str, public_url: Callable[[], str]) -> Middleware:
    """
    A middleware that answers only requests that ask for us by a name of ours.

    Args:
        bound: The host that is listened on.  Whoever opens another than loopback serves to all
            names by which a network may know it, so that nothing is refused.
        public_url: The address in the configuration; its host may differ after a reload.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked = request.headers.get("Host", "")
        if is_ours(asked, bound, public_url()):
            return await handler(request)
        text = (
            f"this is not {_name(f'//{asked}')}: if it should be, put that name into public_url\n"
        )
        return web.Response(text=text, status=MISDIRECTED)

    return check


@lru_cache(maxsize=1024)
def is_ours(asked: str, bound: str, public_url: str) -> bool:
    """Whether the ``Host`` header *asked* names us; the other arguments are those of `checked`."""
    name = _name(f"//{asked}")
    if not _is_loopback(bound) or _is_loopback(name) or _is_address(name):
        return True
    return name in ("", bound, _name(public_url))


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return "an address that cannot be read"


def _is_loopback(host: str) -> bool:
    if _is_address(host):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_address(host: str) -> bool:
    """Whether *host* is no name at all: nothing can be turned elsewhere."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
