"""
``GET /probe``, for scrape jobs that were written for blackbox_exporter.

Whoever may ask here may have us ask anything that ``network`` lets us reach, so it is served only
where a module file was named, and never to a page of another origin.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from probes.watch import Shared, Watch
from synthetics.exporter import answer
from synthetics.exporter.modules import Module, line_of, load
from synthetics.web.board import Board, Phase

logger = logging.getLogger(__name__)

PLAIN = "text/plain; charset=utf-8"
AT_ONCE = 1000
"""Most probes under way; more are refused, so that a loop of scrapes cannot fill memory."""

_OUR_PAGES = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True, eq=False)
class Scrape:
    """
    What came with a request for ``/probe``.

    Attributes:
        query: Parameters of its URL.
        limit: What Prometheus says that it waits for; empty if it does not.
        site: Where a browser says that the page which asks comes from; ``none`` without a page.
    """

    query: Mapping[str, str]
    limit: str
    site: str


class Said(NamedTuple):
    """What is answered: status, text, and its ``Content-Type``."""

    status: int
    text: str
    kind: str = PLAIN

    @property
    def body(self) -> bytes:
        """The text as it is sent."""
        return self.text.encode("utf-8", "backslashreplace")


class Prober:
    """
    Answers scrapes.

    Args:
        file: The module file; ``None`` where ``/probe`` is not served.

    Attributes:
        served: Whether it is.
        shared: What probes share; ``None`` before there is any.

    Raises:
        ConfigError: The file cannot be taken.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._under_way = 0
        self.served = file is not None
        self.shared: Shared | None = None
        self.use(self.read())

    def read(self) -> Mapping[str, Module]:
        """
        The modules as they are in the file now, for `use`.

        Raises:
            ConfigError: It cannot be taken.
        """
        return {} if self._file is None else load(self._file)

    def use(self, modules: Mapping[str, Module]) -> None:
        """Go by *modules* from now on; which of them cannot be asked is logged."""
        self._modules = modules
        for name, module in modules.items():
            if module.cannot and self._file is not None:
                why = "; ".join(module.cannot)
                place = f"{self._file}:{line_of(self._file, name)}"
                extra = {"action": "module_cannot", "probe_module": name}
                logger.warning("%s: module %s cannot be asked: %s", place, name, why, extra=extra)

    async def get(self, board: Board, request: web.Request) -> web.Response:
        """Answer one scrape that came by the application."""
        scrape = Scrape(
            query=request.query,
            limit=request.headers.get("X-Prometheus-Scrape-Timeout-Seconds", ""),
            site=request.headers.get("Sec-Fetch-Site", "none"),
        )
        said = await self.answer(board, scrape)
        headers = {"Content-Type": said.kind}
        return web.Response(status=said.status, body=said.body, headers=headers)

    async def answer(self, board: Board, scrape: Scrape) -> Said:
        """Answer one scrape, by the clock and the configuration of *board*."""
        if self.shared is None or board.phase is Phase.STOPPING:
            return Said(503, f"not now: {board.phase}\n")
        if scrape.site not in _OUR_PAGES:
            return Said(403, "a page of another origin may not do this\n")
        try:
            asked = answer.read(self._modules, scrape.query, scrape.limit)
        except answer.Unanswerable as error:
            return Said(error.status, f"{error}\n")
        if self._under_way >= AT_ONCE:
            return Said(503, f"{AT_ONCE} probes are under way\n")
        config = board.config
        watch = Watch(
            clock=board.clock,
            timeout_s=asked.timeout_s,
            shared=self.shared,
            mask=config.mask,
            denied=config.denied,
            allowed=config.allowed,
            source=asked.module.source,
        )
        debug = scrape.query.get("debug") == "true"
        self._under_way += 1
        try:
            text = await answer.answer(asked, watch, debug=debug)
        finally:
            self._under_way -= 1
        return Said(200, text) if debug else Said(200, text, answer.CONTENT_TYPE)
