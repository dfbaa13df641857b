"""
One tier on its way through history, in leaps.

From a minute at which nothing can change the way goes straight to the first one at which
something might.  Every leap rests on a bound that holds for all minutes it passes over, so
the answer is that of deciding at each of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from slo.counts import Counts
from slo.evidence import cannot_be_over, is_over, stays_chance
from slo.history import History
from slo.policy import (
    QUIET,
    Cause,
    Decision,
    NoData,
    Policy,
    Reset,
    State,
    Tier,
    decide,
    sought_after_ms,
)
from slo.spans import MINUTE_MS

NEVER_MS = 1 << 62


class OneTier:
    """
    One tier of a policy.

    Args:
        failures: When samples failed, in order, as far back as the first minute looks.

    Attributes:
        firings: When it fired and when it was resolved; ``None`` while it was not.
    """

    def __init__(
        self, policy: Policy, tier: Tier, history: History, failures: Sequence[int]
    ) -> None:
        self._policy = policy
        self._tier = tier
        self._history = _AtHand(history, failures)
        self._failures = failures
        # burn > factor, multiplied out, as `decide` has it.
        objective = policy.objective
        self._above = tier.factor.numerator * (objective.denominator - objective.numerator)
        self._below = tier.factor.denominator * objective.denominator
        self.firings: list[tuple[int, int | None]] = []

    def run(self, first_ms: int, to_ms: int) -> State:
        """Decide from the whole minute *first_ms* on, up to *to_ms*; the state at the end."""
        state, at_ms, to_ms = QUIET, first_ms, _minute(to_ms)
        while at_ms <= to_ms:
            leap = self._while_firing if state.firing else self._while_quiet
            next_ms = leap(state, at_ms, to_ms)
            if next_ms > at_ms:
                at_ms = next_ms
                continue
            decision = self._decide(state, at_ms)
            if decision.firing and not state.firing:
                self.firings.append((at_ms, None))
            elif state.firing and not decision.firing:
                self.firings[-1] = self.firings[-1][0], at_ms
            state = decision.state
            if decision.cause is Cause.CHANCE:
                at_ms = self._while_chance(state, at_ms)
            else:
                at_ms += MINUTE_MS
        return state

    def _decide(self, state: State, at_ms: int) -> Decision:
        policy = self._policy
        return decide(
            self._tier,
            policy.objective,
            self._history,
            at_ms,
            state=state,
            no_data=policy.no_data,
            reset=policy.reset,
        )

    def _arrivals(self, at_ms: int) -> tuple[int, int]:
        """How many failures there were by *at_ms*, and the first minute that sees another."""
        arrived = bisect_right(self._failures, at_ms)
        if arrived == len(self._failures):
            return arrived, NEVER_MS
        return arrived, -(-self._failures[arrived] // MINUTE_MS) * MINUTE_MS

    def _while_quiet(self, _: State, at_ms: int, to_ms: int) -> int:
        """
        The first minute from *at_ms* on at which it might begin to fire.

        Only failures in the short window make that burn, and until another one arrives
        there are never more of them in a window than now.
        """
        arrived, next_ms = self._arrivals(at_ms)
        gone_ms = self._failures[arrived - 1] + self._tier.short_ms if arrived else at_ms
        if gone_ms <= at_ms:
            return next_ms
        last_ms = min(_minute(gone_ms - 1), next_ms - MINUTE_MS, to_ms)
        return _as_long_as(self._cannot_burn, at_ms, last_ms)

    def _cannot_burn(self, at_ms: int, last_ms: int) -> bool:
        """Whether R7 holds at no minute between two, if no failure arrives after the first."""
        history = self._history
        if history(at_ms - self._tier.long_ms, at_ms).confirmed < self._tier.min_bad:
            return True
        for window_ms in (self._tier.long_ms, self._tier.short_ms):
            most, fewest = history(at_ms - window_ms, at_ms), history(last_ms - window_ms, at_ms)
            if not most.may_pass(fewest, self._above, self._below):
                return True
        return False

    def _while_chance(self, state: State, at_ms: int) -> int:
        """The first minute after *at_ms* at which what was chance there might be more."""
        after_ms = sought_after_ms(self._tier, state, at_ms)
        if stays_chance(self._history, self._policy.objective, after_ms, at_ms):
            return self._arrivals(at_ms)[1]
        return at_ms + MINUTE_MS

    def _while_firing(self, state: State, at_ms: int, to_ms: int) -> int:
        """The first minute from *at_ms* on at which it might be resolved."""
        silent_ms = self._silent_until(at_ms, to_ms)
        if silent_ms > at_ms:
            return silent_ms
        if self._policy.reset is Reset.EVIDENCE:
            over_ms = self._goes_on_until(state, at_ms, to_ms)
            if over_ms > at_ms or self._tier.wakes:
                return over_ms
        arrived = self._arrivals(at_ms)[0]
        gone_ms = self._failures[arrived - 1] + self._tier.short_ms if arrived else at_ms
        return _as_long_as(self._must_burn, at_ms, min(_minute(gone_ms - 1), to_ms))

    def _silent_until(self, at_ms: int, to_ms: int) -> int:
        """The first minute from *at_ms* on at which what fires is not held for want of samples."""
        after_ms = at_ms - self._tier.short_ms
        if self._policy.no_data is not NoData.HOLD or self._history(after_ms, at_ms).valid:
            return at_ms
        silent_ms, some_ms = at_ms, at_ms + MINUTE_MS
        while some_ms <= to_ms and not self._history(after_ms, some_ms).valid:
            silent_ms, some_ms = some_ms, 2 * some_ms - at_ms
        return _first(lambda ms: self._history(after_ms, ms).valid > 0, silent_ms, some_ms)

    def _must_burn(self, at_ms: int, last_ms: int) -> bool:
        """Whether R7 holds at every minute between two, whatever arrives after the first."""
        history = self._history
        if history(last_ms - self._tier.long_ms, at_ms).confirmed < self._tier.min_bad:
            return False
        for window_ms in (self._tier.long_ms, self._tier.short_ms):
            least, most = history(last_ms - window_ms, at_ms), history(at_ms - window_ms, last_ms)
            if not least.must_pass(most, self._above, self._below):
                return False
        return True

    def _goes_on_until(self, state: State, at_ms: int, to_ms: int) -> int:
        """
        The first minute from *at_ms* on at which the samples might show that it is over.

        As long as no failure arrives, and none gets out of sight, evidence only grows: the
        end has more and more samples, what came before it has fewer.  So it is not over
        before the first minute at which it is.
        """
        arrived, next_ms = self._arrivals(at_ms)
        after_ms = sought_after_ms(self._tier, state, at_ms)
        oldest = bisect_right(self._failures, after_ms)
        if oldest >= arrived:
            return at_ms
        far_ms = min(_minute(at_ms + self._tier.long_ms), to_ms)
        if self._policy.no_data is not NoData.HOLD:
            # Without a valid sample in its short window it would be resolved.
            if not self._history(at_ms - self._tier.short_ms // 2, at_ms).valid:
                return at_ms
            far_ms = min(far_ms, _minute(at_ms + self._tier.short_ms // 2 - 1))
        if cannot_be_over(self._history, after_ms, at_ms):
            return _as_long_as(
                lambda _, last_ms: cannot_be_over(self._history, after_ms, last_ms), at_ms, far_ms
            )
        kept_ms = _minute(self._failures[oldest] + self._tier.looks_back_ms - 1)
        last_ms = min(far_ms, next_ms - MINUTE_MS, kept_ms)

        def over(ms: int) -> bool:
            return is_over(self._history, sought_after_ms(self._tier, state, ms), ms)

        if last_ms < at_ms or over(at_ms):
            return at_ms
        return _first(over, at_ms, last_ms) if over(last_ms) else last_ms + MINUTE_MS


class _AtHand:
    """A history whose failures need not be looked for again at each decision."""

    def __init__(self, history: History, failures: Sequence[int]) -> None:
        self._history = history
        self._failures = failures

    def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
        """The same."""
        return self._history(after_ms, until_ms)

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        """The same."""
        start, end = (bisect_right(self._failures, at_ms) for at_ms in (after_ms, until_ms))
        return self._failures[max(start, end - most) : end]

    def apart(self) -> Sequence[History]:
        """Its parts; itself, if it is one."""
        parts = self._history.apart()
        return (self,) if len(parts) == 1 else parts


def _minute(at_ms: int) -> int:
    """The last whole minute by *at_ms*."""
    return at_ms // MINUTE_MS * MINUTE_MS


def _as_long_as(sure: Callable[[int, int], bool], at_ms: int, last_ms: int) -> int:
    """
    The minute after those, from *at_ms* on, for which *sure* was found to hold.

    They are sought from *last_ms* back, by halving; *at_ms* itself if there is none.
    """
    while last_ms >= at_ms:
        if sure(at_ms, last_ms):
            return last_ms + MINUTE_MS
        last_ms = _minute((at_ms + last_ms) // 2) if last_ms > at_ms else at_ms - MINUTE_MS
    return at_ms


def _first(holds: Callable[[int], bool], not_ms: int, yes_ms: int) -> int:
    """The first minute at which *holds*, which does not at *not_ms* and, from there on, does."""
    while yes_ms - not_ms > MINUTE_MS:
        middle_ms = _minute((not_ms + yes_ms) // 2)
        if holds(middle_ms):
            yes_ms = middle_ms
        else:
            not_ms = middle_ms
    return yes_ms
