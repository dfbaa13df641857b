"""Whom a drill is to reach: the way that the pages of a service would go now."""

from __future__ import annotations

from dataclasses import dataclass

from synthetics.config.model import Config, Severity
from synthetics.config.words import did_you_mean
from synthetics.paging.routing import audience, told_of
from synthetics.store.incidents import Alert


class NoDrillError(ValueError):
    """There is nobody to drill, or no such thing; says how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    Whom a drill is to reach.

    Attributes:
        services: Whose pages go this way; the first one names the test.
        receivers: Those who would be told now.
        receiver: The one that is tried by itself; empty where routes named them.
    """

    services: tuple[str, ...]
    severity: Severity
    receivers: tuple[str, ...]
    receiver: str = ""


def way_of(config: Config, target: str, severity: Severity, at_ms: int) -> Way:
    """
    The way of the pages of a service, or to one receiver.

    Raises:
        NoDrillError: There is no such service or receiver, or nobody is told.
    """
    if target in config.services:
        told = told_now(config, target, severity, at_ms)
        if not told:
            raise NoDrillError(
                f"nobody is told of a {severity} of service `{target}`\n"
                f"  to mend: add a route of severity {severity}"
            )
        return Way(services=(target,), severity=severity, receivers=told)
    if target in config.receivers:
        return Way(services=(), severity=severity, receivers=(target,), receiver=target)
    known = [*config.services, *config.receivers]
    raise NoDrillError(
        f"there is no service and no receiver `{target}`\n  to mend: {did_you_mean(target, known)}"
    )


def all_ways(config: Config, at_ms: int) -> list[Way]:
    """
    As few drills as prove every way: services whose pages reach the same people share one, and
    receivers that nobody's turn reaches now are tried by themselves.
    """
    sharing: dict[tuple[Severity, tuple[str, ...]], list[str]] = {}
    for severity in (Severity.PAGE, Severity.TICKET):
        for service in config.services:
            told = told_now(config, service, severity, at_ms)
            if told:
                sharing.setdefault((severity, told), []).append(service)
    ways = [
        Way(services=tuple(services), severity=severity, receivers=told)
        for (severity, told), services in sharing.items()
    ]
    reached = {receiver for way in ways for receiver in way.receivers}
    return ways + [
        Way(services=(), severity=Severity.PAGE, receivers=(receiver,), receiver=receiver)
        for receiver in config.receivers
        if receiver not in reached
    ]


def told_now(config: Config, service: str, severity: Severity, at_ms: int) -> tuple[str, ...]:
    """
    Who would be told first if alerts of *service* fired at *at_ms*.

    Where that is nobody before some hour comes, all who could be told then.
    """
    told = dict.fromkeys(
        receiver
        for alert in _alerts(config, service, severity, at_ms)
        for receiver in audience(config, [alert], acknowledged_ms=(), knowing=(), at_ms=at_ms).told
    )
    found = told or told_of(config, service, severity)
    return tuple(receiver for receiver in found if receiver in config.receivers)


def _alerts(config: Config, service: str, severity: Severity, at_ms: int) -> list[Alert]:
    """Every alert of *severity* that *service* could have."""
    about = [
        (slo.id, tier.name)
        for slo in config.slos.values()
        if slo.service == service
        for tier in slo.tiers
        if tier.severity == severity
    ]
    return [
        Alert(
            id=number,
            incident_id=None,
            service=service,
            slo=slo,
            tier=tier,
            severity=severity.value,
            fired_ms=at_ms,
            resolved_ms=None,
            resolution="",
            message="",
            began_ms=None,
        )
        for number, (slo, tier) in enumerate(about)
    ]
