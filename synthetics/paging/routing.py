"""Who is told of an alert."""

from __future__ import annotations

from collections.abc import Sequence

from synthetics.config.model import Config, Severity
from synthetics.config.model_watch import SYNTHETICS
from synthetics.store.incidents import Alert

UNDELIVERED = "undelivered"
"""The tier of alerts that a message could not be delivered; see `receiver_of`."""


def recipients(config: Config, alert: Alert) -> Sequence[str]:
    """
    The receivers that are told of *alert*, in order, each once.

    An alert about the monitoring itself that no route names goes to everybody who is told of
    that severity: better too many than nobody.
    """
    severity = Severity(alert.severity)
    if alert.tier == UNDELIVERED and alert.service == SYNTHETICS:
        failing = receiver_of(alert.slo)
        others = _everybody(config, severity) or _everybody(config)
        return [receiver for receiver in others if receiver != failing]
    named = config.routes_for(alert.service, severity)
    if named or alert.service != SYNTHETICS:
        return named
    return _everybody(config, severity) or _everybody(config)


def undelivered(receiver: str, incident_id: int) -> str:
    """What an alert is about that tells that *receiver* was not told of an incident."""
    return f"{receiver}#{incident_id}"


def receiver_of(subject: str) -> str:
    """The receiver in what `undelivered` made."""
    return subject.rpartition("#")[0]


def _everybody(config: Config, severity: Severity | None = None) -> list[str]:
    """Every receiver of some route, or of those of *severity*."""
    found = (
        receiver
        for route in config.routes
        if severity in (None, route.severity)
        for receiver in route.to
    )
    return list(dict.fromkeys(found))
