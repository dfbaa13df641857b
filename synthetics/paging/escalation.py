"""
When a route tells whom of an incident: at once, or when its hours begin, and on while nobody
acknowledges it.

All of it follows from when alerts fired and when somebody acknowledged, which are stored, and from
the configuration.  Nothing else is remembered, so a restart neither loses a step nor repeats one;
and a change of the hour, or of whose week it is, changes nothing for an incident that goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from synthetics.config import reach
from synthetics.config.model import Config, Route, Severity
from synthetics.store.incidents import Alert

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """
    Somebody is to be told of an incident.

    Attributes:
        receivers: Whom; empty for those that are not known yet since *due_ms* is to come.
        due_ms: When.
        unanswered_ms: How long nobody acknowledged it by then; 0 for the route's own `to`.
    """

    receivers: tuple[str, ...]
    due_ms: int
    unanswered_ms: int = 0


def began_ms(alerts: Sequence[Alert]) -> int:
    """
    When the *alerts* of one incident that a route takes began to fire without a break.

    Args:
        alerts: Of one incident, also those that are over; at least one.
    """
    began, until = alerts[0].fired_ms, alerts[0].fired_ms
    for alert in sorted(alerts, key=lambda alert: alert.fired_ms):
        if alert.fired_ms > until:
            began = alert.fired_ms
        if alert.resolved_ms is None:
            return began
        until = max(until, alert.resolved_ms)
    return began


def tellings(
    config: Config, route: Route, from_ms: int, acknowledged_ms: int | None, at_ms: int
) -> Iterator[Telling]:
    """
    Whom *route* tells until *at_ms*, in order, and last the first that is still to come, if any.

    Args:
        config: Receivers, people and rotations.
        route: One that takes the incident.
        from_ms: When what it tells of began.
        acknowledged_ms: When somebody acknowledged it, if anybody did since then.
        at_ms: The present.
    """
    start_ms = from_ms
    if route.severity is Severity.TICKET and route.when is not None:
        # Hours that never begin again would lose it.
        start_ms = route.when.begins_ms(from_ms) or from_ms
    passed_over_ms: int | None = None
    for step_ms, to in _steps(route):
        due_ms = start_ms + step_ms
        if passed_over_ms is not None:
            due_ms = passed_over_ms
        if step_ms and acknowledged_ms is not None and due_ms >= acknowledged_ms:
            return
        if due_ms > at_ms:
            yield Telling(receivers=(), due_ms=due_ms)
            return
        receivers = tuple(
            dict.fromkeys(
                one for target in to for one in reach.receivers_of(config, target, due_ms)
            )
        )
        if receivers:
            passed_over_ms = None
            yield Telling(receivers=receivers, due_ms=due_ms, unanswered_ms=due_ms - start_ms)
        else:
            passed_over_ms = due_ms


def _steps(route: Route) -> Iterator[tuple[int, tuple[str, ...]]]:
    """How long after the beginning, in milliseconds, and who."""
    yield 0, route.to
    escalation = route.escalation
    if escalation is None:
        return
    for turn in range(escalation.times + 1):
        begins = turn * escalation.round
        if turn:
            yield begins // _MS, route.to
        for step in escalation.steps:
            yield (begins + step.after) // _MS, step.to
