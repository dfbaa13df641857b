"""What people write of incidents and dependencies: the types that check and describe it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from probes.fields import DURATION_PATTERN, Duration, parse_duration
from synthetics.config.forms import closed
from synthetics.config.scalars import ProbeName, ServiceName


def parse_pause(value: object) -> timedelta:
    """
    Read a duration, or ``0s``.

    Raises:
        Refused: As `parse_duration`.
    """
    return timedelta() if value == "0s" else parse_duration(value)


Pause = Annotated[
    timedelta,
    BeforeValidator(parse_pause),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["30m", "0s"]}),
]
"""A `timedelta` >= 0 written with its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """
    When an incident that begins again and again stays open until it has been calm.

    Attributes:
        times: How many beginnings a receiver is told of, 2 to 100 ...
        within: ... in so short a time, before the incident is taken to flap.
        keep_open_for: How long nothing may fire before it is over then; `0s` for no longer
            than any other.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    times: Annotated[int, Field(ge=2, le=100, examples=[3])] = 3
    within: Annotated[Duration, Field(examples=["2h"])] = timedelta(hours=2)
    keep_open_for: Annotated[Pause, Field(examples=["30m"])] = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatInterval:
    """
    How often what goes on is told again while nobody has acknowledged it.

    Attributes:
        page: Of pages; never if it is not written.
        ticket: Of tickets; never if it is not written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    page: Annotated[Duration | None, Field(examples=["1h"])] = None
    ticket: Annotated[Duration | None, Field(examples=["1d"])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """
    How much is told of the incidents of a service.

    Attributes:
        reopen_within: What fails again so soon after its end is the same incident; `0s` for never.
        flapping: When an incident that begins again and again stays open until it has been calm.
        repeat_interval: How often what goes on is told again while nobody has acknowledged it.
        pages_per_hour: How many pages of a service a receiver is sent within an hour, before the
            next ones wait: for ten minutes at most, and what is over by then is only counted.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    reopen_within: Annotated[
        Pause | None, Field(examples=["30m"], json_schema_extra={"default": "30m"})
    ] = None
    flapping: Flapping | None = None
    repeat_interval: RepeatInterval | None = None
    pages_per_hour: Annotated[
        int | None, Field(ge=1, le=1000, json_schema_extra={"default": 6})
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DependsOn:
    """
    What must work for this to: while it is down, that is told and this is not.

    Attributes:
        services: Services.
        probes: Probes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    services: Annotated[list[ServiceName], Field(min_length=1, examples=[["payments"]])] = field(
        default_factory=list
    )
    probes: Annotated[list[ProbeName], Field(min_length=1, examples=[["gateway"]])] = field(
        default_factory=list
    )
