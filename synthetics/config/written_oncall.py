"""What people write about who is told: hours, people, rotations, escalations, routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from probes.fields import Duration
from synthetics.config.forms import closed
from synthetics.config.scalars import (
    EscalationName,
    HoursName,
    Instant,
    PersonName,
    ReceiverName,
    RoutedService,
    Shown,
    SloName,
    TargetName,
    Words,
    Zone,
)
from synthetics.config.times import Day, DaysOfWeek, Times, Wall

NOT_BOTH: dict[str, Any] = {"not": {"required": ["during", "outside"]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """
    Hours that recur every week, by the clock of a time zone.

    Attributes:
        timezone: Whose clock.
        weekly: By day or days, from when to when; several such in a list.  What goes past
            midnight belongs to the day on which it begins.
        holidays: Days on which they are closed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    timezone: Zone
    weekly: Annotated[
        dict[DaysOfWeek, Times],
        Field(min_length=1, examples=[{"mon-fri": "09:00-18:00"}]),
    ]
    holidays: Annotated[list[Day], Field(examples=[["2026-12-31", "2027-01-01"]])] = field(
        default_factory=list
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    Somebody who can be on call.

    Attributes:
        name: What people read, in any language; the identifier if it is not written.
        receivers: Where to reach them; all of these are told.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    name: Annotated[Shown, Field(examples=["愛子"])] = ""
    receivers: Annotated[list[ReceiverName], Field(min_length=1, examples=[["aiko-ntfy"]])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """
    People who take turns.

    Attributes:
        people: In the order of their turns; each may have several.
        starts: When the first turn begins, by the clock of the time zone.  Each following one
            begins at the same time of day.
        every: How long a turn is: `1w`, `1d`, `12h`.
        timezone: Whose clock; that of the rotation if it is not written.
        during: Only during these hours, such as the day of one of several regions.
        outside: Only outside these hours.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(**NOT_BOTH)
    people: Annotated[list[PersonName], Field(min_length=1, examples=[["aiko", "ben"]])]
    starts: Wall
    every: Annotated[Duration, Field(examples=["1w"])]
    timezone: Zone | None = None
    during: HoursName | None = None
    outside: HoursName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """
    Somebody is on call for a while, whoever's turn it is.

    Attributes:
        person: Who.
        start: From when on, with an offset.
        end: Until when, with an offset.
        reason: Why.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    person: PersonName
    start: Annotated[Instant, Field(alias="from", examples=["2026-11-20T09:00+09:00"])]
    end: Annotated[Instant, Field(alias="to", examples=["2026-11-21T09:00+09:00"])]
    reason: Annotated[Shown, Field(examples=["swapped"])] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """
    Who is on call, at any instant.

    Attributes:
        name: What people read, in any language; the identifier if it is not written.
        timezone: Whose clock hand-overs go by.
        layers: A later one goes before an earlier one wherever it says who.
        overrides: Go before all layers, a later one before an earlier one.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    name: Annotated[Shown, Field(examples=["Checkout, first line"])] = ""
    timezone: Zone
    layers: Annotated[list[Layer], Field(min_length=1)]
    overrides: list[Override] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    Whom a page goes on to.

    Attributes:
        after: How long nobody has acknowledged it by then, since it was told first.
        to: Receivers, people and rotations.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    after: Annotated[Duration, Field(examples=["10m"])]
    to: Annotated[list[TargetName], Field(min_length=1, examples=[["backup"]])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """
    Everything anew, while nobody acknowledges it.

    Attributes:
        after: How long after the last step.
        times: How often.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    after: Annotated[Duration, Field(examples=["30m"])]
    times: Annotated[int, Field(ge=1, le=100, examples=[3])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """
    How a page goes on to others while nobody acknowledges it.

    Attributes:
        steps: Whom it goes on to, in the order of time.
        repeat: Then all of it again, the route's own `to` first.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    steps: Annotated[list[Step], Field(min_length=1)]
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    Who is told about which alerts; every route that takes an alert is followed.

    Attributes:
        severity: Which alerts; those of severity `log` are told to nobody.
        to: Receivers, people and rotations, all of which are told; of a rotation, who is on call.
        services: Only alerts of these services.
        owners: Only those of services that are owned by one of these.
        labels: Only those of SLOs that are labelled so, themselves, by their probes or service.
        slos: Only those of these SLOs.
        tiers: Only those of tiers of one of these names.
        during: A page: only during these hours.  A ticket: at once during these hours, else
            when they begin.
        outside: The same with the time outside these hours.
        escalation: How it goes on while nobody acknowledges it.
        default: Follow it only where no other route takes the alert.
        goes_on: Whether the routes below are looked at too for the alerts that this one takes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(**NOT_BOTH)
    severity: Annotated[Literal["page", "ticket"], Field(examples=["page"])]
    to: Annotated[list[TargetName], Field(min_length=1, examples=[["oncall"]])]
    services: Annotated[list[RoutedService], Field(min_length=1, examples=[["shop"]])] = field(
        default_factory=list
    )
    owners: Annotated[list[Words], Field(min_length=1, examples=[["team-checkout"]])] = field(
        default_factory=list
    )
    labels: Annotated[dict[str, Shown], Field(min_length=1, examples=[{"tier": "critical"}])] = (
        field(default_factory=dict)
    )
    slos: Annotated[list[SloName], Field(min_length=1, examples=[["home-fast"]])] = field(
        default_factory=list
    )
    tiers: Annotated[list[str], Field(min_length=1, examples=[["fast"]])] = field(
        default_factory=list
    )
    during: HoursName | None = None
    outside: HoursName | None = None
    escalation: EscalationName | None = None
    default: bool = False
    goes_on: Annotated[bool, Field(alias="continue")] = True
