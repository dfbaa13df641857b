"""What people write, section by section: the types that check it and describe it to editors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from probes.fields import Duration
from synthetics.config.forms import closed
from synthetics.config.scalars import (
    Identifier,
    Instant,
    NetworkText,
    ServiceName,
    Shown,
    Url,
    Words,
    Zone,
)
from synthetics.config.written_changes import Changes
from synthetics.config.written_oncall import Escalation, Hours, Person, Rotation, Route
from synthetics.config.written_probe import Confirm, Environment, Probe, Template
from synthetics.config.written_quiet import DependsOn, Incidents
from synthetics.config.written_remedy import Remediation
from synthetics.config.written_slo import UTC, Accounting, Alerting, Slo
from synthetics.config.written_watch import DeadMansSwitch, Delivery, Watch

EVERY = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=10)
RETENTION_RAW = timedelta(days=30)
IN_FLIGHT = 1000
LanguageCode = Literal["en", "ja"]
LOCATION = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """
    What holds for every probe and service that does not say otherwise.

    Attributes:
        every: The interval from one sample to the next, at least 1s.
        timeout: The limit of one attempt.
        confirm: Ask again after a failure; not unless it is written.
        language: What pages are written in.
        timezone: Whose clock the times in pages are read from, as an IANA name.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    every: Annotated[Duration, Field(examples=["1m"])] = EVERY
    timeout: Annotated[Duration, Field(examples=["10s"])] = TIMEOUT
    confirm: Confirm | None = None
    language: Annotated[LanguageCode, Field(examples=["ja"])] = "en"
    timezone: Annotated[Zone, Field(examples=["Asia/Tokyo"])] = UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    Something that users would name; probes and SLOs belong to one.

    Attributes:
        name: What people read, in any language; the identifier if it is not written.
        owner: Who answers for it.
        runbook: A link that every page carries.
        dashboard: A link that every page carries.
        guide: The on-call guide, a link that every page carries.
        language: What its pages are written in; else that of `defaults`.
        timezone: Whose clock the times in its pages are read from; else that of `defaults`.
        remediation: What is tried before anybody is paged.
        labels: For routes; its SLOs have them too.
        depends_on: What must work for this service to.
        incidents: How much is told of its incidents; else that of the top.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    name: Annotated[Shown, Field(examples=["本店"])] = ""
    owner: Annotated[Shown, Field(examples=["team-checkout"])] = ""
    runbook: Url = ""
    dashboard: Annotated[Url, Field(examples=["https://dashboards.example/shop"])] = ""
    guide: Annotated[Url, Field(examples=["https://wiki.example/oncall-guide/shop"])] = ""
    language: Annotated[LanguageCode | None, Field(examples=["ja"])] = None
    timezone: Annotated[Zone | None, Field(examples=["Asia/Tokyo"])] = None
    remediation: Remediation | None = None
    labels: Annotated[dict[str, Shown], Field(examples=[{"tier": "critical"}])] = field(
        default_factory=dict
    )
    depends_on: DependsOn = field(default_factory=DependsOn)
    incidents: Incidents = field(default_factory=Incidents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody to tell; its one key names the kind."""

    __pydantic_config__: ClassVar[ConfigDict] = closed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """
    A declared time that does not count; probing goes on.

    Attributes:
        start: When it begins, with an offset.
        end: When it ends, with an offset.
        reason: Why; printed in reports.
        services: The services that it concerns; all if it is not written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    start: Annotated[Instant, Field(alias="from", examples=["2026-11-01T02:00+09:00"])]
    end: Annotated[Instant, Field(alias="to", examples=["2026-11-01T04:00+09:00"])]
    reason: Annotated[Words, Field(examples=["DB upgrade"])]
    services: Annotated[list[ServiceName], Field(min_length=1, examples=[["shop"]])] = field(
        default_factory=list
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """
    What probes may reach.

    Attributes:
        deny: Networks that no probe may reach, besides link-local and metadata addresses.
        allow: Exceptions, also from what is always denied.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    deny: Annotated[list[NetworkText], Field(examples=[["10.0.0.0/8"]])] = field(
        default_factory=list
    )
    allow: Annotated[list[NetworkText], Field(examples=[["10.1.2.0/24"]])] = field(
        default_factory=list
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """
    How long things are kept.

    Attributes:
        raw: Raw samples, at least 1d; the archive of days is kept.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    raw: Annotated[Duration, Field(examples=["30d"])] = RETENTION_RAW


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What the service may use.

    Attributes:
        in_flight: Most probe runs at the same time.
        per_host: Most of them that ask the same host; as many as there are if it is not written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    in_flight: Annotated[int, Field(ge=1, le=100_000, examples=[IN_FLIGHT])] = IN_FLIGHT
    per_host: Annotated[int | None, Field(ge=1, le=100_000, examples=[2])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What holds for the whole service: the same sections of a `Document`, read on their own."""

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    accounting: Accounting = field(default_factory=Accounting)
    incidents: Incidents = field(default_factory=Incidents)
    network: Network = Network()
    retention: Retention = Retention()
    location: Annotated[Words, Field(examples=["tokyo"])] = LOCATION
    limits: Limits = Limits()
    public_url: Annotated[Url, Field(examples=["https://synthetics.example"])] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    Synthetics: what is probed, what is promised, and who is told.

    Attributes:
        defaults: What holds for every probe and service that does not say otherwise.
        services: What users would name, by identifier.
        probes: What is asked, by identifier.
        templates: What many probes have in common, by identifier.
        envs: What differs in an environment, such as a rehearsal; laid over the rest with `--env`.
        slos: What is promised, by identifier.
        receivers: Ways to tell somebody, by identifier.
        people: Who can be on call, by identifier.
        hours: Hours that recur every week, by identifier.
        rotations: Who is on call when, by identifier.
        escalations: How pages go on while nobody acknowledges them, by identifier.
        routes: Which alerts go to whom.
        maintenance: Declared times that do not count.
        accounting: Choices of counting for all SLOs.
        alerting: The alert policy of all SLOs that bring none.
        incidents: How much is told of the incidents of all services that do not say otherwise.
        network: What probes may reach.
        retention: How long things are kept.
        location: Name of the place that this process asks from.
        limits: What the service may use.
        watch: What the service watches of itself, and how loudly it says so.
        delivery: How long messages may be owed.
        changes: Who may say what was changed, and how long that is remembered.
        dead_mans_switch: Where the service says that it is alive.
        public_url: Where people reach the status page; pages link to it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    defaults: Defaults = Defaults()
    services: dict[Identifier, Service] = field(default_factory=dict)
    probes: dict[Identifier, Probe] = field(default_factory=dict)
    templates: dict[Identifier, Template] = field(default_factory=dict)
    envs: dict[Identifier, Environment] = field(default_factory=dict)
    slos: dict[Identifier, Slo] = field(default_factory=dict)
    receivers: dict[Identifier, Receiver] = field(default_factory=dict)
    people: dict[Identifier, Person] = field(default_factory=dict)
    hours: dict[Identifier, Hours] = field(default_factory=dict)
    rotations: dict[Identifier, Rotation] = field(default_factory=dict)
    escalations: dict[Identifier, Escalation] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    maintenance: list[Maintenance] = field(default_factory=list)
    accounting: Accounting = field(default_factory=Accounting)
    alerting: Alerting = field(default_factory=Alerting)
    incidents: Incidents = field(default_factory=Incidents)
    network: Network = Network()
    retention: Retention = Retention()
    location: Annotated[Words, Field(examples=["tokyo"])] = LOCATION
    limits: Limits = Limits()
    watch: Watch = field(default_factory=Watch)
    delivery: Delivery = field(default_factory=Delivery)
    changes: Changes = field(default_factory=Changes)
    dead_mans_switch: DeadMansSwitch | None = None
    public_url: Annotated[Url, Field(examples=["https://synthetics.example"])] = ""
