"""What people write of how the service watches itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field

from probes.fields import Duration, Refused, Secret, SecretText
from synthetics.config.forms import closed
from synthetics.config.model_watch import Method
from synthetics.config.scalars import Percent

Loudness = Literal["page", "ticket", "log"]
NOT_LOOKED_UP = "***"


def _check_url(value: Secret) -> Secret:
    text = value.reveal()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable and NOT_LOOKED_UP not in text:
        # The value is not repeated: whoever knows it can keep the switch quiet.
        raise Refused(
            "this is not an http or https URL", mend="write one like https://hc-ping.com/your-uuid"
        )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """
    When this location is blind: while guards fail, its samples are void and page nobody.

    Attributes:
        guards: How many guards must fail, or `all`.
        after: How long it is blind before an alert says so; samples are void at once.
        severity: Of that alert.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    guards: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | Literal["all"], Field(examples=["all"])
    ] = "all"
    after: Annotated[Duration, Field(examples=["30s"])] = timedelta(seconds=30)
    severity: Loudness = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSamples:
    """
    When a probe has gone silent: nothing was stored of it, not even a void sample.

    Attributes:
        intervals: How many of its intervals pass so, and at least 30s.
        severity: Of the alert that says so.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    intervals: Annotated[int, Field(ge=2, le=1000, examples=[5])] = 5
    severity: Loudness = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class LowCoverage:
    """
    When too little is known of an SLO to trust its numbers.

    Attributes:
        below: The least share of the time that should be known.
        over: The time before now that is looked at; of an SLO that has samples for
            less than that, what there is, once it is an hour.
        severity: Of the alert that says so.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    below: Annotated[Percent, Field(examples=["90%"])] = Fraction(9, 10)
    over: Annotated[Duration, Field(examples=["1d"])] = timedelta(days=1)
    severity: Loudness = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    What the service watches of itself.

    Attributes:
        blind: When this location is blind.
        no_samples: When a probe has gone silent.
        coverage: When too little is known of an SLO.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    blind: Blind = Blind()
    no_samples: NoSamples = NoSamples()
    coverage: LowCoverage = LowCoverage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """
    How long a message may be owed.

    Attributes:
        tell_others_after: A message that could not be delivered for so long is told to every
            other receiver of its severity.
        deadline: A message that could not be delivered for so long is given up, visibly.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    tell_others_after: Annotated[Duration | None, Field(examples=["5m"])] = None
    deadline: Annotated[Duration | None, Field(examples=["1d"])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    How long messages may be owed, by severity.

    Attributes:
        page: Of pages; others are told after 5m, the deadline is 1d.
        ticket: Of tickets; others are told after 1h, the deadline is 7d.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    page: Patience = Patience()
    ticket: Patience = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadMansSwitch:
    """
    Where the service says that it is alive, so that somebody else notices when it is not.

    Attributes:
        url: What to ask, such as a check of healthchecks.io or Dead Man's Snitch.
        every: How often, at least 1s; the other side should wait for two of these.
        method: How.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    url: Annotated[SecretText, AfterValidator(_check_url), Field(examples=["${env:HEARTBEAT_URL}"])]
    every: Annotated[Duration, Field(examples=["1m"])] = timedelta(minutes=1)
    method: Annotated[Literal["GET", "POST"], Field(examples=["GET"])] = Method.GET.value
