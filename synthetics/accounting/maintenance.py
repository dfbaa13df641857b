"""Times that do not count, by SLO (R2): what was declared, and when its probes are not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from slo.spans import Spans
from synthetics.clock import millis
from synthetics.config.model import Composite, Config, Slo
from synthetics.oncall.hours import When
from synthetics.store.exclusions import Exclusion

AHEAD_MS = timedelta(days=400) // timedelta(milliseconds=1)
"""How far ahead of the present the hours of probes are worked out."""

SOON_MS = timedelta(days=100) // timedelta(milliseconds=1)
"""They are worked out anew when no more than this is left."""


class Aside:
    """
    What does not count, kept for all SLOs of a configuration.

    Knows no clock: `reach` says for what time the hours of probes are needed.

    Args:
        config: What the file says.

    Attributes:
        declared: All that commands have declared, also what was taken back.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self.declared: tuple[Exclusion, ...] = ()
        self._from_ms = self._to_ms = 0
        self._by_slo: Mapping[str, Spans] = {}

    def adopt(self, config: Config) -> None:
        """Go by another configuration."""
        self._config = config
        self._work_out()

    def declare(self, exclusions: Sequence[Exclusion]) -> None:
        """Go by *exclusions*."""
        self.declared = tuple(exclusions)
        self._work_out()

    def reach(self, from_ms: int, at_ms: int) -> None:
        """Know all from *from_ms* on until long after *at_ms*, and what was known before."""
        if self._to_ms == 0:
            self._from_ms = from_ms
        elif from_ms >= self._from_ms and at_ms + SOON_MS <= self._to_ms:
            return
        self._from_ms = min(self._from_ms, from_ms)
        self._to_ms = max(self._to_ms, at_ms + AHEAD_MS)
        self._work_out()

    def of(self, slo: str) -> Spans:
        """What does not count for an SLO, cut outward to whole minutes."""
        return self._by_slo[slo]

    def _work_out(self) -> None:
        """For each SLO all that concerns it; SLOs of a service share most of it."""
        config, closed = self._config, Closed(self._from_ms, self._to_ms)
        of_some = [each for each in self.declared if each.slos]
        of_services = {
            service: Spans.minutes_outward(
                [
                    *(
                        (millis(each.start), millis(each.end))
                        for each in config.maintenance
                        if not each.services or service in each.services
                    ),
                    *(
                        (each.from_ms, each.end_ms)
                        for each in self.declared
                        if each.concerns(slo="", service=service)
                    ),
                ]
            )
            for service in config.services
        }
        found = {}
        for slo in config.slos.values():
            own = Spans.minutes_outward(
                (each.from_ms, each.end_ms) for each in of_some if slo.id in each.slos
            )
            found[slo.id] = (
                of_services[slo.service].union(own).union(closed.of(only_of(config, slo)))
            )
        self._by_slo = found


class Closed:
    """When probes are not asked in ``[from_ms, to_ms)``; the same hours are worked out once."""

    def __init__(self, from_ms: int, to_ms: int) -> None:
        self._from_ms, self._to_ms = from_ms, to_ms
        self._known: dict[object, Spans] = {}

    def of(self, only: When | None) -> Spans:
        """Outside of *only*, cut outward to whole minutes."""
        if only is None or self._from_ms >= self._to_ms:
            return Spans.EMPTY
        hours = only.hours
        key = hours.zone.key, tuple(sorted(hours.weekly.items())), hours.holidays, only.outside
        if key not in self._known:
            asked = only.spans(self._from_ms, self._to_ms)
            self._known[key] = Spans.minutes_outward(asked.complement(self._from_ms, self._to_ms))
        return self._known[key]


def only_of(config: Config, slo: Slo) -> When | None:
    """When the probes of *slo* are asked: they have it in common, but for those of a composite."""
    return None if isinstance(slo.sli, Composite) else config.probes[slo.probes[0]].only
