"""What the schedule says about itself: counts that only grow, and a histogram."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

LATENESS_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the buckets, inclusive; one more bucket holds what is above."""


@dataclass(slots=True)
class Histogram:
    """Counts by bucket, not cumulative."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one *value*."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[str, float]]:
        """Buckets as OpenMetrics wants them: upper bound as text, how many at or below."""
        labels = [*(str(bound) for bound in self.bounds), "+Inf"]
        seen = 0
        buckets = []
        for label, count in zip(labels, self.counts, strict=True):
            seen += count
            buckets.append((label, float(seen)))
        return buckets


@dataclass(slots=True)
class ScheduleStats:
    """
    Counts since the process began.

    Attributes:
        samples: By outcome, and for ``void`` by reason: ``(outcome, reason)``.
        missed_beats: Runs that were never asked because their time had passed.
        lateness: Seconds from due to begun, of the runs that began.
    """

    samples: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed_beats: int = 0
    lateness: Histogram = field(default_factory=lambda: Histogram(LATENESS_BOUNDS_S))
