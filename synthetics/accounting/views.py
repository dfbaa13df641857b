"""What a sample counts as: the same samples, seen by different objectives."""

from __future__ import annotations

from dataclasses import dataclass

from probes.result import Outcome
from slo.timeline import Mark
from synthetics.config.model import Latency, Retries, Slo
from synthetics.sample import Sample
from synthetics.store.codes import OUTCOMES

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    How an objective looks at samples; objectives that look alike share their history.

    Attributes:
        limit_us: A good sample that took this long or longer is bad; ``None`` if
            only the outcome matters.
        retries: Which attempt counts (R10).
    """

    limit_us: int | None = None
    retries: Retries = Retries.FIRST

    @classmethod
    def of(cls, slo: Slo) -> View:
        """How *slo* looks at samples."""
        match slo.sli:
            case Latency(bound_us=bound_us, inclusive=inclusive):
                # Durations are whole microseconds, so "at most" is "under one more".
                return cls(limit_us=bound_us + inclusive, retries=slo.accounting.retries)
            case _:
                return cls(retries=slo.accounting.retries)

    def mark(self, first: Outcome, confirmed: Outcome, *, slow: bool) -> Mark:
        """
        What a sample counts as.

        One that failed and was then answered well is a blip, or good if the last
        attempt counts.  A confirmation that could not be asked takes nothing back
        and confirms nothing, so it leaves a blip either way.  Slowness is not
        asked about again: a slow sample is bad.
        """
        if first is Outcome.VOID:
            return Mark.VOID
        if first is Outcome.GOOD:
            return Mark.BAD if slow else Mark.GOOD
        if confirmed is Outcome.BAD:
            return Mark.BAD
        taken_back = confirmed is Outcome.GOOD and self.retries is Retries.LAST
        return Mark.GOOD if taken_back else Mark.BLIP

    def marks(self) -> tuple[Mark, ...]:
        """What a stored sample counts as, by its code: see `synthetics.store.codes`."""
        return (
            *(self.mark(first, after, slow=False) for first in OUTCOMES for after in OUTCOMES),
            self.mark(Outcome.GOOD, Outcome.GOOD, slow=True),
        )

    def mark_of(self, sample: Sample) -> Mark:
        """What *sample* counts as."""
        duration_us = round(sample.result.duration_s * MICROSECONDS)
        slow = self.limit_us is not None and duration_us >= self.limit_us
        return self.mark(sample.result.outcome, sample.confirmed, slow=slow)
