"""A cluster as one of its brokers describes it, and connections to the others."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from probes.kafka_parts.errors import error_name, refusal
from probes.kafka_parts.login import Login
from probes.kafka_parts.wire import (
    API_VERSIONS,
    METADATA,
    SASL_AUTHENTICATE,
    SASL_HANDSHAKE,
    Answer,
    Api,
    Line,
    items,
    text,
)
from probes.net.conversation import Conversation
from probes.net.target import Target
from probes.net.trip import Trouble
from probes.settings import Encryption, Family, Tls

LIMIT = 1 << 21
"""Most bytes that one broker may say in one run."""

MOST_KNOWN = 1000
"""Brokers that a cluster may have."""

MOST_BROKERS = 100
"""Connections of one run."""

_PARTITION = struct.Struct(">hii")
"""Its error, its number, its leader."""


@dataclass(frozen=True, slots=True)
class Partition:
    """How a partition is kept: by which *leader*, on how many *replicas*, *in_sync* of them."""

    leader: int
    replicas: int
    in_sync: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: the broker's *error* code for it, and its *partitions* by number."""

    error: int
    partitions: Mapping[int, Partition]


@dataclass(frozen=True, slots=True)
class View:
    """What a broker knows: where the *brokers* are, by number, and the *topics* asked for."""

    brokers: Mapping[int, Target]
    topics: Mapping[str, Topic]

    def topic(self, name: str) -> Topic:
        """
        The topic *name*, which was asked for.

        Raises:
            Trouble: ``no-topic``, or as its error says.
        """
        known = self.topics.get(name)
        if known is None:
            raise Trouble("malformed", f"the broker says nothing of topic {name}")
        if known.error:
            raise refusal(known.error, f"topic {name}")
        return known

    def leader(self, name: str, number: int) -> Target:
        """
        Where the leader of partition *number* of topic *name* is advertised.

        Raises:
            Trouble: ``no-topic``, ``no-leader``.
        """
        partition = self.topic(name).partitions.get(number)
        if partition is None:
            raise Trouble("no-topic", f"topic {name} has no partition {number}")
        if partition.leader not in self.brokers:
            raise Trouble("no-leader", f"partition {number} of {name} has no leader")
        return self.brokers[partition.leader]


class Cluster:
    """
    The brokers that one run talks to, each by one connection.  As a context it closes them.

    Args:
        talk: The run's conversation, which is with the first broker.
        where: The first broker.
        ip: Which addresses to use.
        tls: How to encrypt.  Its server name is that of the first broker; the others are
            verified for what they are advertised as.
        login: Who we are.
    """

    def __init__(
        self,
        talk: Conversation,
        where: Target,
        *,
        ip: Family,
        tls: Encryption | None,
        login: Login | None,
    ) -> None:
        self._talk = talk
        self._where = where
        self._ip = ip
        self._tls = tls
        self._login = login
        self._lines: dict[Target, Line] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def first(self, needed: Iterable[Api]) -> Line:
        """
        The connection that is opened first; its broker speaks what is *needed*.

        Raises:
            Trouble: ``refused``, ``login``; as `Line.ask` and a connection.
        """
        sasl = (SASL_HANDSHAKE, SASL_AUTHENTICATE) if self._login else ()
        return await self._reach(self._talk, self._where, self._tls, (METADATA, *needed, *sasl))

    async def at(self, where: Target) -> Line:
        """
        A connection to the broker that is advertised as *where*.

        Raises:
            Trouble: As `first`, saying of whom.
        """
        known = self._lines.get(where)
        if known is not None:
            return known
        if len(self._lines) == MOST_BROKERS:
            raise Trouble("malformed", f"more than {MOST_BROKERS} brokers would have to be asked")
        tls = self._tls
        if isinstance(tls, Tls):
            tls = dataclasses.replace(tls, server_name=None)
        try:
            return await self._reach(self._talk.aside(), where, tls, ())
        except Trouble as trouble:
            said = f"the broker advertised as {where}: {trouble.detail}"
            raise Trouble(trouble.reason, said, outcome=trouble.outcome) from None

    async def _reach(
        self, talk: Conversation, where: Target, tls: Encryption | None, needed: Iterable[Api]
    ) -> Line:
        stream = await self._open.enter_async_context(
            talk.stream(where, limit=LIMIT, ip=self._ip, tls=tls)
        )
        line = self._lines[where] = Line(stream, f"the broker {where}")
        if needed:
            with talk.trip.phase("first_byte", f"asking {line.name} what it speaks"):
                talk.transcript.said(f"{API_VERSIONS.name} to {where}")
                await line.greet(needed)
        if self._login is not None:
            with talk.trip.phase("first_byte", f"logging in at {line.name}"):
                talk.transcript.said(f"log in at {where} by {self._login.mechanism}")
                await self._login.at(line)
        return line

    async def view(self, line: Line, topics: Iterable[str]) -> View:
        """
        What the broker of *line* knows of the cluster and of *topics*, none of which it makes.

        Raises:
            Trouble: ``malformed``, ``login``; as `Line.ask`.
        """
        names = sorted(topics)
        trip, transcript = self._talk.trip, self._talk.transcript
        transcript.said(f"{METADATA.name} of {', '.join(names) or 'no topic'}")
        with trip.phase("transfer", f"asking {line.name} about the cluster"):
            try:
                answer = await line.ask(METADATA, items(*map(text, names)) + b"\0")
            except Trouble as trouble:
                if trouble.reason not in ("truncated", "reset") or self._login is not None:
                    raise
                said = f"{line.name} hangs up on who does not log in"
                raise Trouble("login", said) from None
        view = _view(answer, len(names))
        for name in names:
            if known := view.topics.get(name):
                fine = f"{len(known.partitions)} partitions"
                transcript.heard(f"{name}: {error_name(known.error) if known.error else fine}\n")
        transcript.heard(f"brokers: {', '.join(map(str, view.brokers.values()))}\n")
        return view


def advertised(answer: Answer) -> Target:
    """
    Where a broker says that another is.

    Raises:
        Trouble: ``malformed`` if nothing can be there.
    """
    name, port = answer.text(), answer.number(4)
    if not name or not 1 <= port <= 65535:
        raise Trouble("malformed", f"a broker is advertised as `{name}:{port}`")
    return Target(name, port)


def _view(answer: Answer, asked: int) -> View:
    """What *answer* says of the brokers and of as many topics as were *asked* for."""
    answer.number(4)
    brokers = {}
    for _ in answer.items(12, most=MOST_KNOWN):
        number = answer.number(4)
        brokers[number] = advertised(answer)
        answer.text()
    answer.text()
    answer.number(4)
    topics = {}
    for _ in answer.items(9, most=asked):
        error, name = answer.number(2), answer.text()
        answer.number(1)
        topics[name] = Topic(error, dict(_partition(answer) for _ in answer.items(18)))
    return View(brokers, topics)


def _partition(answer: Answer) -> tuple[int, Partition]:
    _, number, leader = answer.numbers(_PARTITION)
    return number, Partition(leader, answer.skip(4), answer.skip(4))
