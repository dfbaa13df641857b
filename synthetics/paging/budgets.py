"""
What is told of a budget that is low, spent or about to be.

Such an alert lasts as long as the window does, so it has an incident of its own: as a part of an
outage's it would keep that open for weeks, and whoever had been paged for the first outage of a
month would not be for the next one.
"""

from __future__ import annotations

from slo.budget import burn_rate
from slo.budget_alerts import BudgetDecision, Kind
from synthetics import words
from synthetics.accounting.ledger import Ledger
from synthetics.config.model import Config, Severity, Slo
from synthetics.language.speech import speech
from synthetics.paging.draft import links, number
from synthetics.paging.settle import Fired
from synthetics.paging.words import budget
from synthetics.receivers.base import Event, Message, Said
from synthetics.receivers.text import shorten

_MOST = 30


def fired(config: Config, ledger: Ledger, slo: Slo, decision: BudgetDecision) -> Fired:
    """What to tell of an alert about the budget of *slo* that begins to fire."""
    alert = decision.alert
    return Fired(_draft(config, ledger, slo, decision), topic=f"{alert.name}/{slo.id}")


def _draft(config: Config, ledger: Ledger, slo: Slo, decision: BudgetDecision) -> Message:
    service = config.services[slo.service]
    said = speech(service.language, service.zone)
    alert, at_ms = decision.alert, decision.at_ms
    pace = lasts_ms = None
    if alert.kind is Kind.FORECAST:
        pace = burn_rate(ledger.counts(slo.id, at_ms - alert.over_ms, at_ms), slo.objective)
    if pace and decision.left:
        lasts_ms = int(decision.left * slo.window.bounds(at_ms).length_ms / pace)
    left = budget(said, decision.left, lasts_ms)
    return Message(
        id="",
        event=Event.TRIGGER,
        dedup_key="",
        incident=0,
        severity=Severity(alert.severity),
        summary=said.phrases.budgets[alert.name].format(
            service=shorten(service.name, _MOST), what=shorten(slo.id, _MOST), left=left
        ),
        location=config.location,
        service=service.id,
        service_name=service.name,
        slo=slo.id,
        tier=alert.name,
        detected_ms=at_ms,
        objective=float(slo.objective),
        burn_long=number(pace),
        budget_left=number(decision.left),
        exhausted_ms=at_ms + lasts_ms if lasts_ms else None,
        said=Said(objective=words.objective(slo.objective), budget=left),
        owner=service.owner,
        language=service.language,
        zone=service.zone,
        links=links(said, service),
        url=config.public_url,
    )
