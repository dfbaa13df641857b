"""
What a tier means in plain numbers, before it wakes anyone.

All of it follows from R7, and from what `slo.evidence` asks beside it, for samples
that come at fixed intervals: a window of length *W* holds at most one sample per
started interval, a steady share of which must fail before the burn rate passes the
factor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from slo.evidence import chance_pages, fewest_bad, fewest_good_after
from slo.policy import Reset, Tier
from slo.window import DAY_MS

Intervals = int | Sequence[int]
"""The interval of a series, or those of several that are pooled, each > 0."""

MONTH_MS = 30 * DAY_MS
LEAST_SAMPLES = 2
"""A short window of fewer intervals than this is decided by a single sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """
    The smallest total outage that fires a tier: every sample fails and is confirmed.

    Attributes:
        samples: Consecutive bad samples, of all series together, until it fires.
        lasting_ms: The shortest outage that catches so many: from the first of
            them to the last.  Shorter ones pass unnoticed wherever they fall.
        found_within_ms: How long after its beginning it fires at the latest, not
            counting how long an answer and its confirmations take: it may begin
            just after a sample.  Every outage that lasts so long fires.
    """

    samples: int
    lasting_ms: int
    found_within_ms: int


def smallest_outage(
    tier: Tier,
    interval_ms: Intervals,
    objective: Fraction,
    reset: Reset = Reset.EVIDENCE,
) -> Outage | None:
    """
    The smallest total outage that fires *tier*; ``None`` if none ever does.

    Args:
        tier: The tier.
        interval_ms: The interval, or that of each series that is pooled.  Where
            they differ they are taken to ask at the same moment when the outage
            begins, so the answer is right to one interval.
        objective: Share of good events that is promised.
        reset: By what it is judged.
    """
    intervals_ms = _each(interval_ms)
    need_long, need_short = _needed(tier, objective, intervals_ms)
    need_ever = _evidence(tier, objective, reset)

    def fires(since_ms: int) -> bool:
        """Whether it fires this long after the first bad samples."""
        return (
            _bad(since_ms, tier.long_ms, intervals_ms) >= need_long
            and _bad(since_ms, tier.short_ms, intervals_ms) >= need_short
            and _bad(since_ms, tier.looks_back_ms, intervals_ms) >= need_ever
        )

    if not fires(tier.looks_back_ms):
        return None
    low, high = -1, tier.looks_back_ms
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fires(middle) else (middle, high)
    return Outage(
        samples=sum(high // interval + 1 for interval in intervals_ms),
        lasting_ms=high,
        found_within_ms=high + max(intervals_ms),
    )


def resolves_within_ms(
    tier: Tier,
    interval_ms: Intervals,
    objective: Fraction,
    reset: Reset = Reset.EVIDENCE,
) -> int | None:
    """
    How long after a total outage *tier* resolves, at the latest; ``None`` if none fires it.

    By its windows, what fills the short one takes longest to leave it; by evidence, the
    smallest outage says least of what it was.
    """
    smallest = smallest_outage(tier, interval_ms, objective, reset)
    if smallest is None:
        return None
    intervals_ms = _each(interval_ms)
    share = tier.factor * (1 - objective)
    allowed = math.floor(share * _held(tier.short_ms, intervals_ms))
    windows_ms = tier.short_ms - allowed // len(intervals_ms) * max(intervals_ms)
    windows_ms = max(windows_ms, *intervals_ms)
    if reset is Reset.WINDOW:
        return windows_ms
    good = fewest_good_after(smallest.samples)
    ended_ms = -(-good // len(intervals_ms)) * max(intervals_ms)
    return ended_ms if tier.wakes else max(windows_ms, ended_ms)


def never_fires(
    tier: Tier,
    interval_ms: Intervals,
    objective: Fraction,
    reset: Reset = Reset.EVIDENCE,
) -> str | None:
    """Why not even a total outage fires *tier*; ``None`` if one does."""
    if tier.factor * (1 - objective) >= 1:
        most = float(1 / (1 - objective))
        return (
            f"a total outage burns at {most:g}, "
            f"which does not pass the factor {float(tier.factor):g}"
        )
    most_bad = _held(tier.long_ms, _each(interval_ms))
    if most_bad < tier.min_bad:
        return f"its long window holds {most_bad} of the {tier.min_bad} bad samples that it needs"
    needed = _evidence(tier, objective, reset)
    known = _held(tier.looks_back_ms, _each(interval_ms))
    if known < needed:
        return (
            f"the {known} samples that it looks back over could all fail by chance, "
            f"which {needed} could not"
        )
    return None


def short_window_too_short(tier: Tier, interval_ms: Intervals) -> bool:
    """Whether the short window is shorter than two intervals of the series asked least often."""
    return tier.short_ms < LEAST_SAMPLES * max(_each(interval_ms))


def false_alarms_per_month(
    tier: Tier,
    interval_ms: Intervals,
    objective: Fraction,
    *,
    loss: Fraction = Fraction(1, 1000),
    confirmations: int = 0,
    reset: Reset = Reset.EVIDENCE,
) -> float:
    """
    How often a tier fires in 30 days though nothing is wrong, at most.

    Every attempt is lost with chance *loss*, each independently of the others.
    While samples come steadily a tier can begin to fire only as a failed sample
    arrives, so the expected number of failed samples on whose arrival R7 holds
    bounds the expected number of alerts.  It is computed from the binomial
    distribution, and is above the truth only by counting an alert again when
    a further failure arrives while it fires.  Where evidence is asked for as well,
    no more alerts can begin than failures arrive on which there is some; the
    smaller of the two bounds holds.

    Args:
        tier: The tier.
        interval_ms: The interval, or that of each series that is pooled.
        objective: Share of good events that is promised.
        loss: Chance that an attempt is lost, 0 < loss < 1.
        confirmations: How often a failure is asked again before it counts as
            confirmed.
        reset: By what the tier is judged.
    """
    intervals_ms = _each(interval_ms)
    need_long, need_short = _needed(tier, objective, intervals_ms, min_bad=1)
    long = _held(tier.long_ms, intervals_ms)
    short = _held(tier.short_ms, intervals_ms)
    chance = float(loss)
    confirmed = chance**confirmations
    # The sample that arrives has failed; the others of the windows may have.
    in_short = list(_binomial(short - 1, chance))
    before = list(_binomial(long - short, chance))
    most = 1 + len(in_short) + len(before)
    enough = [_at_least(tier.min_bad, failed, confirmed) for failed in range(most)]
    holds = 0.0
    for recent in range(max(need_short - 1, 0), len(in_short)):
        for earlier in range(max(need_long - 1 - recent, 0), len(before)):
            holds += in_short[recent] * before[earlier] * enough[1 + recent + earlier]
    samples = sum(MONTH_MS / interval for interval in intervals_ms)
    by_windows = samples * chance * holds
    if reset is Reset.WINDOW or not tier.wakes:
        return by_windows
    known = _held(tier.looks_back_ms, intervals_ms)
    return min(by_windows, samples * chance_pages(objective, loss, known))


def _evidence(tier: Tier, objective: Fraction, reset: Reset) -> int:
    """How many samples must fail one after the other to be evidence, where *tier* asks for it."""
    return fewest_bad(objective) if reset is Reset.EVIDENCE and tier.wakes else 0


def _each(interval_ms: Intervals) -> Sequence[int]:
    return [interval_ms] if isinstance(interval_ms, int) else interval_ms


def _held(window_ms: int, intervals_ms: Sequence[int]) -> int:
    """How many samples a window holds as a sample arrives: one per started interval."""
    return sum(-(-window_ms // interval) for interval in intervals_ms)


def _bad(since_ms: int, window_ms: int, intervals_ms: Sequence[int]) -> int:
    """How many of them have failed, so long after the first failed."""
    return sum(
        min(since_ms // interval + 1, -(-window_ms // interval)) for interval in intervals_ms
    )


def _needed(
    tier: Tier, objective: Fraction, intervals_ms: Sequence[int], min_bad: int | None = None
) -> tuple[int, int]:
    """How many failures the long and the short window need: the fewest that pass the factor."""
    share = tier.factor * (1 - objective)
    least = tier.min_bad if min_bad is None else min_bad
    long = math.floor(share * _held(tier.long_ms, intervals_ms)) + 1
    short = math.floor(share * _held(tier.short_ms, intervals_ms)) + 1
    return max(long, least), short


NEGLIGIBLE = 1e-18


def _binomial(trials: int, chance: float) -> Iterator[float]:
    """The chances of 0, 1, 2, … failures, until what is left is negligible."""
    logs = math.log(chance), math.log1p(-chance)
    for failures in range(trials + 1):
        ways = math.lgamma(trials + 1) - math.lgamma(failures + 1)
        ways -= math.lgamma(trials - failures + 1)
        term = math.exp(ways + failures * logs[0] + (trials - failures) * logs[1])
        yield term
        if term < NEGLIGIBLE and failures > trials * chance:
            return


def _at_least(needed: int, failed: int, confirmed: float) -> float:
    """The chance that at least *needed* of *failed* are confirmed, each with chance *confirmed*."""
    if confirmed == 1:
        return float(failed >= needed)
    return sum(islice(_binomial(failed, confirmed), needed, None))
