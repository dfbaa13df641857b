"""The report for programs: format 1, exact as floats can be, ``null`` where nothing is known."""

from __future__ import annotations

import json
from typing import Any

from slo.budget import burn_rate
from synthetics import words
from synthetics.reports import blocks, policy_text, rules, story, strip
from synthetics.reports.model import (
    Before,
    Part,
    Report,
    ServiceReport,
    SloReport,
    State,
    Trouble,
)
from synthetics.reports.spans import Day, Period, Span


def render(report: Report) -> str:
    """*report* as one JSON object, keys in a fixed order."""
    return json.dumps(document(report), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """*report* as plain values, as ``docs/reports.md`` describes them."""
    return {
        "format": blocks.FORMAT,
        **_named(report.span),
        "timezone": report.zone.key,
        "as_of": words.iso(report.as_of_ms),
        "state": report.state.value,
        "label": report.label or None,
        "answer": story.answer(report),
        "services": [_service(report, service) for service in report.services],
        "no_objective": [
            {"service": service.id, "name": service.name, "owner": service.owner or None}
            for service in report.unpromised
        ],
        "accounting": policy_text.in_words(rules.gathered(report)),
    }


def _service(report: Report, service: ServiceReport) -> dict[str, Any]:
    return {
        "service": service.id,
        "name": service.name,
        "owner": service.owner or None,
        "met": service.met,
        "maintenance": [
            {
                "from": words.iso(window.start_ms),
                "to": words.iso(window.end_ms),
                "reason": window.reason,
                "kind": window.kind,
                "author": window.author or None,
                "declared_at": None
                if window.declared_ms is None
                else words.iso(window.declared_ms),
                "slos": list(window.slos) or None,
                "cut_short": window.cut_short or None,
            }
            for window in service.maintenance
        ],
        "slos": [_slo(report, slo) for slo in service.slos],
    }


def _slo(report: Report, slo: SloReport) -> dict[str, Any]:
    counts = slo.tally.counts
    return {
        "slo": slo.id,
        "name": slo.name,
        "probes": list(slo.probes),
        **({"step": slo.step} if slo.step else {}),
        "objective": words.decimal(slo.objective),
        "sli": words.machine(counts.sli),
        "error_ratio": words.machine(counts.error_ratio),
        "burn_rate": words.machine(burn_rate(counts, slo.objective)),
        "events": blocks.events(counts),
        "time": blocks.time(slo.tally.time),
        "budget": blocks.budget(slo.budget, exhausted_at_ms=_exhausted_at_ms(report, slo)),
        **blocks.parts(slo.sli, counts),
        "locations": policy_text.locations(slo.reach),
        "accounting": dict(slo.choices),
        "met": slo.met,
        "met_by_time": slo.met_by_time,
        "period": _period(slo.period),
        "counted_to": words.iso(slo.counted_to_ms),
        "incidents": [_incident(trouble) for trouble in slo.incidents],
        f"{slo.parts[0].span.NOUN}s": [_part(slo, part) for part in slo.parts],
        f"{slo.span.NOUN}s_before": [_before(past, slo) for past in slo.before],
    }


def _exhausted_at_ms(report: Report, slo: SloReport) -> int | None:
    """When the budget ends at this rate, if that is before the span does."""
    if report.state is not State.UNFINISHED:
        return None
    lasts_ms = slo.budget.exhausted_in_ms(burn_rate(slo.tally.counts, slo.objective))
    if lasts_ms is None or slo.counted_to_ms + lasts_ms >= slo.period.to_ms:
        return None
    return slo.counted_to_ms + lasts_ms


def _period(period: Period) -> dict[str, Any]:
    return {
        "timezone": period.zone.key,
        "from": words.iso(period.from_ms),
        "to": words.iso(period.to_ms),
        "length_s": words.seconds(period.length_ms),
    }


def _incident(trouble: Trouble) -> dict[str, Any]:
    end = trouble.end_ms
    return {
        "id": trouble.id,
        "severity": trouble.severity,
        "slos": list(trouble.slos),
        "start": words.iso(trouble.start_ms),
        "end": None if end is None else words.iso(end),
        "duration_s": None if end is None else words.seconds(end - trouble.start_ms),
        "closed": None if trouble.closed_ms is None else words.iso(trouble.closed_ms),
        "down_s": words.seconds(trouble.down_ms),
        "detected_after_s": words.seconds(trouble.detected_ms - trouble.start_ms),
        "probe": trouble.probe or None,
        "step": trouble.step or None,
        "reason": trouble.reason or None,
    }


def _named(span: Span) -> dict[str, str]:
    return {"date" if isinstance(span, Day) else span.NOUN: str(span)}


def _part(slo: SloReport, part: Part) -> dict[str, Any]:
    tally, left = part.tally, slo.budget_after(part)
    return {
        **_named(part.span),
        "state": strip.look(part, slo.objective).slug,
        "sli": words.machine(tally.counts.sli) if tally else None,
        "events": blocks.events(tally.counts) if tally else None,
        "time": blocks.time(tally.time) if tally else None,
        "budget_remaining": words.machine(left.remaining) if left else None,
        "budget_period_remaining": words.machine(left.period_remaining) if left else None,
    }


def _before(past: Before, slo: SloReport) -> dict[str, Any]:
    counts = past.tally.counts
    return {
        **_named(past.span),
        "sli": words.machine(counts.sli),
        "met": past.tally.met(slo.objective),
        "events": blocks.events(counts) if past.tally.kept else None,
        "time": blocks.time(past.tally.time) if past.tally.kept else None,
        "budget_consumed": words.machine(past.tally.consumed(slo.objective)),
    }
