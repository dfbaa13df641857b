"""Where an objective stands at one instant: every number that is shown, from one place."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from slo.budget import Budget, Rate
from slo.budget_alerts import BudgetDecision
from slo.counts import Counts
from slo.policy import Decision
from slo.shares import TimeShares
from slo.window import Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    One SLO at one instant.

    Attributes:
        slo: Identifier.
        bounds: Its window at *at_ms*.
        counts: Samples of the window so far.
        burn: Burn rate over the window so far; ``None`` if nothing is valid.
        budget: What is spent of the whole window's budget.
        time: How the window so far divides.
        decisions: Each tier by itself, in the order of the policy.
        budget_decisions: Each alert about the budget.
    """

    slo: str
    at_ms: int
    bounds: Bounds
    counts: Counts
    burn: Rate | None
    budget: Budget
    time: TimeShares
    decisions: tuple[Decision, ...]
    budget_decisions: tuple[BudgetDecision, ...] = ()

    @property
    def sli(self) -> Fraction | None:
        """Share of valid samples that were good; ``None`` if nothing is valid."""
        return self.counts.sli

    @property
    def coverage(self) -> Fraction | None:
        """Share of the window's time that we know about, maintenance left out (R11)."""
        return self.time.coverage

    @property
    def pace(self) -> Rate | None:
        """The burn rate of late: over the shortest long window of the policy, else the window."""
        if not self.decisions:
            return self.burn
        return min(self.decisions, key=lambda decision: decision.tier.long_ms).burn_long

    @property
    def exhausted_in_ms(self) -> int | None:
        """How long the budget lasts at this pace; see `Budget.exhausted_in_ms`."""
        return self.budget.exhausted_in_ms(self.pace)
