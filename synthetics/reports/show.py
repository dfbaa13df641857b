"""Where one SLO stands at one instant, for programs and for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from slo.budget import Rate
from slo.policy import Decision, State
from slo.window import PARTS_OF_YEARS, Rolling
from synthetics import words
from synthetics.accounting.rounds import Reach
from synthetics.accounting.standing import Standing
from synthetics.config.model import Availability, Latency, Probe, Slo
from synthetics.reports import blocks, columns, policy_text, rules

CELLS = 80
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    All that is shown of one SLO.

    Attributes:
        probes: Those of the configuration.
        reach: How several locations saw its window; ``None`` if there was only one.
    """

    slo: Slo
    probes: Mapping[str, Probe]
    standing: Standing
    reach: Reach | None


def render(shown: Shown, shape: str) -> str:
    """*shown* as ``text`` or ``json``."""
    if shape == "json":
        return json.dumps(document(shown), ensure_ascii=False, indent=2) + "\n"
    return "\n".join([*_lines(shown.slo, shown.standing, shown.reach), *_policy(shown)]) + "\n"


def document(shown: Shown) -> dict[str, Any]:
    """As ``docs/slo.md`` describes it: exact as floats can be, ``null`` where nothing is known."""
    slo, standing = shown.slo, shown.standing
    lasts_ms = standing.exhausted_in_ms
    return {
        "format": blocks.FORMAT,
        "slo": slo.id,
        "at": words.iso(standing.at_ms),
        "objective": words.decimal(slo.objective),
        "window": _window(slo, standing),
        "events": blocks.events(standing.counts),
        "sli": words.machine(standing.sli),
        "error_ratio": words.machine(standing.counts.error_ratio),
        "burn_rate": words.machine(standing.burn),
        "budget": blocks.budget(
            standing.budget,
            exhausted_at_ms=None if lasts_ms is None else standing.at_ms + lasts_ms,
        ),
        "time": blocks.time(standing.time),
        **blocks.parts(slo.sli, standing.counts),
        "tiers": [_tier(decision) for decision in standing.decisions],
        "budget_alerts": [blocks.budget_alert(each) for each in standing.budget_decisions],
        "locations": policy_text.locations(shown.reach),
        "accounting": policy_text.of_slo(slo, shown.probes),
    }


def _window(slo: Slo, standing: Standing) -> dict[str, Any]:
    bounds, window = standing.bounds, slo.window
    said = {
        "kind": "rolling" if isinstance(window, Rolling) else "calendar",
        "from": words.iso(bounds.from_ms),
        "to": words.iso(bounds.to_ms),
        "length_s": words.seconds(bounds.length_ms),
    }
    if not isinstance(window, Rolling):
        said |= {"unit": window.unit, "timezone": window.timezone.key}
    if not isinstance(window, Rolling) and window.unit in PARTS_OF_YEARS:
        said["starts"] = words.MONTHS[window.starts - 1].lower()
    return said


def _tier(decision: Decision) -> dict[str, Any]:
    tier = decision.tier
    return {
        "tier": tier.name,
        "severity": tier.severity,
        "long_s": words.seconds(tier.long_ms),
        "short_s": words.seconds(tier.short_ms),
        "factor": words.machine(tier.factor),
        "burn_long": words.machine(decision.burn_long),
        "burn_short": words.machine(decision.burn_short),
        "firing": decision.firing,
    }


def _policy(shown: Shown) -> Iterator[str]:
    yield from ("", "How this was counted", "─" * CELLS)
    for number, said in rules.rules_of_now(shown.slo, shown.probes):
        yield from columns.wrap(said, CELLS, first=f"{number:<4} ", others=" " * 5)


def _lines(slo: Slo, standing: Standing, reach: Reach | None) -> Iterator[str]:
    counts, budget, time = standing.counts, standing.budget, standing.time
    bounds = standing.bounds
    name = slo.id if slo.name == slo.id else f"{slo.name} ({slo.id})"
    yield columns.clip(name, CELLS)
    yield "═" * CELLS
    at = words.moment(standing.at_ms, UTC)
    yield from _field("At", at)
    yield from _field(
        "Promise",
        f"{words.objective(slo.objective)} of {slo.event}s{_counted(slo)}, "
        f"over {words.window(slo.window)}",
    )
    yield from _field("Window", words.span(bounds.from_ms, bounds.to_ms, UTC))
    valid = words.many(counts.valid, slo.event)
    failed = f"{words.count(counts.failed)} of {valid} failed"
    aside = [
        f"{words.count(number)} {what}"
        for number, what in ((counts.void, "void"), (counts.excluded, "not counted"))
        if number
    ]
    yield from _field(
        "By events",
        ", ".join([f"{words.availability(standing.sli, slo.objective)}  {failed}", *aside]),
    )
    for said in rules.parts(slo.sli, standing.counts, slo.objective):
        yield from _field("", said)
    yield from _field(
        "By time",
        f"{words.availability(time.availability, slo.objective)}  down "
        f"{words.lost(time.down_ms)}, {words.covered(standing.coverage)} known",
    )
    whole = f" of the whole {_period(slo)}'s" if budget.passed < 1 else ""
    if reach is not None:
        uptime = words.availability(reach.uptime, slo.objective)
        of_all = words.availability(reach.reachability, slo.objective)
        yield from _field("Locations", f"{reach.locations}: {uptime} uptime, {of_all} reachability")
    spent = f"{words.used(budget.period_consumed)}{whole} used"
    if budget.consumed is not None:
        spent += f", down {words.lost(budget.spent_ms)} of {words.allowed(budget.allowed_ms)}"
    yield from _field("Budget", f"{spent}; {_end(standing)}")
    yield from _field("Burn rate", _rate(standing.burn))
    for told in standing.budget_decisions:
        since = _since(told.at_ms, told.state)
        yield from _field(
            "" if told is not standing.budget_decisions[0] else "Its alerts",
            f"{told.alert.name}, a {told.alert.severity}: {since if told.firing else 'quiet'}",
        )
    if not standing.decisions:
        yield from _field("Alerts", "none: its policy has no tiers")
        return
    yield ""
    rows = [
        ("tier", "tells", "windows", "burns above", "long", "short", ""),
        *(
            (
                decision.tier.name,
                decision.tier.severity,
                f"{words.exactly(decision.tier.long_ms)}/{words.exactly(decision.tier.short_ms)}",
                words.factor(decision.tier.factor),
                _rate(decision.burn_long),
                _rate(decision.burn_short),
                _state(decision),
            )
            for decision in standing.decisions
        ),
    ]
    for line in columns.table(rows, numbers=frozenset({3, 4, 5}), cells=CELLS - 2):
        yield f"  {line}"


def _counted(slo: Slo) -> str:
    """What is counted, where that is not samples or rounds of the whole."""
    said = "" if isinstance(slo.sli, Availability | Latency) else f" {rules.sli(slo.sli)}"
    return said + (f" of step {slo.step}" if slo.step else "")


def _period(slo: Slo) -> str:
    return "window" if isinstance(slo.window, Rolling) else slo.window.unit


def _state(decision: Decision) -> str:
    return _since(decision.at_ms, decision.state) if decision.firing else "quiet"


def _since(at_ms: int, state: State) -> str:
    since_ms = state.since_ms
    return "firing" if since_ms is None else f"firing for {words.about(at_ms - since_ms)}"


def _end(standing: Standing) -> str:
    lasts_ms = standing.exhausted_in_ms
    remaining = standing.budget.period_remaining
    if remaining is not None and remaining < 0:
        return "overspent"
    if remaining == 0:
        return "spent"
    if lasts_ms is None:
        return "it lasts" if remaining is not None else "nothing is known"
    return f"spent in {words.about(lasts_ms)} at this rate"


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return words.UNKNOWN
    return "∞" if isinstance(rate, float) else words.burn(rate)


def _field(name: str, value: str) -> Iterator[str]:
    yield from columns.wrap(value, CELLS, first=f"  {name:<11}", others=" " * 13)
