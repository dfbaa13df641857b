"""The accounting policy as one block of every answer: each choice as a value, and all in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synthetics import words
from synthetics.accounting.rounds import Reach
from synthetics.config.model import Probe, Slo
from synthetics.reports.rules import Rule, Rules, rules_of_now


def choices(slo: Slo, probes: Mapping[str, Probe]) -> dict[str, Any]:
    """The values in force where the rules leave a choice, under the names of the configuration."""
    chosen = slo.accounting
    return {
        "valid_for_s": sorted(
            {
                words.seconds((chosen.valid_for or 2 * probes[name].every) // words.MILLISECOND)
                for name in slo.probes
            }
        ),
        "retries": chosen.retries.value,
        "combine": chosen.combine.value,
        "bad_if": "pool" if chosen.bad_if is None else chosen.bad_if,
        "reset": slo.reset.value,
        "no_data": slo.no_data.value,
        "min_bad": min((tier.min_bad for tier in slo.tiers), default=None),
    }


def of_slo(slo: Slo, probes: Mapping[str, Probe]) -> dict[str, Any]:
    """The ``accounting`` block of an answer about one SLO."""
    numbered = rules_of_now(slo, probes)
    return {**choices(slo, probes), **in_words(Rule(*each) for each in numbered)}


def in_words(all_rules: Iterable[Rule]) -> dict[str, Any]:
    """The rules one by one, and as one text."""
    each = list(all_rules)
    return {
        "rules": [
            {"rule": rule.number, "text": rule.text, "slos": list(rule.slos)} for rule in each
        ],
        "text": "\n".join(sentence(rule) for rule in each),
    }


def sentence(rule: Rule) -> str:
    """``R4 (shop, search): …``, the SLOs only where not all share it."""
    whose = f" ({', '.join(rule.slos)})" if rule.slos else ""
    return f"{rule.number}{whose}: {rule.text}"


def text(numbered: Rules) -> str:
    """All rules of one SLO on one line."""
    return " ".join(f"{number}: {said}" for number, said in numbered)


def locations(reach: Reach | None) -> dict[str, Any] | None:
    """The ``locations`` block: how several of them saw it; ``None`` if there was only one."""
    if reach is None:
        return None
    return {
        "count": reach.locations,
        "uptime": words.machine(reach.uptime),
        "reachability": words.machine(reach.reachability),
    }
