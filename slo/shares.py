"""How a stretch of time divides into up, down, excluded and unknown (R9, R11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

Milliseconds = int | Fraction
"""A length of time, exact; a `Fraction` only as a mean of several series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeShares:
    """
    Milliseconds of a stretch of time, each under exactly one name, all >= 0.

    Attributes:
        up_ms: A good sample speaks.
        down_ms: A sample that failed speaks, whether or not it was confirmed (R10).
        excluded_ms: Maintenance or a correction (R2).
        unknown_ms: Nobody speaks: no sample, one too old, or a void one.
    """

    up_ms: Milliseconds = 0
    down_ms: Milliseconds = 0
    excluded_ms: Milliseconds = 0
    unknown_ms: Milliseconds = 0

    @property
    def length_ms(self) -> Milliseconds:
        """All of it."""
        return self.up_ms + self.down_ms + self.excluded_ms + self.unknown_ms

    @property
    def availability(self) -> Fraction | None:
        """Up ÷ (up + down); ``None`` if neither is known."""
        known = self.up_ms + self.down_ms
        return Fraction(self.up_ms, known) if known else None

    @property
    def coverage(self) -> Fraction | None:
        """Share of the time that counts of which we know; ``None`` if no time counts."""
        counted = self.length_ms - self.excluded_ms
        return Fraction(self.up_ms + self.down_ms, counted) if counted else None

    def __add__(self, other: TimeShares) -> TimeShares:
        return TimeShares(
            up_ms=self.up_ms + other.up_ms,
            down_ms=self.down_ms + other.down_ms,
            excluded_ms=self.excluded_ms + other.excluded_ms,
            unknown_ms=self.unknown_ms + other.unknown_ms,
        )


def averaged(shares: Sequence[TimeShares], weights: Sequence[int] = ()) -> TimeShares:
    """
    The mean of several series over the same stretch of time, exact: its parts add up to it.

    Args:
        shares: Of each series.
        weights: How much each counts, >= 1; all the same if there are none.
    """
    if len(shares) == 1:
        return shares[0]
    each = list(zip(shares, weights or [1] * len(shares), strict=True))
    number = sum(weight for _, weight in each)
    return TimeShares(
        up_ms=Fraction(sum(share.up_ms * weight for share, weight in each), number),
        down_ms=Fraction(sum(share.down_ms * weight for share, weight in each), number),
        excluded_ms=Fraction(sum(share.excluded_ms * weight for share, weight in each), number),
        unknown_ms=Fraction(sum(share.unknown_ms * weight for share, weight in each), number),
    )
