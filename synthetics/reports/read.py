"""A report from a database: read once, count, hand over the value."""

from __future__ import annotations

from dataclasses import replace

from synthetics.accounting.ledger import Ledger
from synthetics.config.model import Config
from synthetics.reports.gather import Asked, gather
from synthetics.reports.incidents import troubles
from synthetics.reports.model import Report
from synthetics.store import Reader


def report(config: Config, reader: Reader, asked: Asked) -> Report:
    """What *reader* knows of the span *asked*, counted by the objectives of *config*."""
    config = replace(config, slos={slo.id: slo for slo in asked.slos(config)})
    from_ms, to_ms = asked.reach(config)
    ledger = Ledger(config)
    ledger.load(reader, to_ms - 1, from_ms)
    told = reader.read(
        lambda connection: (
            troubles(
                connection,
                config,
                ledger,
                from_ms=min(asked.period(slo).from_ms for slo in config.slos.values()),
                to_ms=to_ms,
                as_of_ms=asked.as_of_ms,
            )
            if config.slos
            else []
        )
    )
    return gather(config, asked, ledger=ledger, troubles=told, first_ms=reader.first_ms())
