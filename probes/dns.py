"""Probe kind ``dns``: do name servers answer a question as they should, and all alike?"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import dns.resolver
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from probes.dns_parts.exchange import PORTS, Answered, Over, Way, exchange
from probes.dns_parts.expect import Expect, check_values, judge, shown, values
from probes.dns_parts.question import Name, Question, RecordClass, RecordType
from probes.fields import Refused
from probes.net.target import Target, parse_target, written_out
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble, Unmet
from probes.result import Facts, Outcome, Result
from probes.settings import Family, Tls
from probes.watch import Watch

SUMMARY = "A DNS question to one server or several, over UDP, TCP, TLS or HTTPS."
SOURCE = True
"""Whether it can be asked from an address of choice."""
_RESOLV_CONF = "/etc/resolv.conf"


def _server(value: object, info: ValidationInfo) -> Target:
    """A host with a port or without; port 0 is the usual one of what carries the question."""
    text = written_out(value, info)
    bare = text.strip("[]")
    with_port = text.rpartition(":")[2].isdigit() and (text.count(":") == 1 or "]:" in text)
    if with_port or not bare:
        return parse_target(text, info)
    return Target(bare, 0)


Server = Annotated[
    Target,
    PlainValidator(_server),
    WithJsonSchema({"type": "string", "examples": ["192.0.2.53", "ns1.example:5353"]}),
]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        query: The name to ask for; for PTR an IP address will do.
        type: The type of record.
        class: The class of records.
        servers: Whom to ask, one or a list; the machine's own resolver unless set.
        over: What carries the question.
        ip: Which addresses of the servers to use.
        recursion: Whether the server should ask others.
        dnssec: Whether to ask for signatures too.
        path: Of the URL, for HTTPS.
        tls: Whom to trust, for TLS and HTTPS.
        expect: What every server's answer must be.
        agree: What all servers must agree on: the ``serial`` of a SOA, or the ``answers``.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    query: Name
    type: RecordType = "A"
    class_: Annotated[RecordClass, Field(alias="class")] = "IN"
    servers: Annotated[tuple[Server, ...], BeforeValidator(_listed), Field(max_length=50)] = ()
    over: Over = Over.UDP
    ip: Family = "any"
    recursion: bool = True
    dnssec: bool = False
    path: Annotated[str, Field(pattern=r"^/[!-~]*$")] = "/dns-query"
    tls: Tls = field(default_factory=Tls)
    expect: Expect = field(default_factory=Expect)
    agree: Literal["serial", "answers"] | None = None

    def __post_init__(self) -> None:
        try:
            check_values(self.expect, self.type, self.class_)
        except Refused as refused:
            at = ("expect", *refused.at)
            raise Refused(refused.what, mend=refused.mend, at=at) from None
        if self.agree is not None and len(self.servers) < 2:
            raise Refused("one server agrees with itself", mend="write more servers", at=("agree",))
        if self.agree == "serial" and self.type != "SOA":
            raise Refused("a serial is in a SOA only", mend="write `type: SOA`", at=("agree",))

    @functools.cached_property
    def question(self) -> Question:
        """What is asked."""
        return Question(self.query, self.type, self.class_, self.recursion, self.dnssec)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.servers[0].host if options.servers else ""


async def run(options: Options, watch: Watch) -> Result:
    """
    Ask every server at the same time, and judge the answers in the order of the servers.

    The phases are those of the server that decides: the first that fails, or the slowest.
    """
    try:
        servers = options.servers or _own_resolvers()
    except Trouble as trouble:
        return Trip(watch).ended_by(trouble)
    turns = [_Turn(options, server, watch) for server in servers]
    await asyncio.gather(*(turn.take() for turn in turns))
    for turn in turns:
        if turn.trouble is not None:
            return turn.failed(turn.trouble)
    unlike = _unlike(options, turns)
    if unlike is not None:
        return unlike[0].failed(unlike[1])
    slowest = max(turns, key=lambda turn: turn.took_s)
    return slowest.trip.good(facts=slowest.facts)


class _Turn:
    """One server's part of a run."""

    def __init__(self, options: Options, server: Target, watch: Watch) -> None:
        self._options = options
        self._watch = watch
        self.server = Target(server.host, server.port or PORTS[options.over])
        self.trip = Trip(watch)
        self.answered: Answered | None = None
        self.trouble: Trouble | None = None
        self.took_s = 0.0

    async def take(self) -> None:
        """Ask and judge; what goes wrong is kept."""
        options = self._options
        way = Way(
            server=self.server,
            over=options.over,
            ip=options.ip,
            tls=options.tls,
            path=options.path,
        )
        try:
            async with self.trip:
                self.answered = await exchange(self.trip, way, options.question)
                if self._watch.look is not None:
                    self._told()
                judge(options.expect, self.answered.message, options.type, options.class_)
        except Trouble as came:
            self.trouble = came
        self.took_s = self._watch.elapsed_s()

    @property
    def facts(self) -> Facts:
        """What was learnt about the server."""
        presented = self.answered.presented if self.answered else None
        return Facts(
            address=self.trip.address,
            protocol=f"DNS over {self.answered.over.upper()}" if self.answered else None,
            certificate_expires_at=presented.expires_at if presented else None,
        )

    def failed(self, trouble: Trouble) -> Result:
        """The run failed by *trouble* of this server; its answer is the evidence."""
        evidence = self._told().evidence(trouble)
        return self.trip.ended_by(trouble, facts=self.facts, evidence=evidence)

    def _told(self) -> Transcript:
        """What was asked, and the answer if there was one."""
        told = Transcript(f"{self._options.question} of {self.server}", self._watch)
        if self.answered is not None:
            told.heard(self.answered.message.to_text())
        return told


def _unlike(options: Options, turns: list[_Turn]) -> tuple[_Turn, Trouble] | None:
    """The first server that does not agree with the first of all, and on what."""
    if options.agree is None:
        return None
    found = [(one, values(one.answered.message, options.type)) for one in turns if one.answered]
    first = found[0][1]
    for turn, its in found[1:]:
        if options.agree == "answers" and its != first:
            return turn, Unmet(
                "servers-differ", f"{shown(first)} as {turns[0].server} says", shown(its)
            )
        if options.agree == "serial":
            one, other = ({getattr(soa, "serial", None) for soa in soas} for soas in (first, its))
            if one != other or not one:
                wanted = f"serial {_numbers(one)} as {turns[0].server} says"
                return turn, Unmet("servers-differ", wanted, _numbers(other))
    return None


def _numbers(serials: set[int | None]) -> str:
    return ", ".join(str(serial) for serial in serials) or "none"


def _own_resolvers() -> tuple[Target, ...]:
    """
    The name servers of this machine, read again when the file that names them changes.

    Raises:
        Trouble: Void: there is none.
    """
    try:
        return _read_resolvers(Path(_RESOLV_CONF).stat().st_mtime_ns)
    except (OSError, dns.resolver.NoResolverConfiguration):
        said = f"{_RESOLV_CONF} names no server"
        raise Trouble("no-resolver", said, outcome=Outcome.VOID) from None


@functools.lru_cache(maxsize=1)
def _read_resolvers(_changed_ns: int) -> tuple[Target, ...]:
    found = dns.resolver.Resolver(_RESOLV_CONF).nameservers
    return tuple(Target(str(one), 0) for one in found[:1])
