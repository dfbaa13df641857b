"""The configuration as values: everything checked, nothing left to parse."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from probes.watch import Mask
from slo.budget_alerts import BudgetWatch
from slo.composite import Mix
from slo.policy import NoData, Reset, Tier
from slo.slices import Age, Gaps, Ratio
from slo.window import Window
from synthetics.config.model_changes import Changes
from synthetics.config.model_oncall import Escalation, Person
from synthetics.config.model_quiet import NOTHING, USUAL, DependsOn, Incidents
from synthetics.config.model_remedy import Remedy
from synthetics.config.model_watch import DeadMansSwitch, Delivery, Watch
from synthetics.language import Language
from synthetics.oncall.hours import Hours, When
from synthetics.oncall.rotation import Rotation

EMPTY: Mapping[str, str] = MappingProxyType({})


class Severity(StrEnum):
    """Where an alert goes: a human now, a human in working hours, or nobody."""

    PAGE = "page"
    TICKET = "ticket"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    What users would name.

    Attributes:
        name: Free text, the identifier where none was given.
        owner: Who answers for it.
        runbook, dashboard, guide: Links that its pages carry; empty where there is none.
        language, zone: What its pages are written in, and whose clock they go by, an IANA name.
        remediation: What is tried before anybody is paged, if anything is.
        labels: What its SLOs have that have no label of their own by that name.
        depends_on: What must work for it to; holds for all its SLOs.
        incidents: How much is told of its incidents.
    """

    id: str
    name: str
    owner: str = ""
    runbook: str = ""
    dashboard: str = ""
    guide: str = ""
    language: Language = Language.EN
    zone: str = "UTC"
    remediation: Remedy | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    depends_on: DependsOn = NOTHING
    incidents: Incidents = USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Ask again after a failure: *attempts* further times, each *after* a pause."""

    attempts: int
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """
    One probe.

    Attributes:
        kind: Name of the kind, as in the entry point group ``synthetics.probes``.
        options: What the kind's module calls ``Options``.
        every: The interval, >= 1 s.
        timeout: Limit of one attempt; with all confirmations it fits into *every*.
        within: A good sample that takes longer is degraded; ``None`` if that does not matter.
        invert: Whether it should fail.
        inverted: Reasons of the failures that are good then; all of them if it is empty.
        only: When it is asked; ``None`` is always.  Other time does not count (R2).
        source: Address of this machine that it is asked from; empty leaves that to the system.
        members: The probes that it is made of; empty if it is asked itself.
        guard: Whether its failure says that this location is blind; see `Blind`.
        depends_on: What must work for it to, besides what its service depends on.
        listens: Whether it is not asked, because a job reports to us; *every* is then as far
            apart as its samples can be.
    """

    id: str
    name: str
    service: str
    kind: str
    options: Any
    every: timedelta
    timeout: timedelta
    confirm: Confirm | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    guard: bool = False
    depends_on: DependsOn = NOTHING
    within: timedelta | None = None
    invert: bool = False
    inverted: frozenset[str] = frozenset()
    only: When | None = None
    source: str = ""
    listens: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """An event is good when the sample is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """
    An event is good when the sample is and took less than *bound_us* microseconds.

    Attributes:
        inclusive: Whether exactly the bound is still good (``at_most``).
    """

    bound_us: int
    inclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """
    An event is a slice of time, good or bad by the samples in it.

    Attributes:
        length_ms: How long it is: whole minutes, and a part of a day.
        rule: What makes it good.
        gaps: What it is without a sample.
        latency: When a good sample is fast enough; ``None`` if that does not matter.
    """

    length_ms: int
    rule: Ratio | Age
    gaps: Gaps = Gaps.UNKNOWN
    latency: Latency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """
    The SLIs of other SLOs are what counts.

    Attributes:
        parts: Their identifiers, each once.
        mix: How they make the whole; its weights are in the order of *parts*.
    """

    parts: tuple[str, ...]
    mix: Mix


Sli = Availability | Latency | Slices | Composite


class Retries(StrEnum):
    """Which attempt the SLI counts (R10)."""

    FIRST = "first"
    LAST = "last"


class Combine(StrEnum):
    """How several probes of one SLO come together (R12)."""

    POOL = "pool"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """
    The choices that the rules leave open.

    Attributes:
        combine: How the probes of one SLO come together (R12).
        bad_if: How many locations must be bad for a round of a probe to be (R12);
            ``None`` pools the samples of all locations.
        valid_for: How long a sample speaks (R9); ``None`` is twice the probe's interval.
        retries: Which attempt counts (R10).
    """

    valid_for: timedelta | None = None
    retries: Retries = Retries.FIRST
    combine: Combine = Combine.POOL
    bad_if: int | None = None

    @property
    def in_rounds(self) -> bool:
        """Whether rounds are counted, and not samples."""
        return self.combine is Combine.ALL or self.bad_if is not None

    @property
    def event(self) -> str:
        """What one event is called."""
        return "round" if self.in_rounds else "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """
    One objective.

    Attributes:
        probes: Identifiers, at least one, of a composite those of all its parts.
        step: Which step of these journeys counts; empty if the whole does.
        objective: Share of good events, 0 < objective <= 1, exact.
        tiers: The alert policy, resolved: factors and windows in numbers.
        budget_watch: Alerts about the budget itself; ``None`` where nothing resolved any.
        labels: Its own, and those that all its probes have.
        depends_on: What must work for it to, besides what its service and probes depend on.
    """

    id: str
    name: str
    service: str
    probes: tuple[str, ...]
    sli: Sli
    objective: Fraction
    window: Window
    accounting: Accounting
    tiers: tuple[Tier, ...]
    no_data: NoData
    reset: Reset = Reset.EVIDENCE
    budget_watch: BudgetWatch | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    depends_on: DependsOn = NOTHING
    step: str = ""

    @property
    def event(self) -> str:
        """What one event is called."""
        match self.sli:
            case Slices():
                return "slice"
            case Composite():
                return "event"
            case _:
                return self.accounting.event


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody to tell; *options* is what the receiver's module calls ``Options``."""

    id: str
    kind: str
    options: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    Which alerts go to whom.

    Attributes:
        to: Receivers, people and rotations, by identifier.
        services, owners, labels, slos, tiers: Only these alerts; empty ones limit nothing.
        when: A page is told only then; a ticket waits until then.
        when_said: In words, for people; empty without *when*.
        escalation: How it goes on while nobody acknowledges it.
        default: Whether it is followed only where no other route takes the alert.
        goes_on: Whether those after it are looked at too.
    """

    severity: Severity
    to: tuple[str, ...]
    services: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    slos: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    when: When | None = None
    when_said: str = ""
    escalation: Escalation | None = None
    default: bool = False
    goes_on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A declared time that does not count, for all services or for those named."""

    start: datetime
    end: datetime
    reason: str
    services: tuple[str, ...] = ()


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    Everything, as one value; a reload replaces the whole.

    Attributes:
        location: Name of where this process asks from.
        retention_raw: How long raw samples are kept; days are archived before.
        denied: Networks that no probe may reach.
        allowed: Exceptions from *denied*.
        in_flight: Most probe runs at the same time.
        per_host: Most of them that ask one host; ``None`` is as many as there are.
        environment: The one that was laid over the rest; empty for none.
        environments: Those that there are.
        mask: Hides every secret that was looked up.
        sources: The files it was read from.
        watch: What the service watches of itself.
        delivery: How long messages may be owed.
        changes: Who may say what was changed, and how long that is remembered.
        switch: Where it says that it is alive, if anywhere.
        incidents: How much is told of what belongs to no service of its own.
        language, zone: What its pages are written in, and whose clock they go by.
    """

    services: Mapping[str, Service]
    probes: Mapping[str, Probe]
    slos: Mapping[str, Slo]
    receivers: Mapping[str, Receiver]
    routes: tuple[Route, ...]
    maintenance: tuple[Maintenance, ...]
    location: str
    retention_raw: timedelta
    denied: tuple[Network, ...]
    allowed: tuple[Network, ...]
    in_flight: int
    mask: Mask
    sources: tuple[Path, ...]
    public_url: str = ""
    people: Mapping[str, Person] = field(default_factory=lambda: MappingProxyType({}))
    hours: Mapping[str, Hours] = field(default_factory=lambda: MappingProxyType({}))
    rotations: Mapping[str, Rotation] = field(default_factory=lambda: MappingProxyType({}))
    watch: Watch = field(default_factory=Watch)
    delivery: Delivery = field(default_factory=Delivery)
    changes: Changes = field(default_factory=Changes)
    switch: DeadMansSwitch | None = None
    incidents: Incidents = USUAL
    language: Language = Language.EN
    zone: str = "UTC"
    per_host: int | None = None
    environment: str = ""
    environments: tuple[str, ...] = ()
