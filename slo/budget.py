"""Burn rates and error budgets (R4 to R6), exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from slo.counts import Counts

INFINITE: Final = math.inf
"""The burn rate of any error where the objective allows none; compares with `Fraction`."""

Rate = Fraction | float
"""An exact ratio, or `INFINITE`, the only float that ever stands here."""


def burn_rate(counts: Counts, objective: Fraction) -> Rate | None:
    """
    How many times faster than allowed errors came: error ratio ÷ (1 − objective).

    ``None`` if nothing is valid: reading that as 0 would clear a page during an
    outage (R4).  At an objective of 1 it is 0 without errors, else infinite (R5).
    """
    ratio = counts.error_ratio
    if ratio is None:
        return None
    if objective == 1:
        return INFINITE if ratio else Fraction(0)
    return ratio / (1 - objective)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    What may fail within one window, and what did, as a share of events and as time.

    Attributes:
        consumed: Share of the budget that is spent (R6): the burn rate over the
            whole window.  Of a period in progress only the part that has passed
            can have burnt, so the burn so far counts by that part; on the last
            instant of the period this is R6 to the digit.  ``None`` if nothing is valid.
        allowed_events: Failed samples that the objective allows among the valid ones seen.
        spent_events: Samples that failed.
        allowed_ms: Downtime that the objective allows over the whole window, rounded
            down; maintenance earns no budget.
        spent_ms: Downtime so far (R9).
        length_ms: Length of the whole window, maintenance taken off.
        left_ms: How much of a period in progress is to come, after which there is
            a new budget; ``None`` for a window that does not end.
    """

    consumed: Rate | None
    allowed_events: Fraction
    spent_events: int
    allowed_ms: int
    spent_ms: int
    length_ms: int
    left_ms: int | None

    @property
    def remaining(self) -> Rate | None:
        """1 − consumed; below 0 when overspent, never clamped (R6)."""
        return None if self.consumed is None else 1 - self.consumed

    def exhausted_in_ms(self, rate: Rate | None) -> int | None:
        """
        How long the budget lasts if errors go on burning at *rate*.

        0 if it is spent already.  ``None`` if it will not be spent: nothing burns,
        nothing is known, or the period ends first.  What leaves a rolling window
        meanwhile is not credited, so the answer errs on the early side.
        """
        remaining = self.remaining
        if remaining is None:
            return None
        if remaining <= 0:
            return 0
        if not rate:
            return None
        lasts_ms = int(remaining * self.length_ms / rate)
        return lasts_ms if self.left_ms is None or lasts_ms < self.left_ms else None


def budget(
    counts: Counts,
    objective: Fraction,
    *,
    length_ms: int,
    passed: Fraction = Fraction(1),
    down_ms: int = 0,
) -> Budget:
    """
    The budget of a window.

    Args:
        counts: Samples of the window so far.
        objective: Share of good events that is promised, 0 < objective <= 1.
        length_ms: Length of the whole window, maintenance taken off.
        passed: Share of the window that has passed, 0 to 1; less than 1 only for
            a period of the calendar in progress.
        down_ms: Downtime so far.
    """
    rate = burn_rate(counts, objective)
    # ∞ × 0 is not a number, and at the first instant of a period one error is already too many.
    consumed = rate if rate is None or rate == INFINITE else rate * passed
    return Budget(
        consumed=consumed,
        allowed_events=(1 - objective) * counts.valid,
        spent_events=counts.failed,
        allowed_ms=int((1 - objective) * length_ms),
        spent_ms=down_ms,
        length_ms=length_ms,
        left_ms=int(length_ms * (1 - passed)) if passed < 1 else None,
    )
