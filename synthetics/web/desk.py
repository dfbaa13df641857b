"""``POST /api/v1/maintenance``, ``silences`` and their like: what a command declares meanwhile."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from aiohttp import web

from synthetics.accounting import declaring
from synthetics.config.model import Config
from synthetics.paging import silencing
from synthetics.store import StoreError, silences
from synthetics.web.admission import admit, body_of
from synthetics.web.board import Board

MOST_BYTES = 64 << 10

Change = Callable[[sqlite3.Connection], dict[str, Any]]
"""Writes one declaration; what it came to, as JSON values."""


def _then(make: Callable[..., Callable[..., Any]], show: Callable[[Any], dict[str, Any]]) -> Any:
    def shown(config: Config, body: Mapping[str, Any], now_ms: int) -> Change:
        change = make(config, body, now_ms)
        return lambda db: show(change(db))

    return shown


ACTS: Mapping[str, Callable[[Config, Mapping[str, Any], int], Change]] = MappingProxyType(
    {act: _then(make, declaring.as_json) for act, make in declaring.ACTS.items()}
    | {act: _then(make, silences.as_json) for act, make in silencing.ACTS.items()}
)
"""By the end of the URL where it is handed in."""


class Desk:
    """
    Takes declarations from commands on this machine; see `synthetics.web.admission`.

    Args:
        token: What must be shown.
        board: Knows the configuration in force.
        write: Writes a declaration, and has it counted from then on.
    """

    def __init__(
        self, token: str, board: Board, write: Callable[[Change], Awaitable[dict[str, Any]]]
    ) -> None:
        self._token = token
        self._board = board
        self._write = write

    async def declare(self, act: str, request: web.Request) -> web.Response:
        """Do one of `ACTS`, or say why it cannot be done."""
        admit(request, self._token)
        try:
            body = json.loads(await body_of(request, MOST_BYTES))
            change = ACTS[act](self._board.config, body, self._board.clock.now_ms())
            done = await self._write(change)
        except ValueError as error:  # not JSON, or a `NotDeclaredError`
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        return web.json_response(done)
