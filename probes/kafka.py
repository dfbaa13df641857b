"""Probe kind ``kafka``: does a cluster take us, is it whole, and does a message come back?"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ConfigDict

from probes.kafka_parts.cluster import Cluster
from probes.kafka_parts.expect import Expect
from probes.kafka_parts.lag import judge_lag
from probes.kafka_parts.login import Login
from probes.kafka_parts.round_trip import RoundTrip
from probes.kafka_parts.wire import FETCH, FIND_COORDINATOR, LIST_OFFSETS, OFFSET_FETCH, PRODUCE
from probes.net.certificates import refuse_without_tls
from probes.net.conversation import Conversation
from probes.net.target import HostPort
from probes.result import Result
from probes.settings import Encryption, Family
from probes.watch import Watch

SUMMARY = "A connection to Kafka, its topics and their replicas, and a message through a topic."
SOURCE = True
"""Whether it can be asked from an address of choice."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: The broker to ask first, ``host:port``; 9092 is the usual one.
        ip: Which addresses to use.
        tls: Encrypt, ``true`` or how.
        login: Who we are.
        round_trip: Put a message into a topic, and read it back.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    login: Login | None = None
    round_trip: RoundTrip | None = None
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        refuse_without_tls(self.expect.certificate, self.tls is not None)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, look at the cluster; and where it is asked for, put a message through."""
    talk = Conversation(f"connect {options.connect} by Kafka", watch)
    return await talk.result(_visit(options, talk))


async def _visit(options: Options, talk: Conversation) -> None:
    expect, round_trip = options.expect, options.round_trip
    async with Cluster(
        talk, options.connect, ip=options.ip, tls=options.tls, login=options.login
    ) as cluster:
        needed = [PRODUCE, FETCH] if round_trip else []
        needed += [FIND_COORDINATOR, OFFSET_FETCH, LIST_OFFSETS] if expect.groups else []
        line = await cluster.first(needed)
        through = {round_trip.topic.render()} if round_trip else set()
        view = await cluster.view(line, through | set(expect.topics))
        expect.judge(view)
        if round_trip is not None:
            await round_trip.make(cluster, view, talk)
        for name, wanted in expect.groups.items():
            await judge_lag(name, wanted, cluster, line, talk)
        talk.judge_certificate(expect.certificate)
