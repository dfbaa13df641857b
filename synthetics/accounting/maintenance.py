"""Declared times that do not count, by service (R2)."""

from __future__ import annotations

from slo.spans import Spans
from synthetics.clock import millis
from synthetics.config.model import Config


def excluded_by_service(config: Config) -> dict[str, Spans]:
    """For each service the maintenance that names it or names none, cut outward to minutes."""
    return {
        service: Spans.minutes_outward(
            (millis(each.start), millis(each.end))
            for each in config.maintenance
            if not each.services or service in each.services
        )
        for service in config.services
    }
