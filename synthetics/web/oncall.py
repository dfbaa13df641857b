"""Who is on call: ``/api/v1/oncall``, and a calendar to subscribe to, ``/api/v1/oncall.ics``."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from synthetics.clock import millis
from synthetics.config.model import Config
from synthetics.config.scalars import parse_instant
from synthetics.oncall.rotation import Rotation
from synthetics.reports import oncall
from synthetics.web.board import Board

YEARS = (1971, 2200)


async def as_json(board: Board, request: web.Request) -> web.Response:
    """Who is on call at ``?at=``, or now; of ``?rotation=``, or of all."""
    config, at_ms = board.config, board.clock.now_ms()
    if text := request.query.get("at"):
        try:
            at = parse_instant(text.replace(" ", "+"))  # an offset that nobody escaped
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"at: {error}\n") from error
        if not YEARS[0] <= at.year < YEARS[1]:
            raise web.HTTPBadRequest(text=f"at: {at.year} is too far away\n")
        at_ms = millis(at)
    chosen = _chosen(config, request)
    found = await asyncio.to_thread(
        lambda: [oncall.as_json(config, oncall.on_call(one, at_ms)) for one in chosen]
    )
    text = json.dumps(found, ensure_ascii=False) + "\n"
    return web.Response(text=text, content_type="application/json")


async def calendar(board: Board, request: web.Request) -> web.Response:
    """The shifts of ``?rotation=`` or all, of ``?person=`` or everybody, as iCalendar."""
    config = board.config
    person = request.query.get("person")
    if person is not None and person not in config.people:
        raise web.HTTPNotFound(text=f"there is no person {person}\n")
    text = await asyncio.to_thread(
        oncall.calendar, config, _chosen(config, request), board.clock.now_ms(), person
    )
    return web.Response(text=text, content_type="text/calendar", charset="utf-8")


def _chosen(config: Config, request: web.Request) -> list[Rotation]:
    name = request.query.get("rotation")
    if name is None:
        return list(config.rotations.values())
    if name not in config.rotations:
        known = ", ".join(config.rotations) or "there are none"
        raise web.HTTPBadRequest(text=f"there is no rotation {name}: {known}\n")
    return [config.rotations[name]]
