"""What a configuration will do, in numbers: what an SLO allows, what alerts, what is odd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from slo.explain import (
    Outage,
    false_alarms_per_month,
    resolves_within_ms,
    short_window_too_short,
    smallest_outage,
)
from slo.policy import Tier
from synthetics.config.model import Combine, Config, Severity, Slo
from synthetics.config.reach import ever_of, matching, subjects, targets

_MILLISECOND = timedelta(milliseconds=1)
LOSS = Fraction(1, 1000)
"""The share of samples that false alarms are reckoned for."""


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
    intervals_ms = tuple(probe.every // _MILLISECOND for probe in probes)
    if slo.accounting.combine is Combine.ALL:
        intervals_ms = intervals_ms[:1]
    confirmations = min(probe.confirm.attempts if probe.confirm else 0 for probe in probes)
    window_ms = slo.window.nominal_length_ms
    samples = sum(window_ms // interval for interval in intervals_ms)
    allowed = 1 - slo.objective
    at_once = len(probes) if slo.accounting.combine is Combine.ALL else 1
    loss = 1 - (1 - loss) ** at_once  # a round is lost with any of its samples
    return SloMeaning(
        slo=slo,
        intervals_ms=intervals_ms,
        confirmations=confirmations,
        window_ms=window_ms,
        samples=samples,
        budget_samples=int(samples * allowed),
        budget_ms=int(window_ms * allowed),
        tiers=tuple(
            TierMeaning(
                tier=tier,
                outage=smallest_outage(tier, intervals_ms, slo.objective, slo.reset),
                resolves_within_ms=resolves_within_ms(tier, intervals_ms, slo.objective, slo.reset),
                false_alarms=false_alarms_per_month(
                    tier,
                    intervals_ms,
                    slo.objective,
                    loss=loss,
                    confirmations=confirmations,
                    reset=slo.reset,
                ),
                blunt=short_window_too_short(tier, intervals_ms),
            )
            for tier in slo.tiers
        ),
    )


def advice(config: Config, meanings: tuple[SloMeaning, ...]) -> Iterator[str]:
    """What is allowed and probably not meant, one line each."""
    for what in meanings:
        for tier in what.tiers:
            if tier.blunt:
                yield (
                    f"SLO {what.slo.id}: the short window of tier {tier.tier.name} is shorter than "
                    "two intervals, so a single sample decides it"
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
