"""Low coverage: an SLO of whose time too little is known to trust its numbers (R11)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction

from synthetics import words
from synthetics.accounting.ledger import Ledger
from synthetics.config.model import Config
from synthetics.language.speech import speech
from synthetics.paging.watch import Condition

HOUR_MS = 3_600_000
MINUTE_MS = 60_000

AT_ONCE = 50
"""SLOs that are looked at before the event loop gets a turn."""

_MS = timedelta(milliseconds=1)


class CoverageWatch:
    """
    Watches what is known of each SLO, once a minute.

    Args:
        ledger: The counts.
        books: Held while the ledger is written or replaced.
    """

    tier = "low-coverage"

    def __init__(self, ledger: Ledger, books: asyncio.Lock) -> None:
        self._ledger = ledger
        self._books = books
        self._minute: int | None = None
        self._low: frozenset[str] = frozenset()

    async def look(self, config: Config, at_ms: int) -> Mapping[str, Condition] | None:
        """See `Watcher`."""
        if at_ms // MINUTE_MS == self._minute:
            return None
        self._minute = at_ms // MINUTE_MS
        found = {}
        async with self._books:
            for number, slo in enumerate(config.slos.values(), 1):
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
                condition = self._judge(config, slo.id, at_ms)
                if condition is not None:
                    found[slo.id] = condition
        self._low = frozenset(found)
        return found

    def _judge(self, config: Config, slo: str, at_ms: int) -> Condition | None:
        settings = config.watch.coverage
        first_ms = self._ledger.first_ms(slo)
        if first_ms is None:
            return None  # nothing was ever known; that is `no-samples`
        over_ms = settings.over // _MS
        from_ms = max(at_ms - over_ms, first_ms)
        if at_ms - from_ms < min(HOUR_MS, over_ms):
            return None
        coverage = self._ledger.time(slo, from_ms, at_ms).coverage
        # To end it takes a little more than to begin, so that the edge itself is quiet.
        least = settings.below
        if slo in self._low:
            least += (1 - settings.below) / 10
        if coverage is None or coverage >= least:
            return None
        said = speech(config.language, config.zone)
        return Condition(
            severity=settings.severity,
            summary=said.phrases.watch.low_coverage.format(
                slo=config.slos[slo].name,
                share=words.covered(coverage),
                time=said.exactly(at_ms - from_ms),
                least=_percent(settings.below),
            ),
            reason="low-coverage",
            topic=self.tier,
        )


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g}%"
