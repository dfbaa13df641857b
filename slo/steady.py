"""What it takes for a tier to fire that something fails all the time, or a share of the time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from slo.policy import Tier


def steady_ratio(tier: Tier, objective: Fraction) -> Fraction | None:
    """The share of samples above which steady errors fire *tier*; ``None`` if not even all do."""
    ratio = tier.factor * (1 - objective)
    return ratio if ratio < 1 else None


def needed(tier: Tier, objective: Fraction, intervals_ms: Sequence[int]) -> tuple[int, int]:
    """
    How many samples must fail in the long and in the short window before *tier* fires.

    Args:
        tier: The tier.
        objective: Share of good events that is promised.
        intervals_ms: The interval of each series that is pooled.
    """
    share = tier.factor * (1 - objective)
    long, short = (
        math.floor(share * sum(-(-window_ms // each) for each in intervals_ms)) + 1
        for window_ms in (tier.long_ms, tier.short_ms)
    )
    return max(long, tier.min_bad), short


def binding(tier: Tier, objective: Fraction, intervals_ms: Sequence[int]) -> str:
    """
    Which window an outage has to convince last: ``long`` or ``short``.

    The one that needs more failures, for they fall into both at the same time.
    """
    long, short = needed(tier, objective, intervals_ms)
    return "long" if long >= short else "short"
