"""What alert policies would have done over stored history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slo.budget import Budget
from slo.budget_leaps import BudgetFiring
from slo.policy import Policy
from slo.replay import Alert, Firing, together
from synthetics.accounting.past import Past, policy_of
from synthetics.config.model import Slo

ONE_OUTAGE_MS = 300_000
"""Failures that are no further apart than this are one outage."""
ALWAYS = ("page", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """
    A stretch of time during which samples failed, again and again.

    Attributes:
        from_ms: The first one that failed.
        to_ms: When the last one was over.
        down_ms: How much of it was down.
    """

    from_ms: int
    to_ms: int
    down_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    A firing of a severity, and what is known of it.

    Attributes:
        outage: The number of the outage that it began in or just after; ``None`` for one
            that fired for none.
        budget: The budget when it fired.
    """

    severity: str
    firing: Firing
    outage: int | None
    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What one policy did.

    Attributes:
        name: Where the policy stands.
        slo: The SLO, as it would be with it.
        alerts: Those that fired at some time of the period, perhaps before it began.
        told: The same by severity, in order of time; a severity fires while any tier of it does.
        of_budget: Alerts about the budget itself, which are no part of that.
    """

    name: str
    slo: Slo
    policy: Policy
    alerts: tuple[Alert, ...]
    told: tuple[Told, ...]
    of_budget: tuple[BudgetFiring, ...] = ()

    def of(self, severity: str) -> list[Told]:
        """What was told with *severity*."""
        return [each for each in self.told if each.severity == severity]

    @property
    def severities(self) -> list[str]:
        """Page and ticket, and whatever else its tiers have."""
        return list(dict.fromkeys([*ALWAYS, *(tier.severity for tier in self.policy.tiers)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Policies over the same stretch of one SLO's history."""

    past: Past
    from_ms: int
    to_ms: int
    outages: tuple[Outage, ...]
    verdicts: tuple[Verdict, ...]


def backtest(past: Past, policies: Sequence[tuple[str, Slo]], from_ms: int, to_ms: int) -> Backtest:
    """
    Replay all that is stored through each of *policies*, and keep what fired in a period.

    Each policy comes as the SLO that has it.
    """
    down = past.down(from_ms, to_ms)
    # Failures of one outage may have good samples between them, when it flaps.
    near = together(Firing(fired_ms=a, resolved_ms=b + ONE_OUTAGE_MS) for a, b in down)
    outages = tuple(
        Outage(from_ms=each.fired_ms, to_ms=end, down_ms=down.length_ms(each.fired_ms, end))
        for each in near
        if each.resolved_ms is not None and (end := each.resolved_ms - ONE_OUTAGE_MS)
    )
    return Backtest(
        past=past,
        from_ms=from_ms,
        to_ms=to_ms,
        outages=outages,
        verdicts=tuple(
            _verdict(past, outages, from_ms, to_ms, name=name, slo=slo) for name, slo in policies
        ),
    )


def _verdict(
    past: Past, outages: Sequence[Outage], from_ms: int, to_ms: int, *, name: str, slo: Slo
) -> Verdict:
    policy, watch = policy_of(slo), slo.budget_watch
    of_budget = past.replay_budget(watch, to_ms).firings if watch else ()
    alerts = tuple(
        alert
        for alert in past.replay(policy, to_ms).alerts
        if alert.resolved_ms is None or alert.resolved_ms > from_ms
    )
    told = [
        Told(
            severity=severity,
            firing=firing,
            outage=_outage_of(firing, outages),
            budget=past.budget(firing.fired_ms),
        )
        for severity in dict.fromkeys(tier.severity for tier in policy.tiers)
        for firing in together(alert for alert in alerts if alert.severity == severity)
    ]
    told.sort(key=lambda each: each.firing.fired_ms)
    return Verdict(
        name=name,
        slo=slo,
        policy=policy,
        alerts=alerts,
        told=tuple(told),
        of_budget=tuple(
            each for each in of_budget if each.resolved_ms is None or each.resolved_ms > from_ms
        ),
    )


def _outage_of(firing: Firing, outages: Sequence[Outage]) -> int | None:
    """The last outage that had begun when it fired, unless that was long over."""
    begun = [number for number, outage in enumerate(outages) if outage.from_ms <= firing.fired_ms]
    if not begun or firing.fired_ms > outages[begun[-1]].to_ms + ONE_OUTAGE_MS:
        return None
    return begun[-1]
