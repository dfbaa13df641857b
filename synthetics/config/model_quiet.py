"""How quiet paging is, as values: what makes one incident of several outages, and who waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

NEVER: Mapping[str, timedelta] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """
    When an incident that begins again and again stays open until it has been calm.

    Attributes:
        times: Beginnings, >= 2, that a receiver was told of ...
        within: ... in so short a time.
        keep_open_for: How long nothing may fire before such an incident is over; 0 for no
            longer than any other.
    """

    times: int = 3
    within: timedelta = timedelta(hours=2)
    keep_open_for: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """
    How much is told of the incidents of a service.

    Attributes:
        reopen_within: What fails again so soon after its end is the same incident.
        repeat_interval: How often what goes on unacknowledged is told again, by severity;
            never where none is given.
        pages_per_hour: How many pages a receiver is sent before the next ones wait, >= 1.
    """

    reopen_within: timedelta = timedelta(minutes=30)
    flapping: Flapping = Flapping()
    repeat_interval: Mapping[str, timedelta] = field(default_factory=lambda: NEVER)
    pages_per_hour: int = 6


USUAL = Incidents()
"""What holds where nothing is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DependsOn:
    """What must work for something else to: while it is down, that is told and nothing else."""

    services: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.services or self.probes)


NOTHING = DependsOn()
"""Depends on nothing that is watched."""
