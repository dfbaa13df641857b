"""A message from a decision: everything there is to say, but for the incident it will belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from slo.budget import Rate
from slo.policy import Decision, Reset
from synthetics import words
from synthetics.accounting.standing import Standing
from synthetics.config.model import Config, Service, Severity, Slo
from synthetics.language.speech import Speech, speech
from synthetics.paging.evidence import Evidence
from synthetics.paging.words import budget, burning, failed, summary
from synthetics.receivers.base import Changed, Event, Failing, Link, Message, Said

MOST_CHANGES = 3
"""A page names so many; who wants more looks them up."""


def draft(
    config: Config,
    slo: Slo,
    decision: Decision,
    found: Evidence,
    standing: Standing,
    *,
    changes: Sequence[Changed] = (),
) -> Message:
    """What to tell of a tier that begins to fire; *changes* are those of late, the newest first."""
    service = config.services[slo.service]
    probe = config.probes.get(found.probe)
    said = speech(service.language, service.zone)
    lasts_ms = standing.budget.exhausted_in_ms(decision.burn_long)
    return Message(
        id="",
        event=Event.TRIGGER,
        dedup_key="",
        incident=0,
        severity=Severity(decision.tier.severity),
        summary=summary(
            said,
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
        burn_long=number(decision.burn_long),
        burn_short=number(decision.burn_short),
        budget_left=number(standing.budget.period_remaining),
        # When the budget is gone if it goes on burning as in the long window.
        exhausted_ms=decision.at_ms + lasts_ms if lasts_ms else None,
        said=Said(
            objective=words.objective(slo.objective),
            failed=failed(said, decision.tier, decision.short, slo.event),
            burn=burning(
                said,
                decision.tier,
                decision.burn_long,
                decision.burn_short,
                on_evidence=decision.tier.wakes and slo.reset is Reset.EVIDENCE,
            ),
            budget=budget(said, standing.budget.period_remaining, lasts_ms),
        ),
        failing=_failing(said, found),
        changes=tuple(changes[:MOST_CHANGES]),
        more_changes=max(len(changes) - MOST_CHANGES, 0),
        owner=service.owner,
        language=service.language,
        zone=service.zone,
        links=links(said, service),
        url=config.public_url,
    )


def links(said: Speech, service: Service) -> tuple[Link, ...]:
    """Where to look next, what helps most first."""
    names = said.phrases.links
    named = (
        (names.runbook, service.runbook),
        (names.dashboard, service.dashboard),
        (names.guide, service.guide),
    )
    return tuple(Link(text=text, href=href) for text, href in named if href)


def _failing(said: Speech, found: Evidence) -> Failing | None:
    """The newest bad sample; of one that was only too slow, how long it took."""
    if found.failing is None or found.failing.detail:
        return found.failing
    return replace(found.failing, detail=said.took(found.took_s))


def number(rate: Rate | None) -> float | None:
    """For JSON, which knows no infinity."""
    return None if rate is None or math.isinf(rate) else float(rate)
