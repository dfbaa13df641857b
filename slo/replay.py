"""
A policy replayed over history: what would have fired and resolved, and when.

The decisions are those that the service takes at whole UTC minutes (R8), each given the
state that the one before it left.  Minutes at which provably nothing can change are left
out (`slo.leaps`): the answer is the same to the minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slo.history import History
from slo.leaps import NEVER_MS, OneTier
from slo.policy import Policy, State
from slo.spans import MINUTE_MS, Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """
    A stretch of time for which something fired.

    Attributes:
        fired_ms: The first minute at which it did.
        resolved_ms: The first one at which it did not any more; ``None`` if it still did at
            the end.
    """

    fired_ms: int
    resolved_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Firing):
    """One firing of one tier."""

    tier: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """
    What a policy did from one whole minute to another.

    Attributes:
        alerts: In order of time, then of the policy.
        states: What each tier carries at the end, by its name.
    """

    alerts: tuple[Alert, ...]
    states: Mapping[str, State]

    def by_severity(self, severity: str) -> tuple[Firing, ...]:
        """When any tier of *severity* fired; tiers that follow on each other are one firing."""
        return together(alert for alert in self.alerts if alert.severity == severity)

    def firing(self) -> frozenset[str]:
        """Names of the tiers that fire at the end."""
        return frozenset(name for name, state in self.states.items() if state.firing)


def together(firings: Iterable[Firing]) -> tuple[Firing, ...]:
    """When any of *firings* goes on."""
    spans = Spans.of(
        (each.fired_ms, NEVER_MS if each.resolved_ms is None else each.resolved_ms)
        for each in firings
    )
    return tuple(
        Firing(fired_ms=start, resolved_ms=None if end == NEVER_MS else end) for start, end in spans
    )


def replay(policy: Policy, history: History, from_ms: int, to_ms: int) -> Replay:
    """
    Replay *history* through *policy*.

    Args:
        policy: The policy.
        history: The samples, which need not reach further back than the windows do.
        from_ms: The first minute that is decided is this one, or the next whole one.
            Nothing fires before it.
        to_ms: No minute after this one is decided.
    """
    first_ms = -(-from_ms // MINUTE_MS) * MINUTE_MS
    longest_ms = max((tier.looks_back_ms for tier in policy.tiers), default=0)
    most = max(history(first_ms - longest_ms, to_ms).failed, 1)
    failures = history.failures(first_ms - longest_ms, to_ms, most)
    alerts: list[tuple[int, int, Alert]] = []
    states: dict[str, State] = {}
    for number, tier in enumerate(policy.tiers):
        alone = OneTier(policy, tier, history, failures)
        states[tier.name] = alone.run(first_ms, to_ms)
        for fired_ms, resolved_ms in alone.firings:
            alert = Alert(
                tier=tier.name, severity=tier.severity, fired_ms=fired_ms, resolved_ms=resolved_ms
            )
            alerts.append((fired_ms, number, alert))
    alerts.sort(key=lambda each: each[:2])
    return Replay(alerts=tuple(alert for _, _, alert in alerts), states=states)
