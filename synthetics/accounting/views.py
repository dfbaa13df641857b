"""What a sample counts as: the same samples, seen by different objectives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.result import Outcome
from slo.timeline import Mark
from synthetics.config.model import Composite, Config, Latency, Retries, Slices, Slo
from synthetics.sample import Sample
from synthetics.store.codes import NUMBERS, OUTCOMES
from synthetics.store.step_codes import code_of_step

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    How an objective looks at samples; objectives that look alike share their history.

    Attributes:
        limit_us: A good sample that took this long or longer is bad; ``None`` if
            only the outcome matters.
        retries: Which attempt counts (R10).
        step: Of which step of a journey; empty for the whole.
    """

    limit_us: int | None = None
    retries: Retries = Retries.FIRST
    step: str = ""

    @classmethod
    def of(cls, slo: Slo) -> View:
        """How *slo*, which is no composite, looks at samples."""
        retries, step = slo.accounting.retries, slo.step
        match slo.sli:
            case Latency() as latency:
                return cls(limit_us=_limit_us(latency), retries=retries, step=step)
            case Slices(latency=Latency() as latency):
                return cls(limit_us=_limit_us(latency), retries=retries, step=step)
            case _:
                return cls(retries=retries, step=step)

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

    def mark_of(self, sample: Sample) -> Mark | None:
        """What *sample* counts as; ``None`` if it did not ask the step that matters."""
        result = sample.result
        if self.step:
            return self._mark_of_step(sample)
        return self.mark(result.outcome, sample.confirmed, slow=self._slow(result.duration_s))

    def _mark_of_step(self, sample: Sample) -> Mark | None:
        asked = (step for step in sample.result.steps if step.name == self.step)
        step = next((step for step in asked if step.outcome is not Outcome.SKIPPED), None)
        if step is None:
            return None
        code = code_of_step(
            NUMBERS[step.outcome], NUMBERS[sample.result.outcome], NUMBERS[sample.confirmed]
        )
        first, confirmed = divmod(code, len(OUTCOMES))
        slow = self._slow(step.duration_s)
        return self.mark(OUTCOMES[first], OUTCOMES[confirmed], slow=slow)

    def _slow(self, duration_s: float) -> bool:
        return self.limit_us is not None and round(duration_s * MICROSECONDS) >= self.limit_us


def _limit_us(latency: Latency) -> int:
    """Durations are whole microseconds, so "at most" is "under one more"."""
    return latency.bound_us + latency.inclusive


def parts(config: Config, slo: Slo) -> dict[str, Slo]:
    """The SLOs that *slo* is made of, and those that these are; none if it counts samples."""
    found: dict[str, Slo] = {}
    for name in slo.sli.parts if isinstance(slo.sli, Composite) else ():
        found |= parts(config, config.slos[name])
        found[name] = config.slos[name]
    return found


def views(config: Config, slo: Slo) -> Mapping[str, frozenset[View]]:
    """How *slo*, or what it is made of, looks at the samples of each probe."""
    found: dict[str, frozenset[View]] = {}
    for each in (slo, *parts(config, slo).values()):
        for probe in () if isinstance(each.sli, Composite) else each.probes:
            found[probe] = found.get(probe, frozenset()) | {View.of(each)}
    return found
