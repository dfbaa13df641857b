"""What people write about a probe, besides what it asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from probes.fields import Duration
from synthetics.config.forms import closed
from synthetics.config.probe_scalars import Address, Only, Reason, TemplateName
from synthetics.config.scalars import ServiceName, Shown
from synthetics.config.written_quiet import DependsOn


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """
    Ask again after a failure, before anybody is paged.

    Attributes:
        attempts: How many further times, 0 to 10; 0 asks only once.
        after: The pause before each.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    attempts: Annotated[int, Field(ge=0, le=10, examples=[2])]
    after: Annotated[Duration, Field(examples=["5s"])]


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
        within: A good sample that takes longer is degraded: good, but bad for `sli: latency`.
        confirm: Ask again after a failure; else that of `defaults`.
        invert: What should fail: a good answer is bad, and a failure is good; with a list of
            reasons, only a failure for one of these.
        only: When it is asked: hours by name, or as `mon-fri 08:00-20:00 Asia/Tokyo`. Other time
            does not count.
        source_address: An address of this machine to ask from.
        labels: Further labels, shown wherever the probe is.
        guard: Whether it stands for our own network: while guards fail this location is
            blind. Something well known, and independent of all that is watched.
        depends_on: What must work for this probe to; besides what its service depends on.
        use: The template that it is made of; what stands here too is laid over it.
        given: The parameters of the template.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(
        required=[], anyOf=[{"required": ["service"]}, {"required": ["use"]}]
    )
    service: ServiceName
    name: Annotated[Shown, Field(examples=["Checkout"])] = ""
    every: Annotated[Duration | None, Field(examples=["30s"])] = None
    timeout: Annotated[Duration | None, Field(examples=["5s"])] = None
    within: Annotated[Duration | None, Field(examples=["2s"])] = None
    confirm: Confirm | None = None
    invert: Annotated[
        bool | Annotated[list[Reason], Field(min_length=1)], Field(examples=[["connect"]])
    ] = False
    only: Annotated[Only | None, Field(examples=["mon-fri 08:00-20:00 Asia/Tokyo"])] = None
    source_address: Annotated[Address | None, Field(examples=["192.0.2.7"])] = None
    labels: Annotated[dict[str, Shown], Field(examples=[{"team": "checkout"}])] = field(
        default_factory=dict
    )
    guard: bool = False
    depends_on: DependsOn = field(default_factory=DependsOn)
    use: Annotated[TemplateName | None, Field(examples=["web-page"])] = None
    given: Annotated[
        dict[str, Any], Field(alias="with", examples=[{"url": "https://shop.example/"}])
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """
    What probes that are made of a template say each for themselves.

    Attributes:
        about: What it is, for people.
        default: What it is if a probe says nothing; without one, every probe must.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    about: Annotated[Shown, Field(examples=["The page."])] = ""
    default: Annotated[Any, Field(examples=[200])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """
    What many probes have in common.

    Attributes:
        parameters: What they say each for themselves, by name.
        probe: A probe, or a part of one; `${with:NAME}` stands for a parameter.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    parameters: Annotated[dict[str, Parameter], Field(examples=[{"url": {}}])] = field(
        default_factory=dict
    )
    probe: dict[str, Any]


Environment = Annotated[dict[str, Any], Field(examples=[{"probes": {"home": {"every": "5m"}}}])]
"""What differs somewhere: any part of the document."""
