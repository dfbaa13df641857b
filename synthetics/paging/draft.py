"""A message from a decision: everything there is to say, but for the incident it will belong to."""

from __future__ import annotations

import math

from slo.budget import Rate
from slo.policy import Decision
from synthetics import words
from synthetics.accounting.standing import Standing
from synthetics.config.model import Config, Service, Severity, Slo
from synthetics.paging.evidence import Evidence
from synthetics.paging.words import budget, burning, summary
from synthetics.receivers.base import Event, Link, Message, Said


def draft(
    config: Config, slo: Slo, decision: Decision, found: Evidence, standing: Standing
) -> Message:
    """What to tell of a tier that begins to fire."""
    service = config.services[slo.service]
    probe = config.probes.get(found.probe)
    lasts_ms = standing.budget.exhausted_in_ms(decision.burn_long)
    return Message(
        id="",
        event=Event.TRIGGER,
        dedup_key="",
        incident=0,
        severity=Severity(decision.tier.severity),
        summary=summary(
            service=service.name,
            slo=slo,
            probe=probe.name if probe else found.probe,
            step=found.step,
            reason=found.reason,
            status=found.status,
            since_ms=found.since_ms,
            at_ms=decision.at_ms,
        ),
        location=found.location or config.location,
        service=service.id,
        service_name=service.name,
        slo=slo.id,
        tier=decision.tier.name,
        probe=found.probe,
        step=found.step,
        reason=found.reason or ("slow" if found.probe else ""),
        detected_ms=decision.at_ms,
        since_ms=found.since_ms,
        objective=float(slo.objective),
        burn_long=_number(decision.burn_long),
        burn_short=_number(decision.burn_short),
        budget_left=_number(standing.budget.remaining),
        # When the budget is gone if it goes on burning as in the long window.
        exhausted_ms=decision.at_ms + lasts_ms if lasts_ms else None,
        said=Said(
            objective=words.objective(slo.objective),
            burn=burning(decision.tier, decision.burn_long, decision.burn_short),
            budget=budget(standing.budget.remaining, lasts_ms),
        ),
        failing=found.failing,
        links=_links(service),
        url=config.public_url,
    )


def _links(service: Service) -> tuple[Link, ...]:
    named = (("Runbook", service.runbook), ("Dashboard", service.dashboard))
    return tuple(Link(text=text, href=href) for text, href in named if href)


def _number(rate: Rate | None) -> float | None:
    """For JSON, which knows no infinity."""
    return None if rate is None or math.isinf(rate) else float(rate)
