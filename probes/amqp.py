"""Probe kind ``amqp``: does a broker take us, hold what a queue should, and give a message back?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict

from probes.amqp_parts.session import Session
from probes.expect import CertificateExpectation
from probes.expect_count import CountExpectation
from probes.fields import FilledText, Refused, Template
from probes.judge_json import judge_values
from probes.net.account import Account
from probes.net.certificates import refuse_without_tls
from probes.net.conversation import Conversation
from probes.net.target import HostPort
from probes.net.trip import Unmet
from probes.result import Result
from probes.settings import Encryption, Family
from probes.watch import Watch

SUMMARY = "A connection to RabbitMQ, what waits in a queue, and a message there and back."
SOURCE = True
"""Whether it can be asked from an address of choice."""
LIMIT = 1 << 21
"""Most bytes that the broker may say in one run."""

LONGEST_NAME = 255
"""Bytes of a name."""

_ROOT = "/"
_GUEST = "guest"
"""Whom brokers know from the start, and take from their own machine only."""


def _short(name: Template) -> Template:
    if len(name.render().encode()) > LONGEST_NAME:
        raise Refused(f"this is longer than {LONGEST_NAME} bytes")
    return name


Name = Annotated[FilledText, AfterValidator(_short)]
"""Of a virtual host, an exchange or a queue, or a key: at most 255 bytes of UTF-8."""


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """
    A message that we send to ourselves by way of an exchange.

    Attributes:
        exchange: Where it goes; everybody whose queue is bound there likewise gets it.
        routing_key: With what key it goes, and our own queue is bound.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    exchange: Name
    routing_key: Name | None = None


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        messages: How many wait in the queue.
        consumers: How many consumers it has.
        certificate: What the broker's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    messages: CountExpectation = ()
    consumers: CountExpectation = ()
    certificate: CertificateExpectation | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``; 5672 is the usual one, 5671 with TLS.
        ip: Which addresses to use.
        tls: Encrypt from the start; ``true``, or how.
        login: Who we are; ``guest`` unless it is written.
        vhost: The virtual host; ``/`` unless it is written.
        queue: A queue that must be there, and is only looked at.
        round_trip: Send a message, and wait for it: ``true``, or by which exchange.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    login: Account | None = None
    vhost: Name | None = None
    queue: Name | None = None
    round_trip: Literal[True] | RoundTrip | None = None
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        refuse_without_tls(self.expect.certificate, self.tls is not None)
        if (self.expect.messages or self.expect.consumers) and self.queue is None:
            raise Refused("nothing says of which queue", mend="write queue", at=("expect",))


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, look, send a message to ourselves where that is asked for, and hang up."""
    talk = Conversation(f"connect {options.connect} by AMQP", watch)
    return await talk.result(_visit(options, talk))


async def _visit(options: Options, talk: Conversation) -> None:
    phase, login = talk.trip.phase, options.login
    counted = (0, 0)
    async with talk.stream(options.connect, limit=LIMIT, ip=options.ip, tls=options.tls) as stream:
        session = Session(stream, talk.transcript)
        with phase("first_byte", "logging in"):
            await session.log_in(
                login.username.render() if login else _GUEST,
                login.password.reveal() if login else _GUEST,
                options.vhost.render() if options.vhost else _ROOT,
            )
        if options.queue is not None:
            with phase("transfer", f"looking at queue {options.queue}"):
                counted = await session.count(options.queue.render())
        if options.round_trip is not None:
            await _send_around(session, options.round_trip, talk)
        talk.trip.doing = "waiting for the broker to let us go"
        await session.leave()
    _judge(options, *counted)
    talk.judge_certificate(options.expect.certificate)


async def _send_around(
    session: Session, wanted: Literal[True] | RoundTrip, talk: Conversation
) -> None:
    exchange = "" if wanted is True else wanted.exchange.render()
    key = "" if wanted is True or wanted.routing_key is None else wanted.routing_key.render()
    with talk.trip.phase("first_byte", "asking for a queue of our own"):
        key = await session.listen(exchange, key)
    with talk.trip.phase("transfer", "waiting for our own message"):
        await session.send_to_ourselves(exchange, key)


def _judge(options: Options, messages: int, consumers: int) -> None:
    expect, queue = options.expect, options.queue
    if unmet := judge_values(f"the messages in {queue}", expect.messages, [messages], {}):
        raise Unmet("messages", *unmet)
    if unmet := judge_values(f"the consumers of {queue}", expect.consumers, [consumers], {}):
        raise Unmet("consumers", *unmet)
