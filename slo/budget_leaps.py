"""
Alerts about a budget replayed over history, in leaps.

The decisions are those of `decide_budget` at whole UTC minutes, each with the state that the
one before left.  Over a stretch of minutes the least and the most that can be counted bound
what is decided; where neither bound would change the state, the stretch is passed over.  So
the answer is that of deciding at every minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from slo.budget import INFINITE, Rate
from slo.budget_alerts import MARGIN, BudgetAlert, BudgetWatch, Kind, decide_budget
from slo.counts import Counts
from slo.history import History
from slo.policy import QUIET, NoData, State
from slo.spans import MINUTE_MS
from slo.window import Bounds, Rolling

LONGEST_MS: Final = 7 * 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFiring:
    """
    One firing of one alert.

    Attributes:
        fired_ms: The first minute at which it fired.
        resolved_ms: The first one at which it did not any more; ``None`` if it still did.
    """

    alert: BudgetAlert
    fired_ms: int
    resolved_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReplay:
    """What the alerts about one budget did, and the state of each at the end, by its name."""

    firings: tuple[BudgetFiring, ...]
    states: dict[str, State]


def replay_budget(watch: BudgetWatch, history: History, from_ms: int, to_ms: int) -> BudgetReplay:
    """Decide each alert of *watch* at every whole minute of two instants, both included."""
    first_ms = -(-from_ms // MINUTE_MS) * MINUTE_MS
    found: list[BudgetFiring] = []
    states: dict[str, State] = {}
    for alert in watch.alerts:
        alone = _OneAlert(watch, alert, history)
        states[alert.name] = alone.run(first_ms, to_ms // MINUTE_MS * MINUTE_MS)
        found += alone.firings
    found.sort(key=lambda each: each.fired_ms)
    return BudgetReplay(firings=tuple(found), states=states)


@dataclass(frozen=True, slots=True)
class _Range:
    """The least and the most that is counted at any minute of a stretch."""

    least: Counts
    most: Counts

    def spent(self, due: int, parts: tuple[Fraction, Fraction], allowed: Fraction) -> _Bound:
        """Between what the share of the budget lies; *parts* is how much of the window can be."""
        if not allowed:
            return (
                INFINITE if self.least.failed else Fraction(0),
                INFINITE if self.most.failed else Fraction(0),
            )
        low, high = Fraction(self.least.failed, due), Fraction(self.most.failed, due)
        if self.most.valid:
            low = min(low, self.least.failed * parts[0] / self.most.valid)
        if self.least.valid:
            high = min(high, self.most.failed * parts[1] / self.least.valid)
        return low / allowed, high / allowed

    def ratio(self) -> tuple[Fraction, Fraction]:
        """Between what the error ratio lies, 0 where nothing is valid."""
        if not self.most.failed:
            return Fraction(0), Fraction(0)
        high = Fraction(self.most.failed, self.least.valid) if self.least.valid else Fraction(1)
        return Fraction(self.least.failed, self.most.valid), min(high, Fraction(1))


_Bound = tuple[Rate, Rate]


class _OneAlert:
    """One alert on its way through history; *firings* is what it did so far."""

    def __init__(self, watch: BudgetWatch, alert: BudgetAlert, history: History) -> None:
        self._watch = watch
        self._alert = alert
        self._history = history
        self.firings: list[BudgetFiring] = []

    def run(self, first_ms: int, to_ms: int) -> State:
        """Decide at whole minutes; the state at the end."""
        state, at_ms, stride_ms = QUIET, first_ms, MINUTE_MS
        while at_ms <= to_ms:
            if stride_ms >= MINUTE_MS:
                last_ms = min(at_ms + stride_ms, to_ms)
                if self._stays(state, at_ms, last_ms):
                    at_ms = last_ms + MINUTE_MS
                    stride_ms = min(2 * stride_ms, LONGEST_MS)
                else:
                    stride_ms = stride_ms // 2 // MINUTE_MS * MINUTE_MS
                continue
            before = state
            state = decide_budget(
                self._watch, self._alert, self._history, at_ms, state=before
            ).state
            if state.firing and not before.firing:
                self._note(at_ms, None)
            elif before.firing and not state.firing:
                self._note(self.firings.pop().fired_ms, at_ms)
            at_ms += MINUTE_MS
            stride_ms = MINUTE_MS
        return state

    def _note(self, fired_ms: int, resolved_ms: int | None) -> None:
        self.firings.append(
            BudgetFiring(alert=self._alert, fired_ms=fired_ms, resolved_ms=resolved_ms)
        )

    def _stays(self, state: State, at_ms: int, last_ms: int) -> bool:
        """Whether *state* provably is the same at every minute of two, both included."""
        watch = self._watch
        first, last = watch.window.bounds(at_ms), watch.window.bounds(last_ms)
        rolling = isinstance(watch.window, Rolling)
        if not rolling and first.from_ms != last.from_ms:
            return False
        counted = self._range(first.after_ms, first.until_ms, last.after_ms, last.until_ms)
        if type(counted.most) is not Counts:
            return False  # made of parts, each of which has bounds of its own
        if not counted.most.valid:
            return not state.firing or watch.no_data is NoData.HOLD
        if not state.firing and counted.most.confirmed < watch.min_bad:
            return True
        if state.firing and not counted.least.valid:
            return False
        due, allowed = watch.due(first.length_ms), 1 - watch.objective
        passed = _passed(first), _passed(last)
        spent = counted.spent(due, passed, allowed)
        if self._alert.kind is not Kind.FORECAST:
            return self._keeps(spent, firing=state.firing)
        if not allowed:
            return not state.firing
        if state.firing:
            if not self._over(first, last, self._alert.over_ms, 0).least.valid:
                return False  # a pace that is not known foretells nothing
            return spent[1] < 1 and self._ahead(first, last, spent)[0] > 1 - MARGIN
        return spent[0] > 1 - MARGIN or self._ahead(first, last, spent, slowest=True)[1] <= 1

    def _keeps(self, spent: _Bound, *, firing: bool) -> bool:
        alert = self._alert
        if firing:
            return spent[0] > alert.over_at
        return spent[1] < alert.limit

    def _ahead(
        self, first: Bounds, last: Bounds, spent: _Bound, *, slowest: bool = False
    ) -> _Bound:
        """Between what the share lies that a forecast foretells."""
        watch, over_ms = self._watch, self._alert.over_ms
        allowed = 1 - watch.objective
        if slowest:
            each = []
            for part in range(3):
                early, late = over_ms * (part + 1) // 3, over_ms * part // 3
                each.append(self._over(first, last, early, late).ratio())
            pace = min(low for low, _ in each), min(high for _, high in each)
        else:
            pace = self._over(first, last, over_ms, 0).ratio()
        if not isinstance(watch.window, Rolling):
            rest = 1 - _passed(last), 1 - _passed(first)
        else:
            part_of = Fraction(over_ms, first.length_ms)
            rest = part_of, part_of
            kept = self._range(
                first.after_ms + over_ms, first.until_ms, last.after_ms + over_ms, last.until_ms
            )
            spent = kept.spent(watch.due(first.length_ms), (1 - part_of, 1 - part_of), allowed)
        return (
            spent[0] + pace[0] * rest[0] / allowed,
            spent[1] + pace[1] * rest[1] / allowed,
        )

    def _over(self, first: Bounds, last: Bounds, early_ms: int, late_ms: int) -> _Range:
        return self._range(
            first.until_ms - early_ms,
            first.until_ms - late_ms,
            last.until_ms - early_ms,
            last.until_ms - late_ms,
        )

    def _range(
        self, after_ms: int, until_ms: int, last_after_ms: int, last_until_ms: int
    ) -> _Range:
        """Of a window that moves from one place to another."""
        return _Range(
            least=self._history(last_after_ms, max(until_ms, last_after_ms)),
            most=self._history(after_ms, last_until_ms),
        )


def _passed(bounds: Bounds) -> Fraction:
    return Fraction(bounds.known_ms, bounds.length_ms)
