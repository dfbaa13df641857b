"""Alert tiers, and the decision whether one fires (R7), in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from slo.budget import Rate, burn_rate
from slo.counts import Counts

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class NoData(StrEnum):
    """What becomes of a tier while one of its windows holds nothing valid."""

    HOLD = "hold"
    """It keeps its state."""
    RESOLVE = "resolve"
    """It is resolved."""


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


History = Callable[[int, int], Counts]
"""Counts of the samples due in ``(after_ms, until_ms]``, maintenance set aside."""


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
    NO_DATA_HELD = "no-data-held"
    """A window holds nothing valid; the tier keeps its state."""
    NO_DATA_RESOLVED = "no-data-resolved"
    """A window holds nothing valid, and the policy is to resolve then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What was decided about one tier at one instant, and on what grounds.

    Attributes:
        firing: Whether the tier fires from this instant on.
        long: Samples of the long window.
        short: Samples of the short window.
    """

    tier: Tier
    objective: Fraction
    at_ms: int
    firing: bool
    cause: Cause
    long: Counts
    short: Counts

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
    firing: bool,
    no_data: NoData = NoData.HOLD,
) -> Decision:
    """
    Decide whether *tier* fires at *at_ms* (R7).

    Args:
        tier: The tier.
        objective: Share of good events that is promised, 0 < objective <= 1.
        history: The samples.
        at_ms: The instant; nothing after it is looked at.
        firing: Whether it fired until now, which matters only without data.
        no_data: What to do then.
    """
    long = history(at_ms - tier.long_ms, at_ms)
    short = history(at_ms - tier.short_ms, at_ms)
    # burn > factor with all fractions multiplied out: exact, cheap, and without
    # a special case for an objective of 1.
    above = tier.factor.numerator * (objective.denominator - objective.numerator)
    below = tier.factor.denominator * objective.denominator
    if not long.valid or not short.valid:
        held = no_data is NoData.HOLD
        firing = firing and held
        cause = Cause.NO_DATA_HELD if held else Cause.NO_DATA_RESOLVED
    elif long.failed * below <= above * long.valid:
        firing, cause = False, Cause.LONG_WITHIN
    elif short.failed * below <= above * short.valid:
        firing, cause = False, Cause.SHORT_WITHIN
    elif long.bad < tier.min_bad:
        firing, cause = False, Cause.FEW_BAD
    else:
        firing, cause = True, Cause.BURNING
    return Decision(
        tier=tier,
        objective=objective,
        at_ms=at_ms,
        firing=firing,
        cause=cause,
        long=long,
        short=short,
    )
