"""
Alerts about a budget itself: little is left, nothing is, or nothing will be.

They go by the share of the *whole* window's budget that is surely spent.  Samples that we do
not have, because the period goes on, history is young, or we were blind, are taken to be
good: few samples spend little, and one bad hour on the first day is no catastrophe.  In a
window that is known throughout this is R6.

What is spent comes back slowly, so that an alert holds until a tenth of the budget more is
left than when it fired.  A forecast asks for failures in each third of the time that it looks
back over: one outage, however long ago it began, is no pace.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from slo.budget import INFINITE, Rate
from slo.counts import Counts
from slo.history import History
from slo.policy import NoData, State
from slo.window import Bounds, Rolling, Window

MARGIN: Final = Fraction(1, 10)
"""So much more than at the beginning must be left for an alert to be over."""
LOW_BELOW: Final = Fraction(1, 4)
"""What is little, unless said otherwise."""
LOOKS_BACK: Final = 10
"""The part of the window that a forecast looks back over, unless said otherwise."""


NONE: Final = Fraction(0)


class Kind(StrEnum):
    """What an alert tells; the value is its name wherever a tier has one."""

    LOW = "budget-low"
    """Less than a share of the budget is left."""
    EXHAUSTED = "budget-exhausted"
    """None is."""
    FORECAST = "budget-forecast"
    """None will be, if it goes on as of late."""


class Why(StrEnum):
    """Why an alert about a budget fires or does not."""

    SPENT = "spent"
    """Enough is spent, or will be."""
    WITHIN = "within"
    """Not enough is."""
    FEW_BAD = "few-bad"
    """Enough is, by fewer confirmed failures than ``min_bad``."""
    HELD = "held"
    """It fires, and not yet a margin more than when it fired is left."""
    RECOVERED = "recovered"
    """A margin more is left again, or a new period began."""
    CAME_TRUE = "came-true"
    """What was foretold has happened."""
    NO_DATA_HELD = "no-data-held"
    NO_DATA_RESOLVED = "no-data-resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAlert:
    """
    One alert about a budget.

    Attributes:
        severity: ``page``, ``ticket`` or ``log``.
        below: Of `Kind.LOW`, the share that is little, 0 < below < 1.
        over_ms: Of `Kind.FORECAST`, how far back the pace is taken from, > 0.
    """

    kind: Kind
    severity: str
    below: Fraction = Fraction(0)
    over_ms: int = 0

    def __post_init__(self) -> None:
        if self.kind is Kind.LOW and not 0 < self.below < 1:
            raise ValueError(f"{self.below} of a budget is not little")
        if self.kind is Kind.FORECAST and self.over_ms <= 0:
            raise ValueError(f"no pace can be taken from {self.over_ms} ms")

    @property
    def name(self) -> str:
        """What it is called where a tier has its name."""
        return self.kind.value

    @property
    def limit(self) -> Fraction:
        """The share that has to be spent for it to fire."""
        return 1 - self.below

    @property
    def over_at(self) -> Fraction:
        """The share at which, or below which, it is over."""
        return max(self.limit - MARGIN, self.limit / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWatch:
    """
    All that decides about the budget of an SLO.

    Attributes:
        objective: Share of good events that is promised, 0 < objective <= 1.
        window: What the budget is for.
        intervals_ms: Of each series of events, > 0: how many are due in the window.
        alerts: Each kind at most once.
        min_bad: How many confirmed failures the window must hold for one to fire, >= 1.
        no_data: What becomes of one while nothing valid is known.
    """

    objective: Fraction
    window: Window
    intervals_ms: tuple[int, ...]
    alerts: tuple[BudgetAlert, ...]
    min_bad: int = 2
    no_data: NoData = NoData.HOLD

    def due(self, length_ms: int) -> int:
        """How many events are due within so long, at least 1."""
        return max(sum(length_ms // interval for interval in self.intervals_ms), 1)

    def failures_until(self, alert: BudgetAlert) -> int:
        """With how many failures *alert* fires in a window of nominal length, if all is known."""
        spent = alert.limit * (1 - self.objective) * self.due(self.window.nominal_length_ms)
        least = -(-spent // 1) if alert.kind is Kind.EXHAUSTED else spent // 1 + 1
        return max(int(least), self.min_bad)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetDecision:
    """
    What was decided about one alert at one instant.

    Attributes:
        state: What the next decision is given.
        left: Share of the whole window's budget that is surely left; ``None``: nothing known.
        ahead: Of a forecast, the share that will be spent at the end; ``None`` of the others.
    """

    alert: BudgetAlert
    at_ms: int
    state: State
    why: Why
    left: Rate | None
    ahead: Rate | None = None

    @property
    def firing(self) -> bool:
        """Whether it fires from this instant on."""
        return self.state.firing


def surely_spent(watch: BudgetWatch, counts: Counts, bounds: Bounds) -> Rate | None:
    """Share of the whole budget that is spent if all that we do not know was good."""
    if counts.valid and not counts.failed:
        return NONE  # as nearly always: thousands of SLOs are decided at once
    return spent_of(watch, counts, bounds, Fraction(bounds.known_ms, bounds.length_ms))


def spent_of(watch: BudgetWatch, counts: Counts, bounds: Bounds, part: Fraction) -> Rate | None:
    """Share of the whole budget that *counts* spend, of no more than *part* of the window."""
    ratio = counts.error_ratio
    if ratio is None:
        return None
    if watch.objective == 1:
        return INFINITE if ratio else Fraction(0)
    seen = min(part, Fraction(counts.valid, watch.due(bounds.length_ms)))
    return ratio * seen / (1 - watch.objective)


def decide_budget(
    watch: BudgetWatch, alert: BudgetAlert, history: History, at_ms: int, *, state: State
) -> BudgetDecision:
    """
    Decide whether *alert* fires at *at_ms*.

    Args:
        watch: What is promised, and over what.
        alert: One of its alerts.
        history: The samples.
        at_ms: The instant; nothing after it is looked at.
        state: What the decision before left, `QUIET` at first.
    """
    bounds = watch.window.bounds(at_ms)
    counts = history(bounds.after_ms, bounds.until_ms)
    spent = surely_spent(watch, counts, bounds)
    ahead = None
    if spent is None:
        held = watch.no_data is NoData.HOLD
        firing = state.firing and held
        why = Why.NO_DATA_HELD if held else Why.NO_DATA_RESOLVED
    elif alert.kind is Kind.FORECAST:
        ahead = _ahead(watch, alert, history, bounds, slowest=not state.firing)
        firing, why = _forecast(spent, ahead, state)
    else:
        firing, why = _now(alert, spent, state)
    if firing and not state.firing and counts.confirmed < watch.min_bad:
        firing, why = False, Why.FEW_BAD
    if firing != state.firing:
        state = State(firing, at_ms)
    left = None if spent is None else 1 - spent
    return BudgetDecision(alert=alert, at_ms=at_ms, state=state, why=why, left=left, ahead=ahead)


def _now(alert: BudgetAlert, spent: Rate, state: State) -> tuple[bool, Why]:
    limit = alert.limit
    if state.firing:
        over = spent <= alert.over_at
        return not over, Why.RECOVERED if over else Why.HELD
    fires = spent >= limit if alert.kind is Kind.EXHAUSTED else spent > limit
    return fires, Why.SPENT if fires else Why.WITHIN


def _forecast(spent: Rate, ahead: Rate | None, state: State) -> tuple[bool, Why]:
    if state.firing:
        if spent >= 1:
            return False, Why.CAME_TRUE
        over = ahead is None or ahead <= 1 - MARGIN
        return not over, Why.RECOVERED if over else Why.HELD
    # Nearer to the end it may come true and be taken back again and again.
    fires = ahead is not None and ahead > 1 and spent <= 1 - MARGIN
    return fires, Why.SPENT if fires else Why.WITHIN


def _ahead(
    watch: BudgetWatch, alert: BudgetAlert, history: History, bounds: Bounds, *, slowest: bool
) -> Rate | None:
    """
    Share of the budget that will be spent at the end of the period, or a look-back from now.

    Args:
        watch: What is promised, and over what.
        alert: How far it looks back.
        history: The samples.
        bounds: The window.
        slowest: Go by the third of the look-back with the fewest errors, and not by all of it.
    """
    if watch.objective == 1:
        return None
    pace = _slowest(alert, history, bounds.until_ms) if slowest else _mean(alert, history, bounds)
    if pace is None:
        return None
    if isinstance(watch.window, Rolling):
        # By then what is oldest has left the window.
        part = Fraction(alert.over_ms, bounds.length_ms)
        kept = history(bounds.after_ms + alert.over_ms, bounds.until_ms)
        spent = spent_of(watch, kept, bounds, 1 - part)
    else:
        part = 1 - Fraction(bounds.known_ms, bounds.length_ms)
        spent = surely_spent(watch, history(bounds.after_ms, bounds.until_ms), bounds)
    return (spent or Fraction(0)) + pace * part / (1 - watch.objective)


def _mean(alert: BudgetAlert, history: History, bounds: Bounds) -> Fraction | None:
    return history(bounds.until_ms - alert.over_ms, bounds.until_ms).error_ratio


def _slowest(alert: BudgetAlert, history: History, at_ms: int) -> Fraction | None:
    """The error ratio of the best third of the look-back; ``None`` if any is not known."""
    slowest: Fraction | None = None
    for part in range(3):
        early, late = alert.over_ms * (part + 1) // 3, alert.over_ms * part // 3
        ratio = history(at_ms - early, at_ms - late).error_ratio
        if not ratio:
            return ratio
        slowest = ratio if slowest is None else min(slowest, ratio)
    return slowest
