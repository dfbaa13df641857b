"""A backtest, for programs and for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from slo.budget import Rate
from slo.budget_leaps import BudgetFiring
from slo.replay import Firing
from slo.window import DAY_MS
from synthetics import words
from synthetics.reports import blocks, columns, policy_text
from synthetics.reports.backtest import Backtest, Told, Verdict

CELLS = 80
UTC = ZoneInfo("UTC")
WEEK_MS = 7 * DAY_MS
MOST_OUTAGES = 20


def render(found: Backtest, shape: str) -> str:
    """*found* as ``text`` or ``json``."""
    if shape == "json":
        return json.dumps(document(found), ensure_ascii=False, indent=2) + "\n"
    return "\n".join(_lines(found)) + "\n"


def document(found: Backtest) -> dict[str, Any]:
    """As ``docs/slo.md`` describes it; of two policies each stands below ``policies``."""
    first = found.verdicts[0]
    return {
        "format": blocks.FORMAT,
        "slo": found.past.slo.id,
        "from": words.iso(found.from_ms),
        "to": words.iso(found.to_ms),
        "accounting": policy_text.of_slo(found.past.slo, found.past.probes),
        **_fired(first),
        "outages": [
            {
                "from": words.iso(outage.from_ms),
                "to": words.iso(outage.to_ms),
                "down_s": words.seconds(outage.down_ms),
            }
            for outage in found.outages
        ],
        "policies": [
            {
                "policy": verdict.name,
                "accounting": policy_text.of_slo(verdict.slo, found.past.probes),
                **_fired(verdict),
                "per_week": {
                    severity: words.machine(_per_week(found, verdict, severity))
                    for severity in verdict.severities
                },
                "told": [_told(found, told) for told in verdict.told],
            }
            for verdict in found.verdicts
        ],
    }


def _fired(verdict: Verdict) -> dict[str, Any]:
    return {
        "alerts": [
            {"tier": alert.tier, "severity": alert.severity, **_when(alert)}
            for alert in verdict.alerts
        ],
        "by_severity": {
            severity: [_when(each.firing) for each in verdict.of(severity)]
            for severity in verdict.severities
        },
        "budget_alerts": [
            {"alert": each.alert.name, "severity": each.alert.severity, **_when(each)}
            for each in verdict.of_budget
        ],
    }


def _when(firing: Firing | BudgetFiring) -> dict[str, Any]:
    end = firing.resolved_ms
    return {
        "fired_at": words.iso(firing.fired_ms),
        "resolved_at": None if end is None else words.iso(end),
    }


def _told(found: Backtest, told: Told) -> dict[str, Any]:
    detected, reset = _delays(found, told)
    return {
        "severity": told.severity,
        **_when(told.firing),
        "outage": told.outage,
        "detection_s": None if detected is None else words.seconds(detected),
        "reset_s": None if reset is None else words.seconds(reset),
        "budget_remaining": words.machine(told.budget.remaining),
        "budget_period_remaining": words.machine(told.budget.period_remaining),
    }


def _delays(found: Backtest, told: Told) -> tuple[int | None, int | None]:
    """How long after its outage began it was told, and how long after its end it resolved."""
    if told.outage is None:
        return None, None
    first, resolved_ms = found.outages[told.outage], told.firing.resolved_ms
    if resolved_ms is None:
        return told.firing.fired_ms - first.from_ms, None
    last = max(outage.to_ms for outage in found.outages if outage.from_ms < resolved_ms)
    return told.firing.fired_ms - first.from_ms, max(resolved_ms - last, 0)


def _per_week(found: Backtest, verdict: Verdict, severity: str) -> Fraction | None:
    length_ms = found.to_ms - found.from_ms
    return Fraction(len(verdict.of(severity)) * WEEK_MS, length_ms) if length_ms else None


def _lines(found: Backtest) -> Iterator[str]:
    slo = found.past.slo
    yield columns.clip(slo.id if slo.name == slo.id else f"{slo.name} ({slo.id})", CELLS)
    yield "═" * CELLS
    yield words.span(found.from_ms, found.to_ms, UTC)
    seen = words.many(len(found.outages), "outage")
    down = sum(outage.down_ms for outage in found.outages)
    yield f"{seen} in the samples, down {words.lost(down)} in all" if down else f"{seen} seen"
    yield ""
    rows = [("policy", "tiers", *(_heads(found)))]
    for verdict in found.verdicts:
        counted = []
        for severity in _severities(found):
            told = verdict.of(severity)
            rate = _per_week(found, verdict, severity)
            shorter = found.to_ms - found.from_ms < WEEK_MS
            counted += [words.count(len(told)), "–" if shorter else f"{float(rate or 0):.1f}"]
        noticed = {told.outage for told in verdict.told if told.outage is not None}
        rows.append(
            (
                verdict.name,
                ", ".join(tier.name for tier in verdict.policy.tiers) or "none",
                *counted,
                f"{len(noticed)} of {len(found.outages)}",
            )
        )
    numbers = frozenset(range(2, len(rows[0])))
    yield from columns.table(rows, numbers=numbers, cells=CELLS)
    for verdict in found.verdicts:
        yield ""
        yield from _story(found, verdict)
    yield from _unnoticed(found)


def _severities(found: Backtest) -> list[str]:
    return list(dict.fromkeys(s for verdict in found.verdicts for s in verdict.severities))


def _heads(found: Backtest) -> list[str]:
    heads = [head for severity in _severities(found) for head in (f"{severity}s", "a week")]
    return [*heads, "noticed"]


def _story(found: Backtest, verdict: Verdict) -> Iterator[str]:
    yield columns.clip(verdict.name, CELLS)
    yield "─" * CELLS
    for each in verdict.of_budget:
        yield _of_budget(each)
    if not verdict.told:
        yield "  no tier fired" if verdict.of_budget else "  nothing fired"
        return
    rows = [("", "fired", "for", "found in", "reset in", "budget", "tiers")]
    for told in verdict.told:
        detected, reset = _delays(found, told)
        end = told.firing.resolved_ms
        tiers = dict.fromkeys(
            alert.tier
            for alert in verdict.alerts
            if alert.severity == told.severity
            and told.firing.fired_ms <= alert.fired_ms
            and (end is None or alert.fired_ms < end)
        )
        rows.append(
            (
                told.severity,
                words.iso(told.firing.fired_ms).replace("T", " ").removesuffix(":00Z"),
                "not over" if end is None else words.about(end - told.firing.fired_ms),
                "no outage" if detected is None else words.about(detected),
                "–" if reset is None else words.about(reset),
                _left(told.budget.period_remaining),
                ", ".join(tiers),
            )
        )
    for line in columns.table(rows, numbers=frozenset({2, 3, 4, 5}), cells=CELLS - 2):
        yield f"  {line}"


def _of_budget(firing: BudgetFiring) -> str:
    """``budget-exhausted, a ticket: from 2026-10-21 10:45 for 30d``."""
    when = words.iso(firing.fired_ms).replace("T", " ").removesuffix(":00Z")
    end_ms = firing.resolved_ms
    lasted = "not over" if end_ms is None else f"for {words.about(end_ms - firing.fired_ms)}"
    return f"  {firing.alert.name}, a {firing.alert.severity}: from {when}, {lasted}"


def _left(left: Rate | None) -> str:
    if left is None:
        return words.UNKNOWN
    if isinstance(left, float):
        return "none"
    return "overspent" if left < 0 else words.covered(left)


def _unnoticed(found: Backtest) -> Iterator[str]:
    """The longest outages that no policy told of."""
    noticed = {told.outage for verdict in found.verdicts for told in verdict.told}
    missed = [
        (outage.down_ms, number, outage)
        for number, outage in enumerate(found.outages)
        if number not in noticed
    ]
    if not missed:
        return
    yield ""
    longest = sorted(missed, reverse=True)[:MOST_OUTAGES]
    yield f"Told by no policy: {words.many(len(missed), 'outage')}" + (
        f", the {MOST_OUTAGES} longest" if len(missed) > MOST_OUTAGES else ""
    )
    yield "─" * CELLS
    for down_ms, _, outage in sorted(longest, key=lambda each: each[1]):
        when = words.iso(outage.from_ms).replace("T", " ").removesuffix(":00Z")
        yield f"  {when}  down {words.lost(down_ms)}"
