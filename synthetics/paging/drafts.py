"""Messages of what begins to fire: the newest bad sample, since when, and what was changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from slo.policy import Decision
from synthetics.accounting.ledger import Ledger
from synthetics.accounting.views import views
from synthetics.config.model import Config, Slo
from synthetics.paging.changes import lately
from synthetics.paging.draft import draft
from synthetics.paging.evidence import beginning, evidence, look_up, newest_bad
from synthetics.receivers.base import Changed, Message
from synthetics.sample import Sample
from synthetics.store.reader import Reader


class Drafts:
    """
    Drafts messages.

    Args:
        reader: Where the samples are looked up that a page speaks of.
        ledger: The counts.
    """

    def __init__(self, reader: Reader, ledger: Ledger) -> None:
        self._reader = reader
        self._ledger = ledger

    async def of(
        self, config: Config, fires: Sequence[tuple[Slo, Decision]], fresh: Sequence[Sample]
    ) -> list[Message]:
        """What to tell of each; looked up in the store where *fresh* samples do not show it."""
        by_probe: dict[str, list[Sample]] = {}
        for sample in fresh:
            by_probe.setdefault(sample.probe, []).append(sample)
        newest: dict[str, Sample | None] = {}
        for slo, decision in fires:
            newest[slo.id] = newest_bad(
                (sample for probe in slo.probes for sample in by_probe.get(probe, ())),
                views(config, slo),
                until_ms=decision.at_ms,
                excluded=self._ledger.excluded(slo.id),
            )
        unseen = [(slo, decision) for slo, decision in fires if newest[slo.id] is None]
        if unseen:
            newest |= await asyncio.to_thread(self._look_up, config, unseen)
        changed = await asyncio.to_thread(self._changed, config, fires)
        return [
            draft(
                config,
                slo,
                decision,
                evidence(newest[slo.id], self._since_ms(slo, decision)),
                self._ledger.standing(slo.id, decision.at_ms),
                changes=changed[slo.service],
            )
            for slo, decision in fires
        ]

    def _changed(
        self, config: Config, fires: Sequence[tuple[Slo, Decision]]
    ) -> dict[str, list[Changed]]:
        """What was changed of late, by service."""
        at_ms = {slo.service: decision.at_ms for slo, decision in fires}
        return self._reader.read(
            lambda db: {
                service: lately(db, config, service, decided_ms)
                for service, decided_ms in at_ms.items()
            }
        )

    def _since_ms(self, slo: Slo, decision: Decision) -> int | None:
        """The first bad sample of the outage, perhaps from before the tier's long window."""
        at_ms, tier = decision.at_ms, decision.tier
        history = self._ledger.history(slo.id)
        spent = tier.factor * (1 - slo.objective) * decision.long.valid

        def explains(from_ms: int) -> bool:
            counts = history(from_ms - 1, at_ms)
            down = counts.bad >= tier.min_bad and 2 * counts.failed > counts.valid
            return down or counts.failed > spent

        return beginning(
            self._ledger.down_spans(slo.id, at_ms - 2 * tier.long_ms, at_ms + 1),
            gap_ms=tier.short_ms,
            since_ms=at_ms - tier.long_ms,
            explains=explains,
        )

    def _look_up(
        self, config: Config, fires: Sequence[tuple[Slo, Decision]]
    ) -> dict[str, Sample | None]:
        series_of: dict[str, list[int]] = {}
        for one in self._reader.series():
            series_of.setdefault(one.probe, []).append(one.id)
        return {
            slo.id: look_up(
                self._reader,
                views(config, slo),
                [number for probe in slo.probes for number in series_of.get(probe, ())],
                after_ms=decision.at_ms - decision.tier.long_ms,
                until_ms=decision.at_ms,
                step_ms=decision.tier.short_ms,
                excluded=self._ledger.excluded(slo.id),
            )
            for slo, decision in fires
        }
