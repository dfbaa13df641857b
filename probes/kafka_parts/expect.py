"""What is expected of a cluster, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema

from probes.expect import CertificateExpectation
from probes.expect_count import CountExpectation
from probes.fields import Refused, said
from probes.judge_json import judge_values
from probes.kafka_parts.cluster import Partition, View
from probes.kafka_parts.names import GroupName, TopicName
from probes.net.trip import Unmet

MOST_REPLICAS = 1000

_NAMED = 5
"""Partitions that a detail names."""


def _replicas(value: object) -> int | Literal["all"]:
    if value == "all" or (type(value) is int and 1 <= value <= MOST_REPLICAS):
        return value
    raise Refused(f"{said(value)} is no number of replicas", mend="write 2, or all")


Replicas = Annotated[
    int | Literal["all"],
    PlainValidator(_replicas),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 1000}, {"const": "all"}]}
    ),
]
"""A number of replicas, or ``all``."""


@dataclass(frozen=True, kw_only=True)
class TopicExpectation:
    """
    What a topic must be: it exists, and each of its partitions has a leader; besides all of this.

    Attributes:
        partitions: How many it has.
        in_sync: How many replicas of each partition are in sync at least; ``all`` for every
            one that it has.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    partitions: CountExpectation = ()
    in_sync: Replicas | None = None

    def judge(self, name: str, view: View) -> None:
        """
        Hold topic *name* against it.

        Raises:
            Trouble: ``no-topic``; `Unmet`: ``no-leader``, ``in-sync``, ``partitions``.
        """
        partitions = view.topic(name).partitions
        counted = f"the number of partitions of {name}"
        if unmet := judge_values(counted, self.partitions, [len(partitions)], {}):
            raise Unmet("partitions", *unmet)
        if alone := _those(partitions, lambda one: one.leader not in view.brokers):
            raise Unmet("no-leader", f"a leader for each partition of {name}", f"none for {alone}")
        if self.in_sync is not None:
            wanted = "all replicas" if self.in_sync == "all" else f"{self.in_sync} replicas"
            if behind := _those(partitions, self._is_behind):
                expected = f"{wanted} in sync for each partition of {name}"
                raise Unmet("in-sync", expected, f"fewer for {behind}")

    def _is_behind(self, one: Partition) -> bool:
        return one.in_sync < (one.replicas if self.in_sync == "all" else self.in_sync or 0)


@dataclass(frozen=True, kw_only=True)
class GroupExpectation:
    """
    What a group of consumers must be.

    Attributes:
        lag: How many records it has yet to confirm, of all partitions of which it has confirmed
            any.
        topics: Of these topics only.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    lag: CountExpectation
    topics: Annotated[tuple[TopicName, ...], Field(max_length=100)] = ()


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        brokers: How many there are in the cluster.
        topics: By name, what that topic must be.
        groups: By name, what that group of consumers must be.
        certificate: What the certificate of the first broker must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    brokers: CountExpectation = ()
    topics: Mapping[TopicName, TopicExpectation] = field(default_factory=dict)
    groups: Mapping[GroupName, GroupExpectation] = field(default_factory=dict)
    certificate: CertificateExpectation | None = None

    def judge(self, view: View) -> None:
        """
        Hold the brokers and topics that are in *view* against it.

        Raises:
            Trouble: ``no-topic``; `Unmet`: ``brokers``, and as `TopicExpectation.judge`.
        """
        count = len(view.brokers)
        if unmet := judge_values("the number of brokers", self.brokers, [count], {}):
            raise Unmet("brokers", *unmet)
        for name, wanted in self.topics.items():
            wanted.judge(name, view)


def _those(partitions: Mapping[int, Partition], are: Callable[[Partition], bool]) -> str:
    """The numbers of those *partitions* that *are*, in words; empty if none is."""
    return _listed(sorted(number for number, one in partitions.items() if are(one)))


def _listed(numbers: Iterable[int]) -> str:
    found = list(numbers)
    if not found:
        return ""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    word = "partition" if len(found) == 1 else "partitions"
    return f"{word} {', '.join(map(str, found[:_NAMED]))}{more}"
