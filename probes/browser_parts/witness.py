"""Looks at a failed run before its window closes, and keeps what may be kept."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import Error

from probes.browser_parts import kept
from probes.browser_parts.keep import Keep
from probes.browser_parts.way import Way
from probes.browser_parts.window import Window
from probes.net.trip import Trouble, Unmet
from probes.result import Evidence
from probes.url import to_show
from probes.watch import Watch

if TYPE_CHECKING:
    from playwright.async_api import Locator

_BODY = 2048
_READING_S = 0.5
_SHORTEST_TRACE_S = 0.5


class Witness:
    """
    Args:
        watch: The frame of the run; nothing here goes beyond its limit.
        window: What is looked at.
        way: Knows whom it could not reach.
        keep: Where files go; ``None`` keeps none.
    """

    def __init__(self, watch: Watch, window: Window, way: Way, keep: Keep | None) -> None:
        self._watch = watch
        self._window = window
        self._way = way
        self._settings = keep
        self._kept: list[Path] = []
        self._not_kept = ""

    async def tell(self, trouble: Trouble, secret_fields: Sequence[Locator]) -> Evidence:
        """
        What a run that ended by *trouble* looked like.

        Args:
            trouble: Why it ended.
            secret_fields: What a screenshot must not show.
        """
        watch, window = self._watch, self._window
        gone = window.crashed or window.page.is_closed()
        if not gone:
            await self._stop_loading()
        if self._settings is not None:
            if not gone:
                await self.picture(secret_fields)
            await self._record(self._settings)
        lines = list(window.lines)
        lines += [f"network: {why.detail}" for why in self._way.troubles.values()]
        lines += [f"kept in {path.parent}:" for path in self._kept[:1]]
        lines += [f"  {path.name}" for path in self._kept]
        lines += [self._not_kept] if self._not_kept else []
        if not gone:
            lines += ["", await self._text()]
        unmet = trouble if isinstance(trouble, Unmet) else None
        return Evidence(
            request=watch.one_line(f"GET {to_show(window.page.url)}"),
            body=watch.mask("\n".join(lines).strip())[:_BODY],
            expected=watch.one_line(unmet.expected) if unmet else "",
            actual=watch.one_line(unmet.actual) if unmet else "",
        )

    async def picture(self, secret_fields: Sequence[Locator], suffix: str = "") -> None:
        """Keep a screenshot, if files are kept; a page that does not answer in time has none."""
        if self._settings is None:
            return
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(self._watch.remaining_s()):
                picture = await self._window.page.screenshot(mask=secret_fields, timeout=0)
                await self._keep(self._settings, f"{suffix}.png", picture)

    async def _record(self, keep: Keep) -> None:
        """Keep what was asked, and the trace if there is one."""
        mask = self._watch.mask
        await self._keep(keep, ".har", kept.har(self._window.entries, mask))
        if not keep.trace or self._watch.remaining_s() < _SHORTEST_TRACE_S:
            return
        with (
            contextlib.suppress(Error, TimeoutError, OSError),
            tempfile.TemporaryDirectory() as folder,
        ):
            recorded = Path(folder) / "trace.zip"
            async with asyncio.timeout(self._watch.remaining_s()):
                await self._window.context.tracing.stop(path=recorded)
                await asyncio.to_thread(kept.clean_trace, recorded, mask)
                await self._keep(keep, ".zip", recorded.read_bytes())

    async def _keep(self, keep: Keep, ending: str, content: bytes) -> None:
        name = f"{kept.stem(self._watch)}{ending}"
        try:
            self._kept.append(await asyncio.to_thread(kept.write, keep, name, content))
        except OSError as error:
            self._not_kept = f"not kept: {keep.folder}: {error.strerror}"

    async def _stop_loading(self) -> None:
        """A page that is on its way elsewhere does not answer before it is there."""
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(min(_READING_S, self._watch.remaining_s())):
                session = await self._window.context.new_cdp_session(self._window.page)
                await session.send("Page.stopLoading")
                await session.detach()

    async def _text(self) -> str:
        """The beginning of what the page says; nothing if it does not answer."""
        read = f"() => (document.body?.innerText ?? '').slice(0, {_BODY})"
        try:
            async with asyncio.timeout(min(_READING_S, self._watch.remaining_s())):
                return str(await self._window.page.evaluate(read))
        except (Error, TimeoutError):
            self._window.hangs = True
            return ""
