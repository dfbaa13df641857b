"""What the service watches of itself, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from probes.fields import Secret

SYNTHETICS = "synthetics"
"""The service that alerts about the monitoring itself belong to; no other may be called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """
    When this location is blind, and how loudly that is said.

    Attributes:
        guards: How many guards must fail; ``None`` for all of them.
        after: How long it is blind before anybody is told.
        severity: ``page``, ``ticket`` or ``log``.
    """

    guards: int | None = None
    after: timedelta = timedelta(seconds=30)
    severity: str = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSamples:
    """
    When a probe has gone silent.

    Attributes:
        intervals: How many of its intervals pass without a sample, >= 2.
        severity: ``page``, ``ticket`` or ``log``.
    """

    intervals: int = 5
    severity: str = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class LowCoverage:
    """
    When too little is known of an SLO (R11).

    Attributes:
        below: The least share of the time that should be known.
        over: The time before now that is looked at.
        severity: ``page``, ``ticket`` or ``log``.
    """

    below: Fraction = Fraction(9, 10)
    over: timedelta = timedelta(days=1)
    severity: str = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the service watches of itself."""

    blind: Blind = Blind()
    no_samples: NoSamples = NoSamples()
    coverage: LowCoverage = LowCoverage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """
    How long a message may be owed.

    Attributes:
        others: So long, and every other receiver of its severity is told.
        deadline: So long, and it is given up.
    """

    others: timedelta
    deadline: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How long messages may be owed, by severity."""

    page: Patience = Patience(others=timedelta(minutes=5), deadline=timedelta(days=1))
    ticket: Patience = Patience(others=timedelta(hours=1), deadline=timedelta(days=7))

    def of(self, severity: str) -> Patience:
        """That of messages of *severity*; nothing is owed for ``log``."""
        return self.page if severity == "page" else self.ticket


class Method(StrEnum):
    """How a heartbeat is sent."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadMansSwitch:
    """Where the service says *every* so often that it is alive; silence there is the alarm."""

    url: Secret
    every: timedelta
    method: Method = Method.GET
