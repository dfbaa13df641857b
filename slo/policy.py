"""Alert tiers, and the decision whether one fires (R7), in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from slo.budget import Rate, burn_rate
from slo.counts import Counts
from slo.evidence import is_over, strongest
from slo.history import History

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
LOOKS_BACK: Final = 4
"""Long windows within which evidence is sought: slow errors show in more than one."""


class NoData(StrEnum):
    """What becomes of a tier while one of its windows holds nothing valid."""

    HOLD = "hold"
    """It keeps its state."""
    RESOLVE = "resolve"
    """It is resolved."""


class Reset(StrEnum):
    """By what a tier is judged."""

    EVIDENCE = "evidence"
    """What fires must be more than chance, and what resolves must be over: `slo.evidence`."""
    WINDOW = "window"
    """The two windows alone, anew at every instant (R7)."""


@dataclass(frozen=True, slots=True)
class State:
    """
    What a tier carries from one decision to the next.

    Attributes:
        firing: Whether it fires.
        since_ms: When it began to, or when it last resolved; ``None`` if it never fired.
        began_ms: While it fires on evidence, the first failure of its incident.
    """

    firing: bool = False
    since_ms: int | None = None
    began_ms: int | None = None


QUIET = State()
"""A tier that never fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """
    One row of an alert policy.

    Attributes:
        name: Identifier within the SLO, such as ``fast``.
        severity: ``page``, ``ticket`` or ``log``.
        long_ms: The window that shows that it matters, >= *short_ms*.
        short_ms: The window that shows that it goes on, > 0.
        factor: The burn rate that both must pass, > 0, strictly.
        min_bad: How many confirmed bad samples the long window must hold, >= 1.
    """

    name: str
    severity: str
    long_ms: int
    short_ms: int
    factor: Fraction
    min_bad: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.short_ms <= self.long_ms:
            raise ValueError(
                f"tier {self.name}: 0 < {self.short_ms} <= {self.long_ms} does not hold"
            )
        if self.factor <= 0:
            raise ValueError(f"tier {self.name}: factor {self.factor} is not above 0")
        if self.min_bad < 1:
            raise ValueError(f"tier {self.name}: min_bad {self.min_bad} is below 1")

    @property
    def wakes(self) -> bool:
        """Whether it wakes a human, which by `Reset.EVIDENCE` takes more than chance."""
        return self.severity == "page"

    @property
    def looks_back_ms(self) -> int:
        """How far before an instant the samples are that evidence is sought in."""
        return LOOKS_BACK * self.long_ms


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


def factor_for_share(share: Fraction, window_ms: int, long_ms: int) -> Fraction:
    """The burn rate that spends *share* of a window's budget within *long_ms*."""
    return share * window_ms / long_ms


# Name, severity, share of the budget in percent, long window, short window: design §6.
_DEFAULTS = (
    ("fast", "page", 2, HOUR_MS, 5 * MINUTE_MS),
    ("slow", "page", 5, 6 * HOUR_MS, 30 * MINUTE_MS),
    ("drift", "ticket", 10, 24 * HOUR_MS, 2 * HOUR_MS),
    ("drip", "ticket", 10, 72 * HOUR_MS, 6 * HOUR_MS),
)
LEAST_INTERVALS = 3
"""A short window of fewer samples than this is decided by one of them."""


def default_tiers(
    window_length_ms: int, interval_ms: int, objective: Fraction | None = None
) -> tuple[Tier, ...]:
    """
    The policy of an SLO that brings none.

    A short window is stretched to three intervals, and the long one with it
    where it would be shorter.  Left out are tiers that look back further than
    the SLO does and, if *objective* is given, those that not even a total
    outage could fire, so a very short window or low objective has fewer.
    """
    tiers = []
    for name, severity, percent, long, short in _DEFAULTS:
        short_ms = max(short, LEAST_INTERVALS * interval_ms)
        long_ms = max(long, short_ms)
        factor = factor_for_share(Fraction(percent, 100), window_length_ms, long_ms)
        if long_ms > window_length_ms:
            continue
        if objective is not None and factor * (1 - objective) >= 1:
            continue
        tiers.append(
            Tier(name=name, severity=severity, long_ms=long_ms, short_ms=short_ms, factor=factor)
        )
    return tuple(tiers)


class Cause(StrEnum):
    """Why a tier fires or does not."""

    BURNING = "burning"
    """Both windows burn faster than the factor, with enough bad samples."""
    LONG_WITHIN = "long-within"
    """The long window does not burn faster than the factor: it does not matter yet, or no more."""
    SHORT_WITHIN = "short-within"
    """The short window does not: it has stopped."""
    FEW_BAD = "few-bad"
    """Both do, but with fewer confirmed bad samples than ``min_bad``."""
    CHANCE = "chance"
    """Both do, but chance alone could have brought these failures."""
    GOES_ON = "goes-on"
    """It fires, and the samples since do not show that it is over."""
    OVER = "over"
    """The samples since could hardly have come from what it fired for."""
    NO_DATA_HELD = "no-data-held"
    """A window holds nothing valid; the tier keeps its state."""
    NO_DATA_RESOLVED = "no-data-resolved"
    """A window holds nothing valid, and the policy is to resolve then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What was decided about one tier at one instant, and on what grounds.

    Attributes:
        state: Whether the tier fires from this instant on, and since when; what the
            next decision is given.
        long: Samples of the long window.
        short: Samples of the short window.
    """

    tier: Tier
    objective: Fraction
    at_ms: int
    state: State
    cause: Cause
    long: Counts
    short: Counts

    @property
    def firing(self) -> bool:
        """Whether the tier fires from this instant on."""
        return self.state.firing

    @property
    def burn_long(self) -> Rate | None:
        """Burn rate over the long window."""
        return burn_rate(self.long, self.objective)

    @property
    def burn_short(self) -> Rate | None:
        """Burn rate over the short window."""
        return burn_rate(self.short, self.objective)


def decide(
    tier: Tier,
    objective: Fraction,
    history: History,
    at_ms: int,
    *,
    state: State,
    no_data: NoData = NoData.HOLD,
    reset: Reset = Reset.EVIDENCE,
) -> Decision:
    """
    Decide whether *tier* fires at *at_ms* (R7).

    Args:
        tier: The tier.
        objective: Share of good events that is promised, 0 < objective <= 1.
        history: The samples.
        at_ms: The instant; nothing after it is looked at.
        state: What the decision before left, `QUIET` at first.
        no_data: What to do while a window holds nothing valid.
        reset: By what it is judged.
    """
    long = history(at_ms - tier.long_ms, at_ms)
    short = history(at_ms - tier.short_ms, at_ms)
    began_ms = None
    if not long.valid or not short.valid:
        held = no_data is NoData.HOLD
        firing = state.firing and held
        cause = Cause.NO_DATA_HELD if held else Cause.NO_DATA_RESOLVED
    else:
        firing, cause = _by_windows(tier, objective, long, short)
        if reset is Reset.EVIDENCE and state.firing:
            firing, cause = _by_end(tier, history, at_ms, state, burning=firing)
        elif reset is Reset.EVIDENCE and firing:
            incident = strongest(history, objective, sought_after_ms(tier, state, at_ms), at_ms)
            began_ms = incident.from_ms
            if tier.wakes and not incident.more_than_chance:
                firing, cause = False, Cause.CHANCE
    if firing != state.firing:
        state = State(firing, at_ms, began_ms)
    return Decision(
        tier=tier,
        objective=objective,
        at_ms=at_ms,
        state=state,
        cause=cause,
        long=long,
        short=short,
    )


def _by_end(
    tier: Tier, history: History, at_ms: int, state: State, *, burning: bool
) -> tuple[bool, Cause]:
    """
    Whether what *tier* fires for goes on.

    One that asks for no evidence before it fires would fire again at once while it is
    *burning*, so it goes on as long.
    """
    if burning and not tier.wakes:
        return True, Cause.BURNING
    if is_over(history, sought_after_ms(tier, state, at_ms), at_ms):
        return False, Cause.OVER
    return True, Cause.BURNING if burning else Cause.GOES_ON


def sought_after_ms(tier: Tier, state: State, at_ms: int) -> int:
    """Of the samples by *at_ms*, only those after this are looked at for evidence."""
    if state.firing:
        began_ms = state.since_ms if state.began_ms is None else state.began_ms
        return max(at_ms - tier.looks_back_ms, (began_ms or 0) - 1)
    # What came before it last resolved was told already.
    return max(at_ms - tier.looks_back_ms, state.since_ms or 0)


def _by_windows(tier: Tier, objective: Fraction, long: Counts, short: Counts) -> tuple[bool, Cause]:
    """Whether R7 holds, and why or why not; both windows hold something valid."""
    # burn > factor with all fractions multiplied out: exact, cheap, and without
    # a special case for an objective of 1.
    above = tier.factor.numerator * (objective.denominator - objective.numerator)
    below = tier.factor.denominator * objective.denominator
    if not long.passes(above, below):
        return False, Cause.LONG_WITHIN
    if not short.passes(above, below):
        return False, Cause.SHORT_WITHIN
    if long.confirmed < tier.min_bad:
        return False, Cause.FEW_BAD
    return True, Cause.BURNING
