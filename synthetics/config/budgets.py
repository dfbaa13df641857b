"""Alerts about a budget, resolved to numbers for one SLO."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from probes.fields import Refused
from slo.budget_alerts import LOOKS_BACK, LOW_BELOW, BudgetAlert, BudgetWatch, Kind
from slo.policy import NoData
from slo.window import Window
from synthetics.config import written_budget as written
from synthetics.config.describe import duration_text
from synthetics.config.reader import Reader
from synthetics.config.scalars import parse_percent
from synthetics.config.syntax import Path

MS = timedelta(milliseconds=1)
THIRDS: Final = 3
"""A forecast looks for failures in each third of its look-back, so that each holds samples."""
RESERVED: Final = frozenset(kind.value for kind in Kind)
"""Names that no tier can have."""
NOTHING_OWN: Final = written.Budget()
"""What an SLO says that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the budget is of."""

    objective: Fraction
    window: Window
    intervals_ms: tuple[int, ...]
    min_bad: int
    no_data: NoData


def budget_watch(
    reader: Reader, path: Path, own: written.Budget, top: written.Budget, promise: Promise
) -> BudgetWatch:
    """
    What alerts about the budget of the SLO at *path*; what can never fire is noted.

    Args:
        reader: Takes the problems.
        path: Of the SLO.
        own: Its own alerts.
        top: Those of every SLO that does not say otherwise.
        promise: What the budget is of.
    """
    forecast = own.forecast or top.forecast
    if forecast and forecast.over and forecast.severity != "none":
        place: Path = (*(path if own.forecast else ()), "alerting", "budget", "forecast", "over")
        _check_over(reader, place, str(path[-1]), forecast.over // MS, promise)
    return BudgetWatch(
        objective=promise.objective,
        window=promise.window,
        intervals_ms=promise.intervals_ms,
        alerts=tuple(_alerts(own, top, promise.window.nominal_length_ms)),
        min_bad=promise.min_bad,
        no_data=promise.no_data,
    )


def check_budget(reader: Reader, path: Path, alerting: dict[str, Any]) -> None:
    """Little is more than nothing and less than all."""
    budget = alerting.get("budget")
    low = budget.get("low") if isinstance(budget, dict) else None
    if not isinstance(low, dict) or "below" not in low:
        return
    try:
        little = 0 < parse_percent(low["below"]) < 1
    except Refused:
        return  # noted where the alert itself is checked
    if not little:
        reader.report(
            (*path, "budget", "low", "below"),
            f"{low['below']} of a budget is not little",
            "write a share between, such as 25%; `exhausted` tells when nothing is left",
        )


def _alerts(own: written.Budget, top: written.Budget, window_ms: int) -> Iterator[BudgetAlert]:
    low = own.low or top.low
    if low and low.severity != "none":
        below = LOW_BELOW if low.below is None else low.below
        if 0 < below < 1:
            yield BudgetAlert(kind=Kind.LOW, severity=low.severity, below=below)
    exhausted = own.exhausted or top.exhausted or written.Exhausted()
    if exhausted.severity != "none":
        yield BudgetAlert(kind=Kind.EXHAUSTED, severity=exhausted.severity)
    forecast = own.forecast or top.forecast
    if forecast and forecast.severity != "none":
        over_ms = window_ms // LOOKS_BACK if forecast.over is None else forecast.over // MS
        yield BudgetAlert(kind=Kind.FORECAST, severity=forecast.severity, over_ms=over_ms)


def _check_over(reader: Reader, place: Path, slo: str, over_ms: int, promise: Promise) -> None:
    least_ms = THIRDS * max(promise.intervals_ms)
    if over_ms < least_ms:
        reader.report(
            place,
            f"a third of it holds no sample of the SLO `{slo}`, so it can never fire",
            f"write {duration_text(least_ms * MS)} or more; a tenth of the window is usual",
        )
    elif over_ms > promise.window.nominal_length_ms:
        said = duration_text(promise.window.nominal_length_ms * MS)
        reader.report(
            place,
            f"it looks back further than the window of the SLO `{slo}`, {said}",
            f"write less than {said}; a tenth of the window is usual",
        )
