"""How many samples were what: the numerator and the denominator of everything."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """
    Samples of a stretch of time, each counted under exactly one name, all >= 0.

    Attributes:
        good: As they should be.
        bad: Failed, and every confirmation failed too.
        blip: Failed at first, but a confirmation did not: the user of that
            moment was hurt (R10), nobody needs to be woken.
        void: *We* could not ask; neither good nor bad (R11).
        excluded: Of any mark, inside maintenance or a correction (R2).
    """

    good: int = 0
    bad: int = 0
    blip: int = 0
    void: int = 0
    excluded: int = 0

    def __post_init__(self) -> None:
        if self.good < 0 or self.bad < 0 or self.blip < 0 or self.void < 0 or self.excluded < 0:
            raise ValueError(f"a count is below 0: {self}")

    @property
    def valid(self) -> int:
        """The denominator: samples that say something about the target."""
        return self.good + self.bad + self.blip

    @property
    def failed(self) -> int:
        """The numerator of the error ratio: bad samples, confirmed or not (R10)."""
        return self.bad + self.blip

    @property
    def error_ratio(self) -> Fraction | None:
        """Failed ÷ valid, exactly; ``None`` if nothing is valid (R4)."""
        valid = self.valid
        return Fraction(self.failed, valid) if valid else None

    @property
    def sli(self) -> Fraction | None:
        """1 − error ratio, exactly; ``None`` if nothing is valid (R4)."""
        valid = self.valid
        return Fraction(self.good, valid) if valid else None

    @property
    def confirmed(self) -> int:
        """Failures that every confirmation bore out: what ``min_bad`` asks for."""
        return self.bad

    def passes(self, above: int, below: int) -> bool:
        """Whether the error ratio is greater than *above* ÷ *below*; multiplied out, so exact."""
        return (self.bad + self.blip) * below > above * (self.good + self.bad + self.blip)

    def may_pass(self, fewest: Counts, above: int, below: int) -> bool:
        """Whether these failures would, among no more valid samples than *fewest* has."""
        return self.failed * below > above * fewest.valid

    def must_pass(self, most: Counts, above: int, below: int) -> bool:
        """Whether these failures do, among as many valid samples as *most* has or fewer."""
        return self.failed * below > above * most.valid

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            good=self.good + other.good,
            bad=self.bad + other.bad,
            blip=self.blip + other.blip,
            void=self.void + other.void,
            excluded=self.excluded + other.excluded,
        )


NOTHING = Counts()
"""No samples at all; the start of a sum."""
