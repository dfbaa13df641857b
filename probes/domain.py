"""Probe kind ``domain``: how long is a domain name still registered?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

import idna
from pydantic import AfterValidator, ConfigDict, Field

from probes.domain_parts.rdap import Registration, look_up, server_of
from probes.expressions import Pattern
from probes.fields import Duration, Refused, said
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble, Unmet
from probes.result import Facts, Result
from probes.settings import Family
from probes.url import check_url
from probes.watch import Watch

SUMMARY = "How long a domain name is still registered, by RDAP."
SOURCE = True
"""Whether it can be asked from an address of choice."""

BOOTSTRAP = "https://data.iana.org/rdap/dns.json"
"""IANA's list of who answers for which top-level domain (RFC 9224)."""


def _domain(value: str) -> str:
    try:
        name = idna.encode(value.rstrip("."), uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise Refused(f"{said(value)} is no name: {error}") from None
    if "." not in name:
        raise Refused(
            f"{said(value)} is not a domain that one registers", mend="write one as shop.example"
        )
    return name


def _url(value: str) -> str:
    check_url(value)
    return value


Name = Annotated[str, AfterValidator(_domain)]
Url = Annotated[str, AfterValidator(_url)]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold.

    Attributes:
        valid_for: How long it must at least go on being registered.
        registrar: Searched in the registrar's name.
        status: States that it must have, as RDAP writes them, such as ``client transfer
            prohibited``.
        not_status: States that it must not have.
        nameservers: The names of its name servers, all of them, in any order.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    valid_for: Duration = timedelta(days=30)
    registrar: Pattern | None = None
    status: tuple[str, ...] = ()
    not_status: tuple[str, ...] = (
        "client hold",
        "server hold",
        "pending delete",
        "redemption period",
    )
    nameservers: Annotated[tuple[Name, ...], Field(max_length=100)] = ()


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        name: The domain, as it was registered.
        url: The RDAP server to ask; without it, the one that `bootstrap` names.
        bootstrap: Where it is written who answers for which top-level domain.
        ip: Which addresses to use.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Name
    url: Url | None = None
    bootstrap: Url = BOOTSTRAP
    ip: Family = "any"
    expect: Expect = field(default_factory=Expect)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return urlsplit(options.url or options.bootstrap).hostname or ""


async def run(options: Options, watch: Watch) -> Result:
    """Ask once who has registered it, and until when."""
    trip = Trip(watch)
    told = Transcript(f"registration of {options.name}", watch)
    try:
        server = options.url or await server_of(
            trip, options.name, options.bootstrap, ip=options.ip
        )
        found = await look_up(trip, server, options.name, ip=options.ip)
        told.heard(f"{found}\n")
        _judge(options.expect, found, watch)
    except Trouble as trouble:
        facts = Facts(address=trip.address)
        return trip.ended_by(trouble, facts=facts, evidence=told.evidence(trouble))
    return trip.good()


def _judge(expect: Expect, found: Registration, watch: Watch) -> None:
    states = {_plain(state) for state in found.status}
    for unwanted in expect.not_status:
        if _plain(unwanted) in states:
            raise Unmet("domain-status", f"a domain that is not in {unwanted}", found.states)
    for wanted in expect.status:
        if _plain(wanted) not in states:
            raise Unmet("domain-status", f"the state {wanted}", found.states)
    if found.expires_at is None:
        raise Trouble("malformed", "the registry does not say when the registration ends")
    left = found.expires_at - watch.started_at
    if left < expect.valid_for:
        days = left / timedelta(days=1)
        actual = f"{days:.1f} days, until {found.expires_at:%Y-%m-%d}"
        raise Unmet("domain-expiry", f"{expect.valid_for.days} more days of registration", actual)
    if expect.registrar is not None and expect.registrar.find(found.registrar) is None:
        wanted_name = f"a registrar like `{expect.registrar}`"
        raise Unmet("registrar", wanted_name, found.registrar or "none")
    if expect.nameservers:
        names = sorted(set(expect.nameservers))
        if names != sorted(set(found.nameservers)):
            actual = ", ".join(found.nameservers) or "none"
            raise Unmet("nameservers", ", ".join(names), actual)


def _plain(state: str) -> str:
    """Whichever way it is written: ``clientHold``, ``client hold``."""
    return state.replace(" ", "").lower()
