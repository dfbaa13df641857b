"""Probe kind ``grpc``: does a server say that it, or a service of it, is healthy?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from probes.expect import CertificateExpectation
from probes.fields import FilledText, Refused
from probes.grpc_parts.call import Reply, Way, call
from probes.grpc_parts.wire import fields, text_field
from probes.net.certificates import judge_validity
from probes.net.target import HostPort
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble, Unmet
from probes.result import Facts, Result
from probes.settings import Family, Tls
from probes.watch import Watch

SUMMARY = "The health service of a gRPC server."
SOURCE = True
"""Whether it can be asked from an address of choice."""

HEALTH = "grpc.health.v1.Health/Check"
_STATES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_RESERVED = frozenset({"content-type", "te", "user-agent", "host", "content-length"})


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold.

    Attributes:
        health: What the server must say of the service.
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    health: Literal["SERVING", "NOT_SERVING"] = "SERVING"
    certificate: CertificateExpectation | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        tls: Encrypt; ``true``, or how.
        service: The service that is asked about; empty is the server as a whole.
        metadata: Sent along, by name.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Literal[True] | Tls | None = None
    service: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{0,255}$")] = ""
    metadata: Mapping[Annotated[str, Field(pattern=r"^[a-z0-9_.-]+$")], FilledText] = field(
        default_factory=dict
    )
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        for name, value in self.metadata.items():
            if name in _RESERVED or name.startswith("grpc-"):
                raise Refused(f"{name} is set by the call itself", at=("metadata", name))
            if not value.render().isascii() or not value.render().isprintable():
                raise Refused("this is not printable ASCII", at=("metadata", name))
        if isinstance(self.tls, Tls) and self.tls.server_name is not None:
            raise Refused(
                "the name that is verified is that of `connect`",
                mend="leave it out",
                at=("tls", "server_name"),
            )
        if self.expect.certificate is not None and self.tls is None:
            raise Refused(
                "without TLS there is no certificate",
                mend="write `tls: true`",
                at=("expect", "certificate"),
            )


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Ask once, over a connection of its own."""
    trip = Trip(watch)
    told = Transcript(f"{HEALTH} of {options.service or 'all'} at {options.connect}", watch)
    facts = Facts()
    try:
        reply = await _ask(options, trip)
        expires_at = reply.answer.certificate_expires_at
        facts = Facts(
            address=trip.address,
            protocol=reply.answer.protocol,
            certificate_expires_at=expires_at,
        )
        told.heard(f"{reply.name} {reply.words}\n")
        _judge(options, reply)
        if options.expect.certificate is not None:
            judge_validity(options.expect.certificate.valid_for, expires_at, watch)
    except Trouble as trouble:
        seen = facts if facts.address else Facts(address=trip.address)
        return trip.ended_by(trouble, facts=seen, evidence=told.evidence(trouble))
    return trip.good(facts=facts)


async def _ask(options: Options, trip: Trip) -> Reply:
    tls = Tls() if options.tls is True else options.tls
    way = Way(
        authority=str(options.connect),
        ip=options.ip,
        tls=tls.at_home if tls is not None else None,
        metadata={name: value.render() for name, value in options.metadata.items()},
    )
    return await call(trip, way, HEALTH, text_field(1, options.service))


def _judge(options: Options, reply: Reply) -> None:
    said = f"{reply.name}: {reply.words}" if reply.words else reply.name
    match reply.name:
        case "OK":
            pass
        case "NOT_FOUND":
            raise Trouble("not-found", f"the server knows no service {options.service}: {said}")
        case "UNIMPLEMENTED":
            raise Trouble("unimplemented", f"the server has no health service: {said}")
        case "PERMISSION_DENIED" | "UNAUTHENTICATED":
            raise Trouble("login", said)
        case "UNAVAILABLE":
            raise Trouble("unavailable", said)
        case _:
            raise Trouble("call", said)
    if reply.message is None:
        raise Trouble("malformed", "the answer has no message")
    state = 0
    for number, value in fields(reply.message):
        if number == 1 and isinstance(value, int):
            state = value
    actual = _STATES[state] if state < len(_STATES) else str(state)
    if actual != options.expect.health:
        raise Unmet("health", options.expect.health, actual)
