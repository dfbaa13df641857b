"""Who is told of the alerts of an incident, and when the next one will be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from synthetics.config import reach
from synthetics.config.model import Config, Route, Severity
from synthetics.config.model_watch import SYNTHETICS
from synthetics.config.reach import Subject
from synthetics.paging.escalation import Telling, began_ms, tellings
from synthetics.paging.owing import RANKS
from synthetics.store.incidents import Alert

UNDELIVERED = "undelivered"
"""The tier of alerts that a message could not be delivered; see `receiver_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What one receiver is to know.

    Attributes:
        alert: The most severe of those it is told of; of equals, the first to fire.
        again_ms: When it was to be told for the last time, though it may know already, because
            nobody had acknowledged it ...
        unanswered_ms: ... for so long; both ``None`` where it is told only once.
    """

    alert: Alert
    again_ms: int | None = None
    unanswered_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """
    Everybody who is to know of an incident.

    Attributes:
        told: By receiver.
        next_ms: When somebody further is to be told, if nothing else happens before.
    """

    told: dict[str, Told]
    next_ms: int | None


def audience(
    config: Config,
    alerts: Sequence[Alert],
    acknowledged_ms: Sequence[int],
    knowing: Collection[str],
    at_ms: int,
) -> Audience:
    """
    Who is to know of an incident at *at_ms*.

    Args:
        config: Routes, rotations and escalations.
        alerts: All of the incident, also those that are over, in the order of firing.
        acknowledged_ms: When somebody acknowledged it.
        knowing: Receivers that were told and not that it is over.  They go on being told as long
            as a route could tell them, also where it is somebody else's turn by now; and where
            no route leads to anybody any more.
        at_ms: The present.
    """
    told: dict[str, Told] = {}
    coming: list[int] = []
    firing = [alert for alert in alerts if alert.resolved_ms is None]
    past = _Past(alerts, {alert.id: _routes(config, alert) for alert in alerts}, acknowledged_ms)
    for alert in firing:
        for one in _tellings(config, alert, past, at_ms):
            if one.due_ms > at_ms:
                coming.append(one.due_ms)
            for receiver in one.receivers:
                told[receiver] = _with(told.get(receiver), alert, one)
    left = set(knowing) - told.keys()
    for alert in firing if left else ():
        for receiver in ever(config, alert):
            if receiver in left and receiver not in told:
                told[receiver] = Told(alert=alert)
    if firing and not told:
        # Whoever hears that others are told now believes that somebody is.
        worst = max(firing, key=lambda alert: RANKS[alert.severity])
        told = {receiver: Told(alert=worst) for receiver in knowing}
    return Audience(told=told, next_ms=min(coming, default=None))


def ever(config: Config, alert: Alert) -> Collection[str]:
    """Everybody who could be told of *alert* at some time or other, in order."""
    routes = reach.matching(config, _subject(alert))
    return dict.fromkeys(
        receiver
        for route in routes
        for target in reach.targets(route)
        for receiver in reach.ever_of(config, target)
    )


def told_of(config: Config, service: str, severity: Severity) -> Collection[str]:
    """Everybody who could be told of some alert of *service* and *severity*."""
    return dict.fromkeys(
        receiver
        for route in config.routes
        if route.severity is severity and (not route.services or service in route.services)
        for target in reach.targets(route)
        for receiver in reach.ever_of(config, target)
    )


def undelivered(receiver: str, incident_id: int) -> str:
    """What an alert is about that tells that *receiver* was not told of an incident."""
    return f"{receiver}#{incident_id}"


def receiver_of(subject: str) -> str:
    """The receiver in what `undelivered` made."""
    return subject.rpartition("#")[0]


@dataclass(frozen=True, slots=True)
class _Past:
    """Of an incident: its alerts, by id the routes that took each, and its acknowledgements."""

    alerts: Sequence[Alert]
    taken: Mapping[int, Sequence[Route]]
    acknowledged_ms: Sequence[int]


def _tellings(config: Config, alert: Alert, past: _Past, at_ms: int) -> list[Telling]:
    found: list[Telling] = []
    for route in past.taken[alert.id]:
        from_ms = began_ms(
            [one for one in past.alerts if any(route is each for each in past.taken[one.id])]
        )
        answered = [each for each in past.acknowledged_ms if each >= from_ms]
        found += tellings(config, route, from_ms, min(answered, default=None), at_ms)
    if not any(one.receivers or one.due_ms > at_ms for one in found):
        found.append(Telling(receivers=tuple(_anybody(config, alert)), due_ms=alert.fired_ms))
    return found


def _routes(config: Config, alert: Alert) -> list[Route]:
    """The routes that took *alert* when it fired."""
    if alert.tier == UNDELIVERED and alert.service == SYNTHETICS:
        return []
    return reach.taking(reach.matching(config, _subject(alert)), alert.fired_ms)


def _anybody(config: Config, alert: Alert) -> Collection[str]:
    """
    Who is told of an alert that reaches nobody by the clock: better too many than nobody.

    One about the monitoring itself that no route names goes to everybody who is told of that
    severity, but for who could not be reached; where that leaves nobody, of any severity.
    """
    named = ever(config, alert)
    if alert.service != SYNTHETICS or (named and alert.tier != UNDELIVERED):
        return named
    failing = receiver_of(alert.slo) if alert.tier == UNDELIVERED else ""
    for severity in (Severity(alert.severity), None):
        others = [each for each in _everybody(config, severity) if each != failing]
        if others:
            return others
    return []


def _everybody(config: Config, severity: Severity | None = None) -> list[str]:
    """Every receiver of some route, or of those of *severity*."""
    found = (
        receiver
        for route in config.routes
        if severity in (None, route.severity)
        for target in reach.targets(route)
        for receiver in reach.ever_of(config, target)
    )
    return list(dict.fromkeys(found))


def _subject(alert: Alert) -> Subject:
    return Subject(
        service=alert.service, slo=alert.slo, tier=alert.tier, severity=Severity(alert.severity)
    )


def _with(known: Told | None, alert: Alert, one: Telling) -> Told:
    """*known*, with what *one* more telling of *alert* adds to it."""
    if known is None or RANKS[alert.severity] > RANKS[known.alert.severity]:
        worst = alert
    else:
        worst = known.alert
    again_ms = known.again_ms if known else None
    unanswered_ms = known.unanswered_ms if known else None
    if one.unanswered_ms and (again_ms is None or one.due_ms > again_ms):
        again_ms, unanswered_ms = one.due_ms, one.unanswered_ms
    return Told(alert=worst, again_ms=again_ms, unanswered_ms=unanswered_ms)
