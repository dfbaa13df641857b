"""What a configuration will do, in numbers: what an SLO allows, what alerts, what is odd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import ceil, exp

from slo.explain import (
    Outage,
    false_alarms_per_month,
    resolves_within_ms,
    short_window_too_short,
    smallest_outage,
)
from slo.policy import Tier
from slo.slices import Age
from slo.tails import log_at_least
from synthetics.config.model import Combine, Composite, Config, Probe, Severity, Slices, Slo
from synthetics.config.reach import ever_of, matching, subjects, targets
from synthetics.config.slis import intervals_ms
from synthetics.kinds import probe_kinds

_MILLISECOND = timedelta(milliseconds=1)
WEEK_MS = timedelta(weeks=1) // _MILLISECOND
MONDAY_MS = 4 * 86_400_000
"""The beginning of a week, as any other."""
LEAST_CHANCE = 1e-12
"""What is less likely is reckoned to be so likely: it comes to nothing either way."""

LOSS = Fraction(1, 1000)
"""The share of samples that false alarms are reckoned for."""

NOISY = 1
"""A tier that pages more often than so in 30 days, by such losses alone, is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierMeaning:
    """
    What one tier will do.

    Attributes:
        outage: The smallest total outage that fires it; ``None`` if none does.
        resolves_within_ms: How long after such an outage it resolves, at the latest.
        false_alarms: How often it fires in 30 days if a given share of all attempts is lost.
        blunt: Whether its short window is shorter than two intervals.
    """

    tier: Tier
    outage: Outage | None
    resolves_within_ms: int | None
    false_alarms: float
    blunt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SloMeaning:
    """
    What one SLO allows, and when it alerts.

    Attributes:
        intervals_ms: Of each of its probes, or of the rounds that they come together in.
        confirmations: The fewest times that a failure of any of them is asked again.
        window_ms: Length of the window; nominal for a period of the calendar.
        samples: How many are due within the window.
        budget_samples: How many of them may be bad.
        budget_ms: How long everything may be down within the window.
    """

    slo: Slo
    intervals_ms: tuple[int, ...]
    confirmations: int
    window_ms: int
    samples: int
    budget_samples: int
    budget_ms: int
    tiers: tuple[TierMeaning, ...]


def meaning(config: Config, slo: Slo, loss: Fraction = LOSS) -> SloMeaning:
    """What *slo* means; false alarms are reckoned for a share *loss* of lost attempts."""
    probes = [config.probes[name] for name in slo.probes]
    every_ms = intervals_ms(slo.sli, slo.accounting, probes, config.slos)
    confirmations = min(map(_confirmations, probes))
    window_ms = slo.window.nominal_length_ms
    asked_ms = int(window_ms * _asked(slo, probes[0]))
    samples = sum(asked_ms // interval for interval in every_ms)
    allowed = 1 - slo.objective
    parts = _parts(config, slo)
    return SloMeaning(
        slo=slo,
        intervals_ms=every_ms,
        confirmations=confirmations,
        window_ms=window_ms,
        samples=samples,
        budget_samples=int(samples * allowed),
        budget_ms=int(asked_ms * allowed),
        tiers=tuple(
            _combined(tier, [_tier_meaning(tier, slo, part, config, loss) for part in parts])
            for tier in slo.tiers
        ),
    )


def _asked(slo: Slo, probe: Probe) -> Fraction:
    """The share of a week in which the probes of *slo*, all as *probe*, are asked."""
    if probe.only is None or isinstance(slo.sli, Composite):
        return Fraction(1)
    asked = probe.only.spans(MONDAY_MS, MONDAY_MS + WEEK_MS)
    return Fraction(asked.length_ms(MONDAY_MS, MONDAY_MS + WEEK_MS), WEEK_MS)


def _parts(config: Config, slo: Slo) -> list[Slo]:
    """The SLOs that *slo* is made of, down to those that count samples; itself if it does."""
    if not isinstance(slo.sli, Composite):
        return [slo]
    return [leaf for part in slo.sli.parts for leaf in _parts(config, config.slos[part])]


def _tier_meaning(tier: Tier, slo: Slo, part: Slo, config: Config, loss: Fraction) -> TierMeaning:
    """What *tier* of *slo* would do by the events of *part* alone."""
    probes = [config.probes[name] for name in part.probes]
    every_ms = intervals_ms(part.sli, part.accounting, probes, config.slos)
    # Where many samples make an event, a confirmation is a matter of each, and of none of it.
    alone = not isinstance(part.sli, Slices)
    return TierMeaning(
        tier=tier,
        outage=smallest_outage(tier, every_ms, slo.objective, slo.reset),
        resolves_within_ms=resolves_within_ms(tier, every_ms, slo.objective, slo.reset),
        false_alarms=false_alarms_per_month(
            tier,
            every_ms,
            slo.objective,
            loss=_lost(part, probes, loss),
            confirmations=min(map(_confirmations, probes)) if alone else 0,
            reset=slo.reset,
        ),
        blunt=short_window_too_short(tier, every_ms),
    )


def _combined(tier: Tier, each: list[TierMeaning]) -> TierMeaning:
    """
    What *tier* does by all parts: no mean passes what none of its parts passes.

    So false alarms are at most those of all parts together, and a total outage of all of them is
    found when it is found in the last.
    """
    outages = [what.outage for what in each if what.outage is not None]
    ends = [what.resolves_within_ms for what in each if what.resolves_within_ms is not None]
    whole = len(outages) == len(each)
    return TierMeaning(
        tier=tier,
        outage=max(outages, key=lambda outage: outage.found_within_ms) if whole else None,
        resolves_within_ms=max(ends) if len(ends) == len(each) else None,
        false_alarms=sum(what.false_alarms for what in each),
        blunt=any(what.blunt for what in each),
    )


def _confirmations(probe: Probe) -> int:
    return probe.confirm.attempts if probe.confirm else 0


def _lost(slo: Slo, probes: list[Probe], loss: Fraction) -> Fraction:
    """The share of the events of *slo* that fail where a share *loss* of all samples is lost."""
    if slo.accounting.combine is Combine.ALL:
        loss = 1 - (1 - loss) ** len(probes)  # a round is lost with any of its samples
        probes = probes[:1]
    if not isinstance(slo.sli, Slices):
        return loss
    rule = slo.sli.rule
    over_ms = rule.most_ms if isinstance(rule, Age) else slo.sli.length_ms
    samples = max(sum(over_ms // (probe.every // _MILLISECOND) for probe in probes), 1)
    least = 1 if isinstance(rule, Age) else ceil(rule.share * samples)
    chance = exp(log_at_least(samples - least + 1, samples, float(loss)))
    return Fraction(max(chance, LEAST_CHANCE))


def advice(config: Config, meanings: tuple[SloMeaning, ...]) -> Iterator[str]:
    """What is allowed and probably not meant, one line each."""
    for what in meanings:
        for tier in what.tiers:
            if tier.blunt:
                yield (
                    f"SLO {what.slo.id}: the short window of tier {tier.tier.name} is shorter than "
                    "two intervals, so a single sample decides it"
                )
            if tier.tier.wakes and tier.false_alarms > NOISY:
                yield (
                    f"SLO {what.slo.id}: tier {tier.tier.name} is noisy, it would page up to "
                    f"{tier.false_alarms:.0f} times in 30 days if 0.1% of attempts were lost and "
                    "nothing else was wrong; `min_bad`, `confirm` and `reset: evidence` are quieter"
                )
        least = what.slo.accounting.bad_if
        if least is not None and least > 1:
            yield (
                f"SLO {what.slo.id}: a round is unknown until {least} locations reported, and this "
                f"process is one; `synthetics results import` brings the others'"
            )
        if what.slo.objective == 1:
            yield f"SLO {what.slo.id}: at 100% there is no budget, any bad sample spends it all"
        elif not what.budget_samples:
            yield f"SLO {what.slo.id}: the budget is less than one sample in its window"
    probed = {probe.service for probe in config.probes.values()}
    promised = {slo.service for slo in config.slos.values()}
    for service in config.services:
        if service not in probed:
            yield f"service {service} has no probe"
        elif service not in promised:
            yield f"service {service} has no SLO, so nobody is told when it fails"
    yield from _unheard(config)
    yield from _cautions(config)


def _cautions(config: Config) -> Iterator[str]:
    """What the kinds of its probes have to say, once for all probes that it is about."""
    about: dict[str, list[str]] = {}
    for probe in config.probes.values():
        if probe.options is not None:
            for caution in probe_kinds()[probe.kind].cautions(probe.options):
                about.setdefault(caution, []).append(probe.id)
    for caution, probes in about.items():
        which = probes[0] if len(probes) == 1 else f"{probes[0]} and {len(probes) - 1} more"
        yield f"probe {which}: {caution}"


def _unheard(config: Config) -> Iterator[str]:
    """Services whose alerts reach nobody, and receivers that nobody uses."""
    for severity, plural in ((Severity.PAGE, "pages"), (Severity.TICKET, "tickets")):
        services = {
            slo.service: None
            for slo in config.slos.values()
            if any(tier.severity == severity for tier in slo.tiers)
        }
        silent = [
            service
            for service in services
            if not any(
                matching(config, about)
                for slo in config.slos.values()
                if slo.service == service
                for about in subjects(config, slo.id, severity)
            )
        ]
        if silent and len(silent) == len(services):
            yield f"{plural} reach nobody: there is no route for severity {severity}"
        elif silent:
            yield f"{plural} reach nobody for: {', '.join(silent)}"
    told = {
        receiver
        for route in config.routes
        for target in targets(route)
        for receiver in ever_of(config, target)
    }
    for receiver in config.receivers:
        if receiver not in told:
            yield f"receiver {receiver} is in no route"
