"""What people write of an SLI that is more than a sample: slices of time, and other SLOs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from probes.fields import Duration
from slo.slices import Gaps
from synthetics.config.forms import closed, exactly_one
from synthetics.config.scalars import Percent, SloName


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """
    The bound of a latency: one of the two.

    Attributes:
        under: A good sample took less than this.
        at_most: A good sample took this or less.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(oneOf=exactly_one("under", "at_most"))
    under: Annotated[Duration | None, Field(examples=["500ms"])] = None
    at_most: Annotated[Duration | None, Field(examples=["500ms"])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """
    The bound of a percentile of latency, by nearest rank; what failed is slower than any bound.

    Attributes:
        percentile: Which one, such as `95%`.
        under: It is less than this.
        at_most: It is this or less.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(oneOf=exactly_one("under", "at_most"))
    percentile: Annotated[Percent, Field(examples=["95%"])]
    under: Annotated[Duration | None, Field(examples=["500ms"])] = None
    at_most: Annotated[Duration | None, Field(examples=["500ms"])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """
    How old the last good sample may be.

    Attributes:
        at_most: At the end of a slice it is no older than this.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    at_most: Annotated[Duration, Field(examples=["15m"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceIsGood:
    """
    What makes a slice good: one of the three.

    Attributes:
        ratio: At least this share of its samples is good.
        latency: A percentile of the latency of its samples is within a bound.
        age: At its end the last good sample is young enough (freshness).
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(oneOf=exactly_one("ratio", "latency", "age"))
    ratio: Annotated[Percent | None, Field(examples=["95%"])] = None
    latency: Annotated[
        Percentile | None, Field(examples=[{"percentile": "95%", "under": "500ms"}])
    ] = None
    age: Annotated[Age | None, Field(examples=[{"at_most": "15m"}])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """
    Slices of time are counted, and not samples.

    Attributes:
        every: How long a slice is: whole minutes that divide a day; they begin at midnight UTC.
        good_if: What makes it good.
        gaps: What a slice without a sample is: `unknown` counts for nothing, `good` or `bad`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    every: Annotated[Duration, Field(examples=["5m"])]
    good_if: Annotated[SliceIsGood, Field(examples=[{"ratio": "95%"}])]
    gaps: Gaps = Gaps.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """
    Other SLOs are counted, and no samples of its own: one of the first two.

    Attributes:
        weighted: SLOs, and how much each weighs: the mean of their error ratios counts.
        worst: SLOs, of which the one with the greatest error ratio counts.
        unknown: What a part is of which nothing is known: `skip` leaves it out, `unknown` makes
            the whole unknown.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(oneOf=exactly_one("weighted", "worst"))
    weighted: Annotated[
        dict[SloName, Annotated[int, Field(ge=1, le=1000)]],
        Field(min_length=1, examples=[{"home-fast": 3}]),
    ] = field(default_factory=dict)
    worst: Annotated[
        list[SloName],
        Field(min_length=1, examples=[["home-fast"]], json_schema_extra={"uniqueItems": True}),
    ] = field(default_factory=list)
    unknown: Literal["skip", "unknown"] = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class SliGroup:
    """
    What is counted: one of the three.

    Attributes:
        latency: A sample is good when it is good and fast.
        slices: Slices of time, each good or bad by the samples in it.
        composite: Other SLOs.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(
        oneOf=exactly_one("latency", "slices", "composite")
    )
    latency: Annotated[Bound | None, Field(examples=[{"under": "500ms"}])] = None
    slices: Annotated[
        Slices | None, Field(examples=[{"every": "5m", "good_if": {"ratio": "95%"}}])
    ] = None
    composite: Annotated[
        Composite | None, Field(examples=[{"weighted": {"home-fast": 3, "home": 1}}])
    ] = None
