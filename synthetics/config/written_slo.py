"""What people write of an SLO and its alert policy: the types that check and describe it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Discriminator, Field, Tag

from probes.fields import Duration
from slo.policy import NoData, Reset
from slo.window import PARTS_OF_YEARS, Unit
from synthetics.config.forms import closed, exactly_one
from synthetics.config.model import Combine, Retries
from synthetics.config.scalars import (
    Factor,
    Identifier,
    Objective,
    Percent,
    ProbeName,
    ServiceName,
    Shown,
    Zone,
)
from synthetics.config.written_budget import Budget
from synthetics.config.written_quiet import DependsOn
from synthetics.config.written_sli import SliGroup

MIN_BAD = 2
UTC = ZoneInfo("UTC")

FISCAL: Unit = "fiscal-year"
MonthName = Literal[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


def _branch(value: object) -> str:
    """Which form a value has that is either one word or a group of keys."""
    return "(group)" if isinstance(value, dict) else "(word)"


def _word_or_number(value: object) -> str:
    """Which form a value has that is either one word or a number."""
    return "(word)" if isinstance(value, str) else "(number)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWindow:
    """
    A period of the calendar.

    Attributes:
        calendar: Which period; a week begins on Monday.
        timezone: Where its days begin, as an IANA name.
        starts: The month in which a year begins, for a `fiscal-year`, and for a `quarter` or
            `half-year` of one.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(
        allOf=[
            {
                "if": {"required": ["calendar"], "properties": {"calendar": {"const": FISCAL}}},
                "then": {"required": ["starts"]},
            },
            {
                "if": {"required": ["starts"]},
                "then": {"properties": {"calendar": {"enum": sorted(PARTS_OF_YEARS)}}},
            },
        ]
    )
    calendar: Annotated[Unit, Field(examples=["month"])]
    timezone: Annotated[Zone, Field(examples=["Asia/Tokyo"])] = UTC
    starts: Annotated[MonthName | None, Field(examples=["april"])] = None


BadIfForm = Annotated[
    Annotated[Literal["pool"], Tag("(word)")]
    | Annotated[int, Field(ge=1, le=1000), Tag("(number)")],
    Discriminator(_word_or_number),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """
    The choices that the rules of counting leave open.

    Attributes:
        valid_for: How long a sample speaks for the time after it; twice the probe's interval
            if it is not written.
        retries: Which attempt counts: the `first`, as users see it, or the `last`.
        combine: How several probes of one SLO come together: `pool` counts every sample, `all`
            counts rounds, which are bad if any of the probes is; they have one interval then.
        bad_if: How several locations come together: `pool` counts every sample, a number counts
            rounds, which are bad if so many locations are, and unknown if fewer reported.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    valid_for: Annotated[Duration | None, Field(examples=["2m"])] = None
    retries: Annotated[Retries | None, Field(json_schema_extra={"default": "first"})] = None
    combine: Annotated[Combine | None, Field(json_schema_extra={"default": "pool"})] = None
    bad_if: Annotated[
        BadIfForm | None, Field(examples=[2], json_schema_extra={"default": "pool"})
    ] = None


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

    __pydantic_config__: ClassVar[ConfigDict] = closed(oneOf=exactly_one("budget", "factor"))
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
        reset: By what a tier is judged: `evidence` pages for more than chance and resolves when
            the samples since could hardly have come from the incident; `window` looks at the
            two windows alone.
        tiers: The policy, taken exactly as written; an empty list never alerts. If it is not
            written, four tiers that fit the window and the interval.
        budget: Alerts about the budget itself: little left, nothing left, or gone soon.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    min_bad: Annotated[int | None, Field(ge=1, json_schema_extra={"default": MIN_BAD})] = None
    no_data: Annotated[NoData | None, Field(json_schema_extra={"default": "hold"})] = None
    reset: Annotated[Reset | None, Field(json_schema_extra={"default": "evidence"})] = None
    tiers: list[Tier] | None = None
    budget: Budget = field(default_factory=Budget)


def _list_or_group(value: object) -> str:
    """Which form a value has that is either a list or a group of keys."""
    return "(group)" if isinstance(value, dict) else "(list)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """
    Every probe with certain labels, of any service.

    Attributes:
        labels: The labels that it has, each with exactly this value.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    labels: Annotated[dict[str, Shown], Field(min_length=1, examples=[{"tier": "critical"}])]


ProbesForm = Annotated[
    Annotated[
        list[ProbeName], Field(min_length=1, json_schema_extra={"uniqueItems": True}), Tag("(list)")
    ]
    | Annotated[Selector, Tag("(group)")],
    Discriminator(_list_or_group),
]
WindowForm = Annotated[
    Annotated[Duration, Tag("(word)")] | Annotated[CalendarWindow, Tag("(group)")],
    Discriminator(_branch),
]
SliForm = Annotated[
    Annotated[Literal["availability", "latency"], Tag("(word)")]
    | Annotated[SliGroup, Tag("(group)")],
    Discriminator(_branch),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """
    What is promised about a service.

    Attributes:
        service: The service that it belongs to.
        probes: Whose samples count: identifiers, or the labels that the probes have. A composite
            has none.
        name: What people read, in any language; the identifier if it is not written.
        objective: The share of samples that must be good, above 0% and up to 100%.
        window: What it is judged over: the last so many days, or a period of the calendar.
        sli: What is counted: samples that are good (`availability`), or also fast (`latency` is
            by `within` of the probes); slices of
            time; or other SLOs.
        step: Which step of these journeys counts; the whole journey if it is not written.
        accounting: Choices of counting for this SLO; else those of the top.
        alerting: The alert policy of this SLO; else that of the top.
        labels: For routes; besides those that all its probes, or its service, have.
        depends_on: What must work for this one to; besides what its service depends on.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(
        **{
            "if": {
                "required": ["sli"],
                "properties": {"sli": {"type": "object", "required": ["composite"]}},
            },
            "then": {
                "properties": dict.fromkeys(("probes", "step", "accounting"), False),
            },
            "else": {"required": ["probes"]},
        }
    )
    service: ServiceName
    objective: Objective
    window: Annotated[WindowForm, Field(examples=["30d"])]
    name: Annotated[Shown, Field(examples=["Checkout works"])] = ""
    probes: Annotated[ProbesForm | None, Field(examples=[["checkout"]])] = None
    step: Annotated[Shown, Field(examples=["order"])] = ""
    sli: Annotated[SliForm, Field(examples=[{"latency": {"under": "500ms"}}])] = "availability"
    accounting: Accounting = Accounting()
    alerting: Alerting = Alerting()
    labels: Annotated[dict[str, Shown], Field(examples=[{"tier": "critical"}])] = field(
        default_factory=dict
    )
    depends_on: DependsOn = field(default_factory=DependsOn)
