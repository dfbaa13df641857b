"""Which routes take an alert, and whom they reach at which times: exact, for years ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from slo.spans import Spans
from synthetics.config.model import EMPTY, Config, Route, Severity
from synthetics.config.model_watch import SYNTHETICS

DAY_MS = 86_400_000
AHEAD_MS = 53 * 7 * DAY_MS
"""How far ahead is looked: every week of a year, so every way in which clocks are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an alert is about, as far as routes care."""

    service: str
    slo: str
    tier: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Time in which nobody is reached, of the time that was looked at.

    Attributes:
        spans: When.
    """

    spans: Spans

    @property
    def first(self) -> tuple[int, int]:
        """The first of it, from and to."""
        return next(iter(self.spans))


def subjects(config: Config, slo: str, severity: Severity) -> list[Subject]:
    """The alerts of *severity* that an SLO can have, those about its budget too."""
    one = config.slos[slo]
    of_budget = one.budget_watch.alerts if one.budget_watch else ()
    alerts = [(tier.name, tier.severity) for tier in one.tiers]
    alerts += [(alert.name, alert.severity) for alert in of_budget]
    return [
        Subject(service=one.service, slo=slo, tier=name, severity=severity)
        for name, loud in alerts
        if loud == severity
    ]


def matching(config: Config, about: Subject) -> list[Route]:
    """The routes that take an alert at some time or other, in order."""
    slo, service = config.slos.get(about.slo), config.services.get(about.service)
    labels = {**(service.labels if service else EMPTY), **(slo.labels if slo else EMPTY)}
    owner = service.owner if service else ""
    return [
        route
        for route in config.routes
        if route.severity is about.severity
        and (not route.services or about.service in route.services)
        and (not route.owners or owner in route.owners)
        and (not route.slos or about.slo in route.slos)
        and (not route.tiers or about.tier in route.tiers)
        and route.labels.items() <= labels.items()
    ]


def taking(routes: Iterable[Route], at_ms: int) -> list[Route]:
    """
    Those of the *routes* that `matching` found which take the alert at *at_ms*.

    A ticket is taken outside the hours of a route as well: it waits for them.
    """
    candidates = list(routes)
    for default in (False, True):
        found: list[Route] = []
        for route in candidates:
            if route.default is default and _open(route, at_ms):
                found.append(route)
                if not route.goes_on:
                    break
        if found:
            return found
    return []


def receivers_of(config: Config, target: str, at_ms: int) -> tuple[str, ...]:
    """Whom *target* of a route means at *at_ms*: of a rotation, who is on call."""
    if target in config.rotations:
        target = config.rotations[target].on_call(at_ms) or ""
    if target in config.people:
        return config.people[target].receivers
    return (target,) if target in config.receivers else ()


def ever_of(config: Config, target: str) -> tuple[str, ...]:
    """Whom *target* of a route can mean at some time or other."""
    if target not in config.rotations:
        return receivers_of(config, target, 0)
    rotation = config.rotations[target]
    people = [*(p for layer in rotation.layers for p in layer.people)]
    people += [override.person for override in rotation.overrides]
    return tuple(
        dict.fromkeys(r for p in people if p in config.people for r in config.people[p].receivers)
    )


def targets(route: Route) -> tuple[str, ...]:
    """All that a route names, with those that it escalates to."""
    steps = route.escalation.steps if route.escalation else ()
    return tuple(dict.fromkeys([*route.to, *(target for step in steps for target in step.to)]))


def unheard(config: Config, about: Subject, from_ms: int) -> Gap | None:
    """
    When within a year from *from_ms* a page reaches nobody, exactly; ``None`` if it always does.

    A step that reaches nobody is passed over at once, so one step is enough.
    """
    to_ms = from_ms + AHEAD_MS
    whole = Spans.of([(from_ms, to_ms)])
    reached, left = Spans.EMPTY, whole
    candidates = matching(config, about)
    for default in (False, True):
        asked, taken = left, Spans.EMPTY
        for route in candidates:
            if route.default is not default:
                continue
            when = (
                asked if route.when is None else asked.intersect(route.when.spans(from_ms, to_ms))
            )
            taken = taken.union(when)
            reached = reached.union(when.intersect(_covered(config, route, from_ms, to_ms)))
            if not route.goes_on:
                asked = asked.intersect(when.complement(from_ms, to_ms))
        left = left.intersect(taken.complement(from_ms, to_ms))
    gap = reached.complement(from_ms, to_ms)
    return Gap(gap) if gap else None


def gaps(config: Config, from_ms: int) -> Iterator[tuple[str, Gap]]:
    """Rotations in which nobody is on call at times within a year from *from_ms*, and when."""
    to_ms = from_ms + AHEAD_MS
    for rotation in config.rotations.values():
        nobody = rotation.covered(from_ms, to_ms).complement(from_ms, to_ms)
        if nobody:
            yield rotation.id, Gap(nobody)


def idle(config: Config) -> Iterator[int]:
    """The places, from 0, of routes that take no alert at any time, of an SLO or of the watch."""
    about = [
        each
        for slo in config.slos
        for severity in (Severity.PAGE, Severity.TICKET)
        for each in subjects(config, slo, severity)
    ]
    watch = config.watch
    about += [
        Subject(service=SYNTHETICS, slo="", tier="", severity=Severity(each.severity))
        for each in (watch.blind, watch.no_samples, watch.coverage)
    ]
    able = {id(route) for each in about for route in matching(config, each)}
    for place, route in enumerate(config.routes):
        if id(route) not in able and SYNTHETICS not in route.services:
            yield place


def _open(route: Route, at_ms: int) -> bool:
    return route.severity is Severity.TICKET or route.when is None or route.when.holds(at_ms)


def _covered(config: Config, route: Route, from_ms: int, to_ms: int) -> Spans:
    """When a route that is followed reaches somebody."""
    found = Spans.EMPTY
    for target in targets(route):
        if target not in config.rotations:
            return Spans.of([(from_ms, to_ms)])
        found = found.union(config.rotations[target].covered(from_ms, to_ms))
    return found
