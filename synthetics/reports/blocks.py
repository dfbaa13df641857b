"""The blocks that every JSON answer about an objective is made of, the same everywhere."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from slo.budget import INFINITE, Budget, Rate
from slo.budget_alerts import BudgetAlert, BudgetDecision
from slo.composite import Mixed
from slo.counts import Counts
from slo.shares import TimeShares
from synthetics import words
from synthetics.config.model import Composite, Sli

FORMAT = 1
"""Raised when a field changes its meaning or goes; new fields may come without."""


def events(counts: Counts) -> dict[str, int]:
    """The ``events`` block."""
    return {
        "valid": counts.valid,
        "bad": counts.failed,
        "excluded": counts.excluded,
        "void": counts.void,
    }


def parts(sli: Sli, counts: Counts) -> dict[str, Any]:
    """The ``parts`` block of a composite; nothing for what is none."""
    if not isinstance(sli, Composite) or not isinstance(counts, Mixed):
        return {}
    each = [
        {
            "slo": name,
            "weight": None if sli.mix.worst else weight,
            "sli": words.machine(part.sli),
            "events": events(part),
        }
        for name, weight, part in zip(sli.parts, sli.mix.weights, counts.parts, strict=True)
    ]
    return {"parts": each}


def time(shares: TimeShares) -> dict[str, Any]:
    """The ``time`` block."""
    return {
        "up_s": words.seconds(shares.up_ms),
        "down_s": words.seconds(shares.down_ms),
        "excluded_s": words.seconds(shares.excluded_ms),
        "unknown_s": words.seconds(shares.unknown_ms),
        "availability": words.machine(shares.availability),
        "coverage": words.machine(shares.coverage),
    }


def budget(what: Budget, *, exhausted_at_ms: int | None) -> dict[str, Any]:
    """The ``budget`` block; ``period_…`` is the view of the whole period, in progress or not."""
    return {
        "consumed": words.machine(what.consumed),
        "remaining": words.machine(what.remaining),
        "period_consumed": words.machine(what.period_consumed),
        "period_remaining": words.machine(what.period_remaining),
        "time_s": words.seconds(what.allowed_ms),
        "time_consumed": words.machine(_time_consumed(what)),
        "exhausted_at": None if exhausted_at_ms is None else words.iso(exhausted_at_ms),
    }


def budget_alert(decision: BudgetDecision) -> dict[str, Any]:
    """An item of ``budget_alerts``: one alert about the budget, as it stands."""
    alert = decision.alert
    return {
        **budget_alert_rule(alert),
        "left": words.machine(decision.left),
        "ahead": words.machine(decision.ahead),
        "firing": decision.firing,
    }


def budget_alert_rule(alert: BudgetAlert) -> dict[str, Any]:
    """What an alert about a budget asks for."""
    return {
        "alert": alert.name,
        "severity": alert.severity,
        "below": words.machine(alert.below),
        "over_s": words.seconds(alert.over_ms) if alert.over_ms else None,
    }


def _time_consumed(what: Budget) -> Rate | None:
    if what.consumed is None:
        return None
    if not what.allowed_ms:
        return INFINITE if what.spent_ms else Fraction(0)
    return what.spent_ms / what.allowed_ms
