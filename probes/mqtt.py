"""Probe kind ``mqtt``: does a broker take us, and does a message come back through a topic?"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from probes.fields import FilledText, Refused
from probes.mqtt_parts import packets
from probes.net.account import Account
from probes.net.conversation import Conversation
from probes.net.stream import Stream
from probes.net.target import HostPort
from probes.net.trip import Trouble
from probes.result import Result
from probes.settings import Encryption, Family
from probes.watch import Watch

SUMMARY = "A connection to an MQTT broker, and a message through a topic."
SOURCE = True
"""Whether it can be asked from an address of choice."""
LIMIT = 1 << 21
"""Most bytes that the broker may say in one run."""

LONGEST_TEXT = 65_535
"""Bytes of a name, a password or a topic on the wire."""

LONGEST_CLIENT = 1000
"""Characters; no broker has to take more than 23."""

_DENIED = 0x80


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """
    A message that we send to ourselves.

    Attributes:
        topic: Where it goes; everybody who listens there gets it.
        qos: Whether the broker and we confirm it, 1, or not, 0.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    topic: FilledText
    qos: Literal[0, 1] = 0

    def __post_init__(self) -> None:
        text = self.topic.render()
        if not text or {"#", "+", "\0"} & set(text) or len(text.encode()) > LONGEST_TEXT:
            raise Refused(
                f"`{self.topic}` is no topic to publish to",
                mend="write one without # and +",
                at=("topic",),
            )


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``; 1883 is the usual one, 8883 with TLS.
        ip: Which addresses to use.
        tls: Encrypt, ``true`` or how.
        login: By name and password.
        client: How we call ourselves; a new name in every run unless it is written.
        round_trip: Send a message, and wait for it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    login: Account | None = None
    client: Annotated[str, Field(min_length=1, max_length=LONGEST_CLIENT)] | None = None
    round_trip: RoundTrip | None = None

    def __post_init__(self) -> None:
        if self.login is None:
            return
        username, password = self.login.username.render(), self.login.password.reveal()
        for name, text in (("username", username), ("password", password)):
            if len(text.encode()) > LONGEST_TEXT:
                said = f"MQTT takes no {name} of more than {LONGEST_TEXT} bytes"
                raise Refused(said, at=("login", name))


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect and log in; and where it is asked for, send a message to ourselves."""
    talk = Conversation(f"connect {options.connect} by MQTT", watch)
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run, with one broker."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk

    async def make(self) -> None:
        """All of it."""
        options, talk = self._options, self._talk
        async with talk.stream(
            options.connect, limit=LIMIT, ip=options.ip, tls=options.tls
        ) as stream:
            with talk.trip.phase("first_byte", "logging in"):
                await stream.write(self._connect())
                packets.judge_connack(await packets.read(stream, only=packets.CONNACK))
            if options.round_trip is not None:
                with talk.trip.phase("transfer", "waiting for our own message"):
                    await self._send_to_ourselves(stream, options.round_trip)
            await stream.write(packets.DISCONNECT)

    def _connect(self) -> bytes:
        options, login = self._options, self._options.login
        self._talk.transcript.said("CONNECT")
        return packets.connect(
            options.client or f"synthetics-{secrets.token_hex(6)}",
            username=login.username.render() if login else None,
            password=login.password.reveal() if login else None,
            keep_alive_s=60,
        )

    async def _send_to_ourselves(self, stream: Stream, wanted: RoundTrip) -> None:
        token = secrets.token_hex(16).encode()
        topic = wanted.topic.render()
        self._talk.transcript.said(f"SUBSCRIBE {wanted.topic}")
        await stream.write(packets.subscribe(topic, wanted.qos))
        while (packet := await packets.read(stream)).kind != packets.SUBACK:
            _only_messages(packet)
        if len(packet.body) != 3 or packet.body[:2] != packets.SUBSCRIPTION:
            raise Trouble("malformed", "the broker confirms what it was not asked for")
        if packet.body[2] == _DENIED:
            raise Trouble("not-permitted", f"the broker does not let us listen to {wanted.topic}")
        self._talk.transcript.said(f"PUBLISH {wanted.topic}")
        await stream.write(packets.publish(topic, token, wanted.qos))
        confirmed, came = wanted.qos == 0, False
        while not (confirmed and came):
            packet = await packets.read(stream)
            if packet.kind == packets.PUBACK and packet.body == packets.PUBLICATION:
                confirmed = True
                continue
            _only_messages(packet)
            content, number = packets.content_of(packet)
            if number:
                await stream.write(packets.acknowledge(number))
            came = came or content == token


def _only_messages(packet: packets.Packet) -> None:
    """Messages of others may come at any time; nothing else may."""
    if packet.kind != packets.PUBLISH:
        raise Trouble("malformed", f"a packet of type {packet.kind} came where none may")
