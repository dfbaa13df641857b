"""A message as the judge would write it, and the secrets of everybody who is told of it."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from aiohttp import web

from synthetics.config.model import Severity
from synthetics.receivers.base import Changed, Event, Failing, Link, Message, Said

DETECTED_MS = 1_791_209_100_000
"""2026-10-05T14:05:00Z"""


def trigger(**changes: Any) -> Message:
    known: dict[str, Any] = {
        "id": "msg_5f3a9c",
        "event": Event.TRIGGER,
        "dedup_key": "synthetics-shop-9b1c2d3e4f506172",
        "incident": 7,
        "severity": Severity.PAGE,
        "summary": "本店: checkout fails at step order (status 500) since 14:03 UTC",
        "location": "tokyo",
        "service": "shop",
        "service_name": "本店",
        "slo": "checkout-availability",
        "tier": "fast",
        "probe": "checkout",
        "step": "order",
        "reason": "status",
        "detected_ms": DETECTED_MS,
        "since_ms": DETECTED_MS - 120_000,
        "objective": 0.999,
        "burn_long": 50.0,
        "burn_short": 600.0,
        "budget_left": 0.87,
        "exhausted_ms": DETECTED_MS + 45_000_000,
        "said": Said(
            objective="99.9%",
            failed="12 of 15 samples failed in the last 5m",
            burn="50× over 1h and 600× over 5m, fires above 14.4×",
            budget="87.0% left, gone in 12h30m at this rate",
        ),
        "failing": Failing(
            at_ms=DETECTED_MS - 5_000,
            detail="answered 500 Internal Server Error, 201 expected",
            trace_id="0af7651916cd43dd8448eb211c80319c",
            request_id="b7ad6b71-6920-3331",
        ),
        "changes": (
            Changed(
                at_ms=DETECTED_MS - 360_000,
                summary="deploy v1.2",
                author="aiko",
                link="https://ci.example/7",
            ),
        ),
        "owner": "team-checkout",
        "also": ("home-fast",),
        "links": (Link(text="Runbook", href="https://wiki.example/oncall/shop"),),
        "url": "https://synthetics.example/",
    }
    return Message(**(known | changes))


def acknowledge(**changes: Any) -> Message:
    told: dict[str, Any] = {"id": "msg_5f3a9e", "event": Event.ACKNOWLEDGE}
    return trigger(**(told | changes))


def resolve(**changes: Any) -> Message:
    told: dict[str, Any] = {
        "id": "msg_5f3a9d",
        "event": Event.RESOLVE,
        "summary": "Resolved after 12m: 本店: checkout fails at step order (status 500)",
        "resolution": "short-within",
        "detected_ms": DETECTED_MS + 600_000,
        "also": (),
    }
    return trigger(**(told | changes))


class FarSide:
    """
    A real server on loopback that answers as it is told.

    Attributes:
        status: Of every answer.
        headers: Of every answer.
        text: Body of every answer.
        silent: No answer at all.
        seen: Every request: headers and body.
        asked: Of every request, the method and the path with its query.
    """

    def __init__(self) -> None:
        self.status = 202
        self.headers: dict[str, str] = {}
        self.text = ""
        self.silent = False
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.asked: list[tuple[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/{SECRET_PATH}"

    async def __aenter__(self) -> FarSide:
        app = web.Application(client_max_size=1 << 22)
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exit: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs))
        self.seen.append((dict(request.headers), await request.read()))
        if self.silent:
            await asyncio.Event().wait()
        return web.Response(status=self.status, headers=self.headers, text=self.text)


SECRET_PATH = "path-that-is-secret"
ROUTING_KEY = "0123456789abcdef0123456789ABCDEF"
SIGNING_SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes of signing key!").decode()
TOKEN = "token-that-is-secret"
TOPIC = "topic-that-is-secret"
SECRETS = (SECRET_PATH, ROUTING_KEY, SIGNING_SECRET, TOKEN, TOPIC)


def texts(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return []
