"""Who would be told of each SLO, in words; and pages that would reach nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from synthetics import words
from synthetics.config import reach
from synthetics.config.describe import duration_text
from synthetics.config.model import Config, Route, Severity
from synthetics.config.reach import Gap
from synthetics.config.reader import Reader

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOf:
    """
    Who is told of some alerts of an SLO.

    Attributes:
        tiers: Which alerts, by name.
        routes: Those that take them, in order; none if they reach nobody.
    """

    severity: Severity
    tiers: tuple[str, ...]
    routes: tuple[Route, ...]


def told_of(config: Config, slo: str) -> Iterator[ToldOf]:
    """Who is told of the pages and tickets of *slo*; tiers that lead to the same are together."""
    for severity in (Severity.PAGE, Severity.TICKET):
        groups: dict[tuple[int, ...], tuple[list[str], list[Route]]] = {}
        for about in reach.subjects(config, slo, severity):
            routes = reach.matching(config, about)
            tiers, _ = groups.setdefault(tuple(map(id, routes)), ([], routes))
            tiers.append(about.tier)
        for tiers, routes in groups.values():
            yield ToldOf(severity=severity, tiers=tuple(tiers), routes=tuple(routes))


def in_words(route: Route) -> str:
    """Whom a route tells, and when: ``checkout; after 10m team``."""
    said = ", ".join(route.to)
    if route.when_said:
        waits = ", else when that begins" if route.severity is Severity.TICKET else ""
        said += f" {route.when_said}{waits}"
    if route.default:
        said += ", if no other route takes it"
    if not route.goes_on:
        said += ", and no route after it"
    escalation = route.escalation
    if escalation is not None:
        for step in escalation.steps:
            said += f"; after {duration_text(step.after)} {', '.join(step.to)}"
        if escalation.times:
            said += f"; {duration_text(escalation.again)} later all again"
            said += f", {escalation.times} times" if escalation.times > 1 else ""
    return said


@dataclass(frozen=True, slots=True)
class Unreached:
    """The pages of an SLO reach nobody at some time: *what* is wrong, and how to *mend* it."""

    slo: str
    what: str
    mend: str


def unreached(config: Config, from_ms: int) -> Iterator[Unreached]:
    """
    Pages that reach nobody at some time within a year from *from_ms*.

    Without any route nobody expects a page; a warning of `check` says so.
    """
    first: dict[tuple[int, ...], tuple[str, Gap | None, list[str]]] = {}
    for slo in config.slos if config.routes else ():
        for about in reach.subjects(config, slo, Severity.PAGE):
            routes = reach.matching(config, about)
            key = tuple(map(id, routes))
            if key not in first:
                first[key] = (slo, reach.unheard(config, about, from_ms), [])
            if slo not in {first[key][0], *first[key][2]}:
                first[key][2].append(slo)
    for key, (slo, gap, others) in first.items():
        if gap is None:
            continue
        also = f", nor do those of {words.many(len(others), 'other SLO')}" if others else ""
        if not key:
            yield Unreached(
                slo,
                f"no route takes its pages, so they reach nobody{also}",
                "add a route that does, such as `- {severity: page, to: […]}`",
            )
            continue
        routes = [route for route in config.routes if id(route) in key]
        yield Unreached(
            slo,
            f"its pages reach nobody {during(gap, _zone(config, routes))}{also}",
            "add a route with `default: true`, or see to it that somebody is on call then",
        )


def check_reach(reader: Reader, config: Config, from_ms: int) -> None:
    """Note what is `unreached`."""
    for one in unreached(config, from_ms):
        reader.report(("slos", one.slo), one.what, one.mend, at="key")


def during(gap: Gap, zone: ZoneInfo) -> str:
    """When, in words: the first time, and how often besides."""
    start, end = gap.first
    further = sum(1 for _ in gap.spans) - 1
    said = f"from {_moment(start, zone)} until {_moment(end, zone)}"
    if further:
        said += f", and {words.many(further, 'further time')} within a year"
    return said


def _zone(config: Config, routes: list[Route]) -> ZoneInfo:
    """The clock that whoever wrote these routes looks at."""
    for route in routes:
        if route.when is not None:
            return route.when.hours.zone
        for target in reach.targets(route):
            if target in config.rotations:
                return config.rotations[target].zone
    return UTC


def _moment(ms: int, zone: ZoneInfo) -> str:
    return words.moment(ms - ms % 1000, zone)
