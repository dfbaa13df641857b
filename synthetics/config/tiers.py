"""The tiers of an alert policy: what is written, resolved to numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from probes.fields import Refused, parse_duration
from slo.explain import never_fires
from slo.policy import Reset, Tier, default_tiers, factor_for_share
from synthetics.config import written_slo as written
from synthetics.config.budgets import (
    RESERVED,
    check_budget,
)
from synthetics.config.one_of import exactly_one
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path

MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    What a policy is reckoned for.

    Attributes:
        least_ms: The interval that the short windows of the default tiers are stretched to.
    """

    window_ms: int
    intervals_ms: tuple[int, ...]
    least_ms: int
    min_bad: int
    reset: Reset


def read_tiers(
    reader: Reader,
    path: Path,
    read: written.Slo,
    alerting: written.Alerting,
    target: Target,
) -> tuple[Tier, ...]:
    """The tiers in numbers; those that can never fire are noted."""
    own = read.alerting.tiers is not None
    rows = read.alerting.tiers if own else alerting.tiers
    if rows is None:
        tiers = default_tiers(target.window_ms, target.least_ms, read.objective)
        if not tiers:
            reader.report(
                path,
                "no tier of the default policy can ever fire with this objective and window",
                "write `alerting: {tiers: […]}`, a longer window, or a higher objective",
                at="key",
            )
        return tuple(replace(tier, min_bad=target.min_bad) for tier in tiers)
    tiers = tuple(_tier(row, target) for row in rows)
    for i, tier in enumerate(tiers):
        reason = never_fires(tier, target.intervals_ms, read.objective, target.reset)
        if reason is not None:
            of = "" if own else f" for the SLO `{path[-1]}`"
            reader.report(
                (*(path if own else ()), "alerting", "tiers", i),
                f"the tier `{tier.name}` can never fire{of}: {reason}",
                "lower its factor or budget, lengthen its window, or delete it",
            )
    return tiers


def check_tiers(reader: Reader, path: Path, alerting: dict[str, Any]) -> None:
    """Each tier of the policy at *path* is complete, ordered, and named once."""
    check_budget(reader, path, alerting)
    tiers = alerting.get("tiers")
    if not isinstance(tiers, list):
        return
    names: dict[str, Path] = {}
    for i, data in enumerate(tiers):
        if not isinstance(data, dict):
            continue
        place: Path = (*path, "tiers", i)
        exactly_one(reader, place, data, "budget", "factor")
        name = data.get("name")
        if isinstance(name, str) and name in names:
            where = reader.where(names[name], (*place, "name"))
            reader.report(
                (*place, "name"), f"`{name}` names two tiers, first at {where}", "rename one"
            )
        elif isinstance(name, str) and name in RESERVED:
            reader.report(
                (*place, "name"), f"`{name}` is the name of an alert about budgets", "rename it"
            )
        elif isinstance(name, str):
            names[name] = (*place, "name")
        _check_order(reader, place, data)


def _check_order(reader: Reader, place: Path, data: dict[str, Any]) -> None:
    try:
        short, long = parse_duration(data.get("short")), parse_duration(data.get("long"))
    except Refused:
        return  # noted where the tier itself is checked
    if short >= long:
        reader.report(
            (*place, "short"),
            f"the short window of {data['short']} is not shorter than the long one of "
            f"{data['long']}",
            f"write less than {data['long']}; a twelfth of the long window is usual",
        )


def _tier(row: written.Tier, target: Target) -> Tier:
    long_ms = row.long // MS
    factor = row.factor
    if factor is None:
        factor = factor_for_share(row.budget or Fraction(0), target.window_ms, long_ms)
    return Tier(
        name=row.name,
        severity=row.severity,
        long_ms=long_ms,
        short_ms=row.short // MS,
        factor=factor,
        min_bad=target.min_bad,
    )
