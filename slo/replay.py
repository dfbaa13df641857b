"""
A policy replayed over history: what would have fired and resolved, and when.

The decisions are those that the service takes at whole UTC minutes (R8), each given the
state that the one before it left.  Minutes at which provably nothing can change are left
out: the answer is the same to the minute, and a year takes a second or two.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slo.history import History
from slo.policy import QUIET, Cause, Decision, NoData, Reset, State, Tier, decide
from slo.spans import MINUTE_MS, Spans

NEVER_MS = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    All that decides about an SLO.

    Attributes:
        objective: Share of good events that is promised, 0 < objective <= 1.
        tiers: In the order of the policy.
        no_data: What becomes of a tier without data.
        reset: By what tiers are judged.
    """

    objective: Fraction
    tiers: tuple[Tier, ...]
    no_data: NoData = NoData.HOLD
    reset: Reset = Reset.EVIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """
    A stretch of time for which something fired.

    Attributes:
        fired_ms: The first minute at which it did.
        resolved_ms: The first one at which it did not any more; ``None`` if it still did at
            the end.
    """

    fired_ms: int
    resolved_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Firing):
    """One firing of one tier."""

    tier: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """
    What a policy did from one whole minute to another.

    Attributes:
        alerts: In order of time, then of the policy.
        states: What each tier carries at the end, by its name.
    """

    alerts: tuple[Alert, ...]
    states: Mapping[str, State]

    def by_severity(self, severity: str) -> tuple[Firing, ...]:
        """When any tier of *severity* fired; tiers that follow on each other are one firing."""
        return together(alert for alert in self.alerts if alert.severity == severity)

    def firing(self) -> frozenset[str]:
        """Names of the tiers that fire at the end."""
        return frozenset(name for name, state in self.states.items() if state.firing)


def together(firings: Iterable[Firing]) -> tuple[Firing, ...]:
    """When any of *firings* goes on."""
    spans = Spans.of(
        (each.fired_ms, NEVER_MS if each.resolved_ms is None else each.resolved_ms)
        for each in firings
    )
    return tuple(
        Firing(fired_ms=start, resolved_ms=None if end == NEVER_MS else end) for start, end in spans
    )


def replay(policy: Policy, history: History, from_ms: int, to_ms: int) -> Replay:
    """
    Replay *history* through *policy*.

    Args:
        policy: The policy.
        history: The samples, which need not reach further back than the windows do.
        from_ms: The first minute that is decided is this one, or the next whole one.
            Nothing fires before it.
        to_ms: No minute after this one is decided.
    """
    first_ms = -(-from_ms // MINUTE_MS) * MINUTE_MS
    longest_ms = max((tier.looks_back_ms for tier in policy.tiers), default=0)
    most = max(history(first_ms - longest_ms, to_ms).failed, 1)
    failures = history.failures(first_ms - longest_ms, to_ms, most)
    alerts: list[tuple[int, int, Alert]] = []
    states: dict[str, State] = {}
    for number, tier in enumerate(policy.tiers):
        alone = _OneTier(policy, tier, history, failures)
        states[tier.name] = alone.run(first_ms, to_ms)
        alerts += [(alert.fired_ms, number, alert) for alert in alone.alerts]
    alerts.sort(key=lambda each: each[:2])
    return Replay(alerts=tuple(alert for _, _, alert in alerts), states=states)


class _OneTier:
    """
    One tier on its way through history.

    Args:
        failures: When samples failed, in order, as far back as the first minute looks.

    Attributes:
        alerts: What it did so far.
    """

    def __init__(
        self, policy: Policy, tier: Tier, history: History, failures: Sequence[int]
    ) -> None:
        self._policy = policy
        self._tier = tier
        self._history = history
        self._failures = failures
        # burn > factor, multiplied out, as `decide` has it.
        objective = policy.objective
        self._above = tier.factor.numerator * (objective.denominator - objective.numerator)
        self._below = tier.factor.denominator * objective.denominator
        self.alerts: list[Alert] = []

    def run(self, first_ms: int, to_ms: int) -> State:
        """Decide from one whole minute on; the state at the end."""
        state, at_ms = QUIET, first_ms
        while at_ms <= to_ms:
            if state.firing:
                at_ms, state = self._until_resolved(state, at_ms, to_ms)
                continue
            quiet_ms = self._quiet_until(at_ms, to_ms)
            if quiet_ms is not None:
                at_ms = quiet_ms
                continue
            state = self._decide(state, at_ms).state
            if state.firing:
                self.alerts.append(self._alert(at_ms, None))
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

    def _alert(self, fired_ms: int, resolved_ms: int | None) -> Alert:
        tier = self._tier
        return Alert(
            tier=tier.name, severity=tier.severity, fired_ms=fired_ms, resolved_ms=resolved_ms
        )

    def _quiet_until(self, at_ms: int, to_ms: int) -> int | None:
        """
        The first minute after *at_ms* at which it might begin to fire; ``None`` if at *at_ms*.

        Only failures in the short window make that burn.  Until another one arrives there
        are never more of them in a window than now, so as long as enough samples stay in it,
        it cannot burn faster than its factor; how long, is found by halving.
        """
        short_ms = self._tier.short_ms
        arrived, next_ms = self._arrivals(at_ms)
        if not arrived or self._failures[arrived - 1] <= at_ms - short_ms:
            return next_ms
        last_ms = (self._failures[arrived - 1] + short_ms - 1) // MINUTE_MS * MINUTE_MS
        last_ms = min(last_ms, next_ms - MINUTE_MS, to_ms // MINUTE_MS * MINUTE_MS)
        while self._may_burn(at_ms, last_ms):
            if last_ms == at_ms:
                return None
            last_ms = (at_ms + last_ms) // 2 // MINUTE_MS * MINUTE_MS
        return last_ms + MINUTE_MS

    def _may_burn(self, at_ms: int, last_ms: int) -> bool:
        """Whether R7 might hold at a minute between two, if no failure arrives after the first."""
        if self._history(at_ms - self._tier.long_ms, at_ms).bad < self._tier.min_bad:
            return False
        for window_ms in (self._tier.long_ms, self._tier.short_ms):
            failed = self._history(at_ms - window_ms, at_ms).failed
            valid = self._history(last_ms - window_ms, at_ms).valid
            if failed * self._below <= self._above * valid:
                return False
        return True

    def _until_resolved(self, state: State, at_ms: int, to_ms: int) -> tuple[int, State]:
        """
        Decide while it fires; the minute that comes next, and its state before that.

        As long as no failure arrives, and none gets out of sight, evidence that an incident is
        over only grows: the end has more and more samples, what came before it has fewer.  So
        where it is not over at the end of such a stretch, it was not over within it.
        """
        while at_ms <= to_ms:
            silent_ms = self._silent_until(at_ms, to_ms)
            if silent_ms > at_ms:
                at_ms = silent_ms
                continue
            last_ms = self._stretch(state, at_ms, to_ms)
            if last_ms > at_ms:
                later = self._decide(state, last_ms)
                if later.cause is Cause.GOES_ON:
                    state, at_ms = later.state, last_ms + MINUTE_MS
                    continue
            state = self._decide(state, at_ms).state
            at_ms += MINUTE_MS
            if not state.firing:
                fired_ms = self.alerts[-1].fired_ms
                self.alerts[-1] = self._alert(fired_ms, at_ms - MINUTE_MS)
                break
        return at_ms, state

    def _silent_until(self, at_ms: int, to_ms: int) -> int:
        """The first minute from *at_ms* on at which what fires is not held for want of samples."""
        after_ms = at_ms - self._tier.short_ms
        if self._policy.no_data is not NoData.HOLD or self._history(after_ms, at_ms).valid:
            return at_ms
        silent_ms, some_ms = at_ms, at_ms + MINUTE_MS
        while some_ms <= to_ms and not self._history(after_ms, some_ms).valid:
            silent_ms, some_ms = some_ms, 2 * some_ms - at_ms
        while some_ms - silent_ms > MINUTE_MS:
            middle_ms = (silent_ms + some_ms) // 2 // MINUTE_MS * MINUTE_MS
            if self._history(after_ms, middle_ms).valid:
                some_ms = middle_ms
            else:
                silent_ms = middle_ms
        return some_ms

    def _stretch(self, state: State, at_ms: int, to_ms: int) -> int:
        """How far from *at_ms* on it can only resolve on evidence that grows."""
        began_ms = state.since_ms if state.began_ms is None else state.began_ms
        if self._policy.reset is not Reset.EVIDENCE or began_ms is None:
            return at_ms
        tier = self._tier
        arrived, next_ms = self._arrivals(at_ms)
        oldest = bisect_right(self._failures, max(at_ms - tier.looks_back_ms, began_ms - 1))
        if oldest >= arrived:
            return at_ms
        last_ms = min(
            at_ms + tier.short_ms // 2,
            next_ms - 1,
            self._failures[oldest] + tier.looks_back_ms - 1,
            to_ms,
        )
        last_ms = last_ms // MINUTE_MS * MINUTE_MS
        # Without a valid sample in its short window it would be held, or resolved, without data.
        if last_ms <= at_ms or not self._history(last_ms - tier.short_ms, at_ms).valid:
            return at_ms
        return last_ms

    def _arrivals(self, at_ms: int) -> tuple[int, int]:
        """How many failures there were by *at_ms*, and the first minute that sees another."""
        arrived = bisect_right(self._failures, at_ms)
        if arrived == len(self._failures):
            return arrived, NEVER_MS
        return arrived, -(-self._failures[arrived] // MINUTE_MS) * MINUTE_MS
