"""Declared times that do not count, by SLO (R2): what the file says and what commands said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slo.spans import Spans
from synthetics.clock import millis
from synthetics.config.model import Config
from synthetics.store.exclusions import Exclusion


def excluded_by_slo(config: Config, declared: Sequence[Exclusion]) -> Mapping[str, Spans]:
    """For each SLO all that concerns it, cut outward to minutes; SLOs of a service share it."""
    of_some = [each for each in declared if each.slos]
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
                    for each in declared
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
        found[slo.id] = of_services[slo.service].union(own)
    return found
