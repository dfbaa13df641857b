"""What people write, section by section: the types that check it and describe it to editors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Discriminator, Field, Tag

from probes.fields import Duration
from slo.policy import NoData
from slo.window import Unit
from synthetics.config.model import Retries
from synthetics.config.scalars import (
    Factor,
    Identifier,
    Instant,
    NetworkText,
    Objective,
    Percent,
    ProbeName,
    ReceiverName,
    ServiceName,
    Shown,
    Url,
    Words,
    Zone,
)

EVERY = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=10)
MIN_BAD = 2
RETENTION_RAW = timedelta(days=30)
IN_FLIGHT = 1000
LOCATION = "local"
UTC = ZoneInfo("UTC")


def _closed(**extra: Any) -> ConfigDict:
    """No further keys; *extra* says to editors what types cannot."""
    return ConfigDict(extra="forbid", json_schema_extra=extra)


def _exactly_one(*keys: str) -> list[dict[str, list[str]]]:
    return [{"required": [key]} for key in keys]


def _branch(value: object) -> str:
    """Which form a value has that is either one word or a group of keys."""
    return "(group)" if isinstance(value, dict) else "(word)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """
    Ask again after a failure, before anybody is paged.

    Attributes:
        attempts: How many further times, 0 to 10; 0 asks only once.
        after: The pause before each.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    attempts: Annotated[int, Field(ge=0, le=10, examples=[2])]
    after: Annotated[Duration, Field(examples=["5s"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """
    What holds for every probe that does not say otherwise.

    Attributes:
        every: The interval from one sample to the next, at least 1s.
        timeout: The limit of one attempt.
        confirm: Ask again after a failure; not unless it is written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    every: Annotated[Duration, Field(examples=["1m"])] = EVERY
    timeout: Annotated[Duration, Field(examples=["10s"])] = TIMEOUT
    confirm: Confirm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    Something that users would name; probes and SLOs belong to one.

    Attributes:
        name: What people read, in any language; the identifier if it is not written.
        owner: Who answers for it.
        runbook: A link that every page carries.
        dashboard: A link that every page carries.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    name: Annotated[Shown, Field(examples=["本店"])] = ""
    owner: Annotated[Shown, Field(examples=["team-checkout"])] = ""
    runbook: Url = ""
    dashboard: Annotated[Url, Field(examples=["https://dashboards.example/shop"])] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """
    A user path that is asked again and again; one further key names its kind.

    Attributes:
        service: The service that it belongs to.
        name: What people read, in any language; the identifier if it is not written.
        every: The interval from one sample to the next, at least 1s; else that of `defaults`.
        timeout: The limit of one attempt, which with all confirmations fits into `every`;
            else that of `defaults`.
        confirm: Ask again after a failure; else that of `defaults`.
        labels: Further labels, shown wherever the probe is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    service: ServiceName
    name: Annotated[Shown, Field(examples=["Checkout"])] = ""
    every: Annotated[Duration | None, Field(examples=["30s"])] = None
    timeout: Annotated[Duration | None, Field(examples=["5s"])] = None
    confirm: Confirm | None = None
    labels: Annotated[dict[str, Shown], Field(examples=[{"team": "checkout"}])] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """
    The bound of a latency: one of the two.

    Attributes:
        under: A good sample took less than this.
        at_most: A good sample took this or less.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed(oneOf=_exactly_one("under", "at_most"))
    under: Annotated[Duration | None, Field(examples=["500ms"])] = None
    at_most: Annotated[Duration | None, Field(examples=["500ms"])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """
    A sample is good when it is good and fast.

    Attributes:
        latency: How fast.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    latency: Bound


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWindow:
    """
    A period of the calendar.

    Attributes:
        calendar: Which period; a week begins on Monday.
        timezone: Where its days begin, as an IANA name.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    calendar: Annotated[Unit, Field(examples=["month"])]
    timezone: Annotated[Zone, Field(examples=["Asia/Tokyo"])] = UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """
    The choices that the rules of counting leave open.

    Attributes:
        valid_for: How long a sample speaks for the time after it; twice the probe's interval
            if it is not written.
        retries: Which attempt counts: the `first`, as users see it, or the `last`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    valid_for: Annotated[Duration | None, Field(examples=["2m"])] = None
    retries: Annotated[Retries | None, Field(json_schema_extra={"default": "first"})] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """
    One row of an alert policy: it fires while both windows burn faster than the factor.

    Attributes:
        name: Identifier within the policy.
        severity: `page` tells a human now, `ticket` in working hours, `log` nobody.
        budget: The share of the budget that may be spent within `long`; it becomes the factor.
        factor: The burn rate that both windows must pass, instead of `budget`.
        long: The window that shows that it matters.
        short: The window that shows that it goes on; shorter than `long`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed(oneOf=_exactly_one("budget", "factor"))
    name: Annotated[Identifier, Field(examples=["fast"])]
    severity: Annotated[Literal["page", "ticket", "log"], Field(examples=["page"])]
    long: Annotated[Duration, Field(examples=["1h"])]
    short: Annotated[Duration, Field(examples=["5m"])]
    budget: Annotated[Percent | None, Field(examples=["2%"])] = None
    factor: Annotated[Factor | None, Field(examples=[14.4])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """
    When an SLO alerts.

    Attributes:
        min_bad: How many confirmed bad samples the long window must hold before a tier fires.
        no_data: What becomes of a tier while a window holds nothing valid: `hold` keeps its
            state, `resolve` ends it.
        tiers: The policy, taken exactly as written; an empty list never alerts. If it is not
            written, four tiers that fit the window and the interval.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    min_bad: Annotated[int | None, Field(ge=1, json_schema_extra={"default": MIN_BAD})] = None
    no_data: Annotated[NoData | None, Field(json_schema_extra={"default": "hold"})] = None
    tiers: list[Tier] | None = None


WindowForm = Annotated[
    Annotated[Duration, Tag("(word)")] | Annotated[CalendarWindow, Tag("(group)")],
    Discriminator(_branch),
]
SliForm = Annotated[
    Annotated[Literal["availability"], Tag("(word)")] | Annotated[Latency, Tag("(group)")],
    Discriminator(_branch),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """
    What is promised about a service.

    Attributes:
        service: The service that it belongs to.
        probes: Whose samples count; those of several are pooled.
        name: What people read, in any language; the identifier if it is not written.
        objective: The share of samples that must be good, above 0% and up to 100%.
        window: What it is judged over: the last so many days, or a period of the calendar.
        sli: What makes a sample good: that it is (`availability`), or that it is also fast.
        accounting: Choices of counting for this SLO; else those of the top.
        alerting: The alert policy of this SLO; else that of the top.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    service: ServiceName
    probes: Annotated[
        list[ProbeName],
        Field(min_length=1, examples=[["checkout"]], json_schema_extra={"uniqueItems": True}),
    ]
    objective: Objective
    window: Annotated[WindowForm, Field(examples=["30d"])]
    name: Annotated[Shown, Field(examples=["Checkout works"])] = ""
    sli: Annotated[SliForm, Field(examples=[{"latency": {"under": "500ms"}}])] = "availability"
    accounting: Accounting = Accounting()
    alerting: Alerting = Alerting()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody to tell; its one key names the kind."""

    __pydantic_config__: ClassVar[ConfigDict] = _closed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    Who is told about which alerts.

    Attributes:
        severity: Which alerts; those of severity `log` are told to nobody.
        to: The receivers, all of which are told.
        services: Only alerts of these services; of all if it is not written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    severity: Annotated[Literal["page", "ticket"], Field(examples=["page"])]
    to: Annotated[list[ReceiverName], Field(min_length=1, examples=[["oncall"]])]
    services: Annotated[list[ServiceName], Field(min_length=1, examples=[["shop"]])] = field(
        default_factory=list
    )


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

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
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

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
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

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    raw: Annotated[Duration, Field(examples=["30d"])] = RETENTION_RAW


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What the service may use.

    Attributes:
        in_flight: Most probe runs at the same time.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    in_flight: Annotated[int, Field(ge=1, le=100_000, examples=[IN_FLIGHT])] = IN_FLIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    Synthetics: what is probed, what is promised, and who is told.

    Attributes:
        defaults: What holds for every probe that does not say otherwise.
        services: What users would name, by identifier.
        probes: What is asked, by identifier.
        slos: What is promised, by identifier.
        receivers: Who can be told, by identifier.
        routes: Which alerts go to whom.
        maintenance: Declared times that do not count.
        accounting: Choices of counting for all SLOs.
        alerting: The alert policy of all SLOs that bring none.
        network: What probes may reach.
        retention: How long things are kept.
        location: Name of the place that this process asks from.
        limits: What the service may use.
        public_url: Where people reach the status page; pages link to it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _closed()
    defaults: Defaults = Defaults()
    services: dict[Identifier, Service] = field(default_factory=dict)
    probes: dict[Identifier, Probe] = field(default_factory=dict)
    slos: dict[Identifier, Slo] = field(default_factory=dict)
    receivers: dict[Identifier, Receiver] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    maintenance: list[Maintenance] = field(default_factory=list)
    accounting: Accounting = Accounting()
    alerting: Alerting = Alerting()
    network: Network = Network()
    retention: Retention = Retention()
    location: Annotated[Words, Field(examples=["tokyo"])] = LOCATION
    limits: Limits = Limits()
    public_url: Annotated[Url, Field(examples=["https://synthetics.example"])] = ""
