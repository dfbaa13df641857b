"""Incidents as reports tell them: as known at one instant, and over when users were well again."""

from __future__ import annotations

import sqlite3
from typing import Final

from slo.budget_alerts import Kind
from slo.spans import Spans
from synthetics.accounting.ledger import Ledger
from synthetics.config.model import Config
from synthetics.reports.model import Trouble
from synthetics.store import incidents

OF_BUDGETS: Final = frozenset(kind.value for kind in Kind)


def troubles(
    connection: sqlite3.Connection,
    config: Config,
    ledger: Ledger,
    *,
    from_ms: int,
    to_ms: int,
    as_of_ms: int,
) -> list[tuple[str, Trouble]]:
    """
    Incidents of ``[from_ms, to_ms)``, each with its service, in order of their beginning.

    What was detected or resolved after *as_of_ms* was not known then and is not told.
    """
    found = []
    for incident in incidents.between(connection, from_ms, to_ms):
        if incident.opened_ms > as_of_ms:
            continue
        alerts = incidents.alerts_of(connection, incident.id)
        if alerts and all(alert.tier in OF_BUDGETS for alert in alerts):
            continue  # what a budget is, the report says by itself
        slos = dict.fromkeys(alert.slo for alert in alerts if alert.fired_ms <= as_of_ms)
        start_ms = incident.opened_ms if incident.since_ms is None else incident.since_ms
        closed_ms = incident.closed_ms
        if closed_ms is not None and closed_ms > as_of_ms:
            closed_ms = None
        seen_to_ms = as_of_ms if closed_ms is None else closed_ms
        down = Spans.of(
            pair
            for slo in slos
            if slo in config.slos
            for pair in ledger.down_spans(slo, start_ms, seen_to_ms)
        )
        end_ms = closed_ms
        if closed_ms is not None and down:
            # An alert resolves only after some good time, which was no outage any more.
            *_, (_, end_ms) = down
        trouble = Trouble(
            id=incident.dedup_key,
            severity=incident.severity,
            slos=tuple(slos),
            start_ms=start_ms,
            detected_ms=incident.opened_ms,
            end_ms=end_ms,
            closed_ms=closed_ms,
            down_ms=down.length_ms(start_ms, seen_to_ms),
            probe=incident.probe,
            step=incident.step,
            reason=incident.reason,
        )
        found.append((incident.service, trouble))
    return sorted(found, key=lambda each: each[1].start_ms)
