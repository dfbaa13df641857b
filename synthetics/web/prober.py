"""
``GET /probe``, for scrape jobs that were written for blackbox_exporter.

Whoever may ask here may have us ask anything that ``network`` lets us reach, so it is served only
where a module file was named, and never to a page of another origin.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from probes.watch import Shared, Watch
from synthetics.exporter import answer
from synthetics.exporter.modules import Module, line_of, load
from synthetics.web.board import Board, Phase

logger = logging.getLogger(__name__)

AT_ONCE = 1000
"""Most probes under way; more are refused, so that a loop of scrapes cannot fill memory."""

_OUR_PAGES = frozenset({"same-origin", "none"})


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
        """Answer one scrape, by the clock and the configuration of *board*."""
        if self.shared is None or board.phase is Phase.STOPPING:
            return web.Response(text=f"not now: {board.phase}\n", status=503)
        config = board.config
        if request.headers.get("Sec-Fetch-Site", "none") not in _OUR_PAGES:
            return web.Response(text="a page of another origin may not do this\n", status=403)
        query = request.query
        scrape_s = request.headers.get("X-Prometheus-Scrape-Timeout-Seconds", "")
        try:
            asked = answer.read(self._modules, query, scrape_s)
        except answer.Unanswerable as error:
            return web.Response(text=f"{error}\n", status=error.status)
        if self._under_way >= AT_ONCE:
            return web.Response(text=f"{AT_ONCE} probes are under way\n", status=503)
        watch = Watch(
            clock=board.clock,
            timeout_s=asked.timeout_s,
            shared=self.shared,
            mask=config.mask,
            denied=config.denied,
            allowed=config.allowed,
            source=asked.module.source,
        )
        debug = query.get("debug") == "true"
        self._under_way += 1
        try:
            text = await answer.answer(asked, watch, debug=debug)
        finally:
            self._under_way -= 1
        kind = "text/plain; charset=utf-8" if debug else answer.CONTENT_TYPE
        return web.Response(body=text.encode(), headers={"Content-Type": kind})
