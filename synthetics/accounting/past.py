"""One SLO with all of its stored history: where it stood at any instant, and what a policy did."""

from __future__ import annotations

from dataclasses import replace

from slo.budget import Budget
from slo.budget_alerts import BudgetWatch
from slo.budget_leaps import BudgetReplay, replay_budget
from slo.history import History
from slo.policy import Policy
from slo.replay import Replay, replay
from slo.spans import Spans
from synthetics.accounting.ledger import Ledger
from synthetics.accounting.rounds import Reach
from synthetics.accounting.standing import Standing
from synthetics.accounting.views import parts
from synthetics.config.model import Config, Slo
from synthetics.store.reader import Reader


class Past:
    """
    What is stored for one SLO.

    Args:
        config: The configuration.
        slo: One of its SLOs, perhaps with another window.
        reader: Where samples are kept.
        until_ms: Nothing later is looked at.

    Attributes:
        slo: The same.
        probes: Those of the configuration.
        first_ms: When the oldest sample that is stored was due; *until_ms* without any.
    """

    def __init__(self, config: Config, slo: Slo, reader: Reader, until_ms: int) -> None:
        self.slo = slo
        self.probes = config.probes
        first_ms = reader.first_ms()
        self.first_ms = until_ms if first_ms is None else min(first_ms, until_ms)
        self._ledger = Ledger(replace(config, slos={**parts(config, slo), slo.id: slo}))
        self._ledger.load(reader, until_ms, self.first_ms)

    @property
    def history(self) -> History:
        """All samples."""
        return self._ledger.history(self.slo.id)

    def standing(self, at_ms: int) -> Standing:
        """
        Where the SLO stood: the counts of this very instant, and of its tiers and alerts about
        the budget what a replay from the start of history says at the last whole minute (R8).
        """
        states = dict(self.replay(policy_of(self.slo), at_ms).states)
        if self.slo.budget_watch is not None:
            states |= self.replay_budget(self.slo.budget_watch, at_ms).states
        stood = self._ledger.standing(self.slo.id, at_ms, states)
        return replace(
            stood,
            decisions=tuple(
                replace(each, state=states[each.tier.name]) for each in stood.decisions
            ),
            budget_decisions=tuple(
                replace(each, state=states[each.alert.name]) for each in stood.budget_decisions
            ),
        )

    def replay(self, policy: Policy, until_ms: int) -> Replay:
        """What *policy* did from the start of history on."""
        return replay(policy, self.history, self.first_ms, until_ms)

    def replay_budget(self, watch: BudgetWatch, until_ms: int) -> BudgetReplay:
        """What the alerts of *watch* did from the start of history on."""
        return replay_budget(watch, self.history, self.first_ms, until_ms)

    def reach(self, at_ms: int) -> Reach | None:
        """How several locations saw the window at *at_ms*; ``None`` if there was only one."""
        bounds = self.slo.window.bounds(at_ms)
        return self._ledger.reach(self.slo.id, bounds.after_ms, bounds.until_ms)

    def budget(self, at_ms: int) -> Budget:
        """The budget as it was at *at_ms*."""
        return self._ledger.standing(self.slo.id, at_ms).budget

    def down(self, from_ms: int, to_ms: int) -> Spans:
        """When any series was down."""
        return self._ledger.down_spans(self.slo.id, from_ms, to_ms)


def policy_of(slo: Slo) -> Policy:
    """How *slo* alerts."""
    return Policy(objective=slo.objective, tiers=slo.tiers, no_data=slo.no_data, reset=slo.reset)
