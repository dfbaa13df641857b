"""Probe kind ``udp``: does a datagram get the answer that is expected?"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, PlainValidator, ValidationInfo, WithJsonSchema

from probes.expressions import CompiledPattern, parse_pattern
from probes.fields import refuse_captures
from probes.net.conversation import Conversation
from probes.net.dial import bind, refused
from probes.net.names import resolve
from probes.net.target import HostPort, Payload, Sendable, parse_payload
from probes.net.trip import Trouble
from probes.result import Result
from probes.settings import Family
from probes.watch import Watch

SUMMARY = "A datagram, and the answer to it."
SOURCE = True
"""Whether it can be asked from an address of choice."""
LIMIT = 65_535
"""Bytes of a datagram."""

MOST_ANSWERS = 100
"""Datagrams that are looked at; more are a flood."""


def _wanted(value: object, info: ValidationInfo) -> CompiledPattern | Payload:
    if isinstance(value, dict):
        return parse_payload(value, info)
    return parse_pattern(value)


Wanted = Annotated[
    CompiledPattern | Payload,
    PlainValidator(_wanted),
    WithJsonSchema({"type": ["string", "object"]}),
]


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        send: The datagram.
        expect: Searched in every answer until it is found: a pattern, or bytes as ``hex`` or
            ``base64``; any answer will do unless it is written.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    send: Sendable
    ip: Family = "any"
    expect: Wanted | None = None

    def __post_init__(self) -> None:
        refuse_captures(self.send.captures, ("send",))

    def found_in(self, answer: bytes) -> bool:
        """Whether *answer* is the one that is waited for."""
        if isinstance(self.expect, Payload):
            return self.expect.render({}) in answer
        text = answer.decode("utf-8", "replace")
        return self.expect is None or self.expect.find(text) is not None

    @property
    def wanted(self) -> str:
        """What is waited for, in words."""
        return "an answer" if self.expect is None else f"an answer with `{self.expect}` in it"


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Send one datagram, and wait for the answer."""
    talk = Conversation(f"send to {options.connect} over UDP", watch)
    return await talk.result(_exchange(options, talk))


async def _exchange(options: Options, talk: Conversation) -> None:
    where, trip, told = options.connect, talk.trip, talk.transcript
    address = (await resolve(trip, where.host, where.port, ip=options.ip))[0]
    loop: Any = asyncio.get_running_loop()
    with socket.socket(address.family, socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        told.wants(options.wanted)
        with trip.phase("first_byte", f"waiting for {options.wanted}"):
            try:
                # Connected, so that only the target's datagrams come, and its refusals too.
                bind(own, trip.watch.source)
                own.connect(address.sockaddr)
                talk.address = address.ip
                own.send(options.send.render({}))
                told.said(str(options.send))
                for _ in range(MOST_ANSWERS):
                    answer = await loop.sock_recv(own, LIMIT)
                    told.heard(answer.decode("utf-8", "replace") + "\n")
                    if options.found_in(answer):
                        return
            except OSError as error:
                raise refused(error, str(address)) from None
    raise Trouble("answer", f"{MOST_ANSWERS} datagrams came, and none was {options.wanted}")
