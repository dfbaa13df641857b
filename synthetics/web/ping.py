"""
Where jobs report: the addresses and the answers that Healthchecks.io made usual.

Whoever knows the UUID, or the ping key, may report, from wherever the service can be reached; so
the address is a secret, and nothing here repeats it.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from aiohttp import web

from probes.heartbeat import PING_KEY, UUID_SHAPE
from probes.heartbeat_parts.facts import Word
from synthetics.heartbeats.room import BODY_LIMIT, Heartbeats, UnknownError

UUID: Final = re.compile(UUID_SHAPE, re.IGNORECASE)
KEY: Final = re.compile(PING_KEY)
EXIT_CODE: Final = re.compile(r"[0-9]{1,3}")
WORDS: Final = {
    "queued": Word.QUEUED,
    "start": Word.START,
    "fail": Word.FAIL,
    "log": Word.LOG,
}
READ_LIMIT: Final = 1 << 20
"""Bytes of a body that are read; whoever sends more is answered and cut off."""

READ_S: Final = 10.0
"""How long a body may take to come; what has come by then counts."""

HEADERS: Final = {"Ping-Body-Limit": str(BODY_LIMIT), "Access-Control-Allow-Origin": "*"}


async def take(heartbeats: Heartbeats, request: web.Request) -> web.Response:
    """
    Take one report: ``/ping/<uuid>`` or ``/ping/<ping key>/<slug>``, or that with ``/start``,
    ``/fail``, ``/log``, ``/queued`` or an exit code behind it, and ``?rid=`` where runs overlap.

    Raises:
        StoreError: It could not be stored.
    """
    address, said = _parts(request.match_info["address"])
    rid = request.query.get("rid", "")
    exit_code = int(said) if EXIT_CODE.fullmatch(said) else None
    if not address or any(char.isupper() for char in address.partition("/")[2]):
        return _answer(400, "invalid url format")
    if rid and not UUID.fullmatch(rid):
        return _answer(400, "invalid uuid format")
    if exit_code is not None and exit_code <= 255:
        word = Word.FAIL if exit_code else Word.SUCCESS
    elif not said:
        word = Word.SUCCESS
    elif said in WORDS:
        word = WORDS[said]
    else:
        return _answer(400, "invalid url format")
    body = await _body(request) if request.body_exists else b""
    try:
        await heartbeats.take(address, word, rid=rid.lower(), exit_code=exit_code, body=body)
    except UnknownError:
        return _answer(404, "not found")
    return _answer(200, "OK")


def _parts(path: str) -> tuple[str, str]:
    """The address of a job and what is said behind it; an empty address if that is none."""
    first, *rest = path.split("/")
    if UUID.fullmatch(first):
        address = first.lower()
    elif KEY.fullmatch(first) and rest and rest[0]:
        address = f"{first}/{rest.pop(0)}"
    else:
        return "", ""
    if len(rest) > 1:
        return "", ""
    return address, rest[0] if rest else ""


async def _body(request: web.Request) -> bytes:
    """The beginning of the body; the rest is read and let go, so that the sender can hear us."""
    kept, read = bytearray(), 0
    try:
        async with asyncio.timeout(READ_S):
            while read < READ_LIMIT:
                piece = await request.content.readany()
                if not piece:
                    break
                read += len(piece)
                kept += piece[: max(0, BODY_LIMIT - len(kept))]
    except TimeoutError:
        pass
    return bytes(kept)


def _answer(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=HEADERS)
