"""Burn rates and error budgets (R4 to R6), exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from slo.counts import Counts
from slo.shares import Milliseconds

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
            window, of a period in progress over the events so far.  ``None`` if
            nothing is valid.
        passed: Share of the window that has passed, 0 to 1; less than 1
            only for a period of the calendar in progress.
        allowed_events: Failed samples that the objective allows among the valid ones seen.
        spent_events: Samples that failed.
        allowed_ms: Downtime that the objective allows over the whole window;
            maintenance earns no budget.
        spent_ms: Downtime so far (R9).
        length_ms: Length of the whole window, maintenance taken off.
    """

    consumed: Rate | None
    passed: Fraction
    allowed_events: Fraction
    spent_events: int
    allowed_ms: Fraction
    spent_ms: Milliseconds
    length_ms: int

    @property
    def remaining(self) -> Rate | None:
        """1 − consumed; below 0 when overspent, never clamped (R6)."""
        return None if self.consumed is None else 1 - self.consumed

    @property
    def period_consumed(self) -> Rate | None:
        """
        Share of the whole period's budget that is spent, if events keep coming as they do.

        Only the part of a period that has passed can have burnt, so this is *consumed* times
        that part: the same for a window that moves on and for a period that is over.
        """
        if self.consumed is None or self.consumed == INFINITE:
            # ∞ × 0 is not a number, and at the first instant one error is already too many.
            return self.consumed
        return self.consumed * self.passed

    @property
    def period_remaining(self) -> Rate | None:
        """1 − period_consumed; below 0 when overspent."""
        consumed = self.period_consumed
        return None if consumed is None else 1 - consumed

    def exhausted_in_ms(self, rate: Rate | None) -> int | None:
        """
        How long the budget lasts if errors go on burning at *rate*.

        0 if it is spent already.  ``None`` if it will not be spent: nothing burns,
        nothing is known, or the period ends first.  What leaves a rolling window
        meanwhile is not credited, so the answer errs on the early side.
        """
        remaining = self.period_remaining
        if remaining is None:
            return None
        if remaining <= 0:
            return 0
        if not rate:
            return None
        lasts_ms = int(remaining * self.length_ms / rate)
        ends = self.passed < 1 and lasts_ms >= int(self.length_ms * (1 - self.passed))
        return None if ends else lasts_ms


def budget(
    counts: Counts,
    objective: Fraction,
    *,
    length_ms: int,
    passed: Fraction = Fraction(1),
    down_ms: Milliseconds = 0,
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
    return Budget(
        consumed=burn_rate(counts, objective),
        passed=passed,
        allowed_events=(1 - objective) * counts.valid,
        spent_events=counts.failed,
        allowed_ms=(1 - objective) * length_ms,
        spent_ms=down_ms,
        length_ms=length_ms,
    )
