"""The status for programs: ``/api/v1/status``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from synthetics import __version__, words
from synthetics.config.model import Probe
from synthetics.heartbeats import standing
from synthetics.reports import blocks, policy_text, rules
from synthetics.schedule.phase import due_after_ms
from synthetics.store import silences
from synthetics.store.acknowledgements import Acknowledgement
from synthetics.store.deliveries import Owed, Refused
from synthetics.store.incidents import Incident
from synthetics.web import kept
from synthetics.web.board import Reload
from synthetics.web.status import Overview, SloStatus


def dumps(overview: Overview) -> str:
    """*overview* as JSON text."""
    return json.dumps(as_json(overview), ensure_ascii=False) + "\n"


def as_json(overview: Overview) -> dict[str, Any]:
    """*overview* as JSON values: times in ISO 8601, ratios as numbers, unknown as null."""
    board = overview.board
    return {
        "at": words.iso(overview.at_ms),
        "version": __version__,
        "location": overview.config.location,
        "phase": board.phase.value,
        "started_at": words.iso(board.started_ms),
        "reload": _reload(board.reload),
        "services": [
            {
                "id": service.id,
                "name": service.name,
                "owner": service.owner,
                "runbook": service.runbook,
                "dashboard": service.dashboard,
            }
            for service in overview.config.services.values()
        ],
        "slos": [
            {
                **slo_as_json(one),
                "accounting": policy_text.choices(one.slo, overview.config.probes),
            }
            for one in overview.slos
        ],
        "accounting": policy_text.in_words(accounting(overview)),
        "probes": _probes(overview),
        "silences": [silences.as_json(one) for one in overview.pages.silences],
        "incidents": [_incident(one, overview.pages.answers) for one in overview.pages.incidents],
        "deliveries_owed": [_owed(one) for one in overview.pages.owed],
        "deliveries_refused": [_refused(one) for one in overview.pages.refused],
        "health": _health(overview),
    }


def accounting(overview: Overview) -> list[rules.Rule]:
    """The accounting policy in force, with the SLOs where not all share a rule."""
    return rules.once(
        (one.slo.id, rules.rules_of_now(one.slo, overview.config.probes)) for one in overview.slos
    )


def slo_as_json(one: SloStatus) -> dict[str, Any]:
    """One SLO and where it stands."""
    slo, standing = one.slo, one.standing
    lasts_ms = standing.exhausted_in_ms
    return {
        "id": slo.id,
        "name": slo.name,
        "service": slo.service,
        "objective": words.decimal(slo.objective),
        "window": words.window(slo.window),
        "from": words.iso(standing.bounds.from_ms),
        "to": words.iso(standing.bounds.to_ms),
        "sli": words.machine(standing.sli),
        "coverage": words.machine(standing.coverage),
        "locations": policy_text.locations(one.reach),
        "events": {
            mark: getattr(standing.counts, mark)
            for mark in ("good", "bad", "blip", "void", "excluded")
        },
        "downtime_s": words.seconds(standing.budget.spent_ms),
        "budget": {
            "allowed_s": words.seconds(standing.budget.allowed_ms),
            "consumed": words.machine(standing.budget.consumed),
            "remaining": words.machine(standing.budget.remaining),
            "period_consumed": words.machine(standing.budget.period_consumed),
            "period_remaining": words.machine(standing.budget.period_remaining),
            "exhausted_in_s": None if lasts_ms is None else words.seconds(lasts_ms),
        },
        "burn_rate": words.machine(standing.burn),
        "firing": list(one.firing),
        "tiers": [
            {
                "name": decision.tier.name,
                "severity": decision.tier.severity,
                "factor": words.machine(decision.tier.factor),
                "long": words.exactly(decision.tier.long_ms),
                "short": words.exactly(decision.tier.short_ms),
                "burn_long": words.machine(decision.burn_long),
                "burn_short": words.machine(decision.burn_short),
                "firing": decision.tier.name in one.firing,
            }
            for decision in standing.decisions
        ],
        "budget_alerts": [
            {**blocks.budget_alert(each), "firing": each.alert.name in one.firing}
            for each in standing.budget_decisions
        ],
    }


def _reload(reload: Reload) -> dict[str, Any]:
    return {
        "successful": reload.taken,
        "at": words.iso(reload.at_ms),
        "last_success_at": words.iso(reload.taken_ms),
        "problems": reload.problems,
    }


def _probes(overview: Overview) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for probe in overview.config.probes.values():
        seen = overview.seen[probe.id]
        newest = seen.newest
        due_ms = next_ms(overview, probe)
        found.append(
            {
                "id": probe.id,
                "name": probe.name,
                "service": probe.service,
                "kind": probe.kind,
                "every_s": probe.every.total_seconds(),
                "within_s": seen.within_s,
                "next_at": None if due_ms is None else words.iso(due_ms),
                "heartbeat": standing.as_json(overview.heartbeats[probe.id])
                if probe.id in overview.heartbeats
                else None,
                "newest": None
                if newest is None
                else {
                    "at": words.iso(newest.scheduled_ms),
                    "outcome": newest.result.outcome.value,
                    "degraded": seen.degraded,
                    "confirmed": newest.confirmed.value,
                    "reason": newest.result.reason,
                    "detail": newest.result.detail,
                    "failed_step": newest.result.failed_step,
                    "duration_s": newest.result.duration_s,
                    "trace_id": newest.result.trace_id,
                    "kept": kept.links(probe, newest),
                },
            }
        )
    return found


def next_ms(overview: Overview, probe: Probe) -> int | None:
    """When *probe* is asked next, or a job is due to report; ``None`` if that is far off."""
    job = overview.heartbeats.get(probe.id)
    return due_after_ms(overview.at_ms, probe) if job is None else job.due_ms


def _incident(one: Incident, answers: Sequence[Acknowledgement]) -> dict[str, Any]:
    return {
        "id": one.id,
        "service": one.service,
        "severity": one.severity,
        "summary": one.summary,
        "since": None if one.since_ms is None else words.iso(one.since_ms),
        "opened_at": words.iso(one.opened_ms),
        "closed_at": None if one.closed_ms is None else words.iso(one.closed_ms),
        "reopened": one.reopened,
        "flapping_since": None if one.flapping_ms is None else words.iso(one.flapping_ms),
        "probe": one.probe,
        "step": one.step,
        "reason": one.reason,
        "acknowledged": [
            {
                "at": words.iso(each.at_ms),
                "author": each.author,
                "how": each.how.value,
                "note": each.note,
            }
            for each in answers
            if each.incident_id == one.id
        ],
    }


def _owed(one: Owed) -> dict[str, Any]:
    return {
        "id": one.id,
        "receiver": one.receiver,
        "severity": one.severity,
        "owed_since": words.iso(one.owed_ms),
    }


def _refused(one: Refused) -> dict[str, Any]:
    return {
        "id": one.id,
        "receiver": one.receiver,
        "event": one.event,
        "severity": one.severity,
        "refused_at": words.iso(one.finished_ms),
        "reason": one.reason,
        "detail": one.detail,
    }


def _health(overview: Overview) -> dict[str, Any]:
    health = overview.health
    return {
        "in_flight": health.in_flight,
        "in_flight_limit": health.capacity,
        "queued_samples": health.waiting + health.store.queued,
        "missed_beats": health.schedule.missed_beats,
        "clock_jumps": health.clock_jumps,
        "stored_samples": health.store.stored,
        "dropped_samples": health.store.dropped,
        "disk_full": health.store.disk_full,
        "store_bytes": health.store.file_bytes,
    }
