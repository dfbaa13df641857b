"""How a page felt: web vitals, as the browser itself measured them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from probes.result import Vitals

if TYPE_CHECKING:
    from playwright.async_api import Page

READING_S = 1.0
"""Longest that a page is asked; one that is too busy to answer has none."""

# Layout shifts count as web.dev/articles/cls has it: those within a second of each other, at most
# five seconds of them, are one session, and the worst session is the score.
_READ: Final = """async (settle) => {
  const entries = (type) => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({type, buffered: true});
    return observer.takeRecords();
  };
  const painted = () => entries('largest-contentful-paint').at(-1);
  const until = performance.now() + settle;
  while (!painted() && performance.now() < until) {
    await new Promise((done) => setTimeout(done, 20));
  }
  let cls = 0, session = 0, first = 0, last = 0;
  for (const shift of entries('layout-shift')) {
    if (shift.hadRecentInput) continue;
    if (shift.startTime - last > 1000 || shift.startTime - first > 5000) {
      session = 0;
      first = shift.startTime;
    }
    last = shift.startTime;
    session += shift.value;
    cls = Math.max(cls, session);
  }
  const [page] = performance.getEntriesByType('navigation');
  const [fcp] = performance.getEntriesByName('first-contentful-paint');
  return {
    page: String(performance.timeOrigin), lcp: painted()?.startTime, fcp: fcp?.startTime,
    ttfb: page?.responseStart || undefined, cls,
  };
}"""


class Felt:
    """The vitals of the pages of one run, and the worst of them."""

    def __init__(self) -> None:
        self._pages: dict[str, Vitals] = {}

    async def read(self, page: Page, *, settle: bool) -> Vitals | None:
        """
        What there is of *page* by now; ``None`` if it does not say.

        Args:
            page: Where we are.
            settle: Whether it has just come, so that its largest paint may not be over.
        """
        from playwright.async_api import Error

        try:
            async with asyncio.timeout(READING_S):
                seen = await page.evaluate(_READ, 250 if settle else 0)
        except (Error, TimeoutError):
            return None
        if not isinstance(seen, Mapping):
            return None
        vitals = Vitals(
            lcp_s=_seconds(seen.get("lcp")),
            fcp_s=_seconds(seen.get("fcp")),
            ttfb_s=_seconds(seen.get("ttfb")),
            cls=_number(seen.get("cls")),
        )
        if page.url.startswith("http"):
            self._pages[str(seen.get("page"))] = vitals
        return vitals

    def worst(self) -> Vitals | None:
        """The worst of each, over all pages."""
        if not self._pages:
            return None

        def most(name: str) -> float | None:
            known = [getattr(page, name) for page in self._pages.values()]
            return max((each for each in known if each is not None), default=None)

        return Vitals(
            lcp_s=most("lcp_s"), fcp_s=most("fcp_s"), ttfb_s=most("ttfb_s"), cls=most("cls")
        )


def _number(value: Any) -> float | None:
    """*value*, which a page may have made up."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def _seconds(value: Any) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000
