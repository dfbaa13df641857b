"""``POST /api/v1/maintenance`` and its like: what a command declares while the service runs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from synthetics.accounting.declaring import ACTS, Change, as_json
from synthetics.store import StoreError
from synthetics.store.exclusions import Exclusion
from synthetics.web.admission import admit, body_of
from synthetics.web.board import Board

MOST_BYTES = 64 << 10


class Desk:
    """
    Takes declarations from commands on this machine; see `synthetics.web.admission`.

    Args:
        token: What must be shown.
        board: Knows the configuration in force.
        write: Writes a declaration, and has it counted from then on.
    """

    def __init__(
        self, token: str, board: Board, write: Callable[[Change], Awaitable[Exclusion]]
    ) -> None:
        self._token = token
        self._board = board
        self._write = write

    async def declare(self, act: str, request: web.Request) -> web.Response:
        """Do one of `synthetics.accounting.declaring.ACTS`, or say why it cannot be done."""
        admit(request, self._token)
        try:
            body = json.loads(await body_of(request, MOST_BYTES))
            change = ACTS[act](self._board.config, body, self._board.clock.now_ms())
            done = await self._write(change)
        except ValueError as error:  # not JSON, or a `NotDeclaredError`
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        return web.json_response(as_json(done))
