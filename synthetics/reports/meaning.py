"""What an SLO and its alert policy mean in numbers, for programs and for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from slo.budget_alerts import BudgetAlert, BudgetWatch, Kind
from slo.steady import binding, needed, steady_ratio
from synthetics import words
from synthetics.config.explain import SloMeaning, TierMeaning
from synthetics.config.model import Probe
from synthetics.reports import blocks, columns, policy_text, rules

CELLS = 80


def render(what: SloMeaning, probes: Mapping[str, Probe], loss: Fraction, shape: str) -> str:
    """*what*, reckoned for a share *loss* of lost samples, as ``text`` or ``json``."""
    if shape == "json":
        return json.dumps(document(what, probes, loss), ensure_ascii=False, indent=2) + "\n"
    return "\n".join(_lines(what, loss)) + "\n"


def document(what: SloMeaning, probes: Mapping[str, Probe], loss: Fraction) -> dict[str, Any]:
    """As ``docs/slo.md`` describes it."""
    return {
        "format": blocks.FORMAT,
        "slo": what.slo.id,
        "objective": words.decimal(what.slo.objective),
        "window_s": words.seconds(what.window_ms),
        "budget": {
            "samples": what.samples,
            "events": what.budget_samples,
            "time_s": words.seconds(what.budget_ms),
        },
        "accounting": policy_text.of_slo(what.slo, probes),
        "reset": what.slo.reset.value,
        "no_data": what.slo.no_data.value,
        "loss": words.decimal(loss),
        "tiers": [_tier(what, tier) for tier in what.tiers],
        "budget_alerts": [
            {
                **blocks.budget_alert_rule(alert),
                "fires_with_failures": _failures(watch, alert),
                "over_when_left": None if alert.kind is Kind.FORECAST else float(1 - alert.over_at),
            }
            for watch in _watches(what)
            for alert in watch.alerts
        ],
    }


def _tier(what: SloMeaning, meaning: TierMeaning) -> dict[str, Any]:
    tier, outage, over_ms = meaning.tier, meaning.outage, meaning.resolves_within_ms
    long, short = needed(tier, what.slo.objective, what.intervals_ms)
    return {
        "tier": tier.name,
        "severity": tier.severity,
        "long_s": words.seconds(tier.long_ms),
        "short_s": words.seconds(tier.short_ms),
        "factor": words.machine(tier.factor),
        "min_bad": tier.min_bad,
        "fires_above_error_ratio": words.machine(steady_ratio(tier, what.slo.objective)),
        "failures_long": long,
        "failures_short": short,
        "binding_window": binding(tier, what.slo.objective, what.intervals_ms),
        "bad_samples_until_it_fires": outage.samples if outage else None,
        "smallest_outage_s": words.seconds(outage.lasting_ms) if outage else None,
        "fires_within_s": words.seconds(outage.found_within_ms) if outage else None,
        "resolves_within_s": None if over_ms is None else words.seconds(over_ms),
        "false_alarms_per_month": meaning.false_alarms,
        "short_window_too_short": meaning.blunt,
    }


def _lines(what: SloMeaning, loss: Fraction) -> Iterator[str]:
    slo = what.slo
    yield columns.clip(slo.id if slo.name == slo.id else f"{slo.name} ({slo.id})", CELLS)
    yield "═" * CELLS
    counted = slo.event
    yield from columns.wrap(
        f"{words.objective(slo.objective)} of {counted}s over {words.window(slo.window)}: of "
        f"{words.many(what.samples, counted)} {words.count(what.budget_samples)} may fail, or "
        f"{words.allowed(what.budget_ms)} of {words.exactly(what.window_ms)} be down.",
        CELLS,
    )
    if not what.tiers:
        yield "No tier alerts: its policy has none."
    for meaning in what.tiers:
        yield ""
        yield from _story(what, meaning, loss, counted)
    for watch in _watches(what):
        for alert in watch.alerts:
            yield ""
            head = f"{alert.name}, a {alert.severity}: {rules.of_budget(alert, watch)}"
            yield from columns.wrap(head, CELLS)
            yield "─" * CELLS
            for name, said in _facts(watch, alert, counted):
                yield from columns.wrap(said, CELLS, first=f"  {name:<15}", others=" " * 17)


def _watches(what: SloMeaning) -> Iterator[BudgetWatch]:
    if what.slo.budget_watch is not None:
        yield what.slo.budget_watch


def _failures(watch: BudgetWatch, alert: BudgetAlert) -> int | None:
    """How many fire *alert* in a window of which all is known; ``None`` where that depends."""
    return None if alert.kind is Kind.FORECAST else watch.failures_until(alert)


def _facts(watch: BudgetWatch, alert: BudgetAlert, counted: str) -> Iterator[tuple[str, str]]:
    if alert.kind is Kind.FORECAST:
        third = words.exactly(alert.over_ms // 3)
        yield (
            "Fires",
            f"if {counted}s failed in each {third} of the last {words.exactly(alert.over_ms)}",
        )
        yield "Over", "when the pace since would leave a tenth, or when it has come true"
        return
    failures = words.many(watch.failures_until(alert), counted)
    yield "Fires", f"with {failures} failed in a window of which all is known"
    yield "Over", f"when {_share(1 - alert.over_at)} of the budget is left again"


def _story(what: SloMeaning, meaning: TierMeaning, loss: Fraction, counted: str) -> Iterator[str]:
    tier, outage = meaning.tier, meaning.outage
    objective = what.slo.objective
    long, short = needed(tier, objective, what.intervals_ms)
    windows = f"{words.exactly(tier.long_ms)} and {words.exactly(tier.short_ms)}"
    yield f"{tier.name}, a {tier.severity}: burns above {words.factor(tier.factor)} over {windows}"
    yield "─" * CELLS
    facts = [("Total outage", "never fires it")]
    if outage is not None:
        lasting, within = words.exactly(outage.lasting_ms), words.exactly(outage.found_within_ms)
        said = f"fires with bad {counted} {outage.samples}, if it lasts {lasting}"
        facts = [("Total outage", f"{said}; told within {within}")]
    if meaning.resolves_within_ms is not None:
        facts.append(("Over", f"resolves within {words.about(meaning.resolves_within_ms)}"))
    ratio = steady_ratio(tier, objective)
    if ratio is not None:
        facts.append(("Steady errors", f"fires above {_share(ratio)} of {counted}s"))
    which = binding(tier, objective, what.intervals_ms)
    each = f"{words.count(long)} in the long, {words.count(short)} in the short"
    facts.append(("Binding", f"the {which} window; failures needed: {each}"))
    times = _times(meaning.false_alarms)
    facts.append(("By chance", f"{times} in 30 days, at most, with {_share(loss)} lost"))
    if meaning.blunt:
        facts.append(("Beware", "its short window is less than two intervals: one sample decides"))
    for name, said in facts:
        yield from columns.wrap(said, CELLS, first=f"  {name:<15}", others=" " * 17)


def _share(ratio: Fraction) -> str:
    return words.objective(ratio)


def _times(number: float) -> str:
    if number < 0.001:
        return "less than 0.001 times"
    return f"{number:.3f} times" if number < 1 else f"{number:,.1f} times"
