"""What is expected of a DNS answer, and what differs first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from pydantic import BeforeValidator, ConfigDict, Field

from probes.expressions import Pattern
from probes.fields import Duration, Refused, said
from probes.net.trip import Unmet


def _listed(value: object) -> object:
    return [value] if isinstance(value, str | int | dict) else value


def _rcode(value: object) -> str:
    text = str(value).upper()
    try:
        dns.rcode.from_text(text)
    except (dns.exception.DNSException, ValueError):
        raise Refused(f"{said(value)} is no RCODE", mend="write NOERROR, NXDOMAIN …") from None
    return text


Rcode = Annotated[str, BeforeValidator(_rcode)]
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Records:
    """
    What the records of one section must be; all that is given must hold.

    Attributes:
        equals: Their values, all of them in any order, and no others.
        contains: Values that must be among them.
        count: How many there must be.
        at_least: The fewest that there may be.
        at_most: The most that there may be.
        ttl: The shortest time that any of them may be kept.
        any_matches: Patterns of which each must be found in one record at least.
        all_match: Patterns that must be found in every record.
        none_matches: Patterns that must be found in none.
        not_all_match: Patterns that must be missing from one record at least.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    equals: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    contains: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    count: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    ttl: Duration | None = None
    any_matches: Annotated[tuple[Pattern, ...], BeforeValidator(_listed)] = ()
    all_match: Annotated[tuple[Pattern, ...], BeforeValidator(_listed)] = ()
    none_matches: Annotated[tuple[Pattern, ...], BeforeValidator(_listed)] = ()
    not_all_match: Annotated[tuple[Pattern, ...], BeforeValidator(_listed)] = ()


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What the answer must be.

    Attributes:
        rcode: How the server says that it went, one or a list.
        answers: The records that answer; values count only those of the type that was
            asked for, so that a CNAME on the way is none.
        authority: Records of the servers that are responsible.
        additional: Records that may be of use besides.
        authoritative: Whether the server must be responsible itself.
        authenticated: Whether the server must say that it has verified the signatures.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    rcode: Annotated[tuple[Rcode, ...], BeforeValidator(_listed)] = ("NOERROR",)
    answers: Records = field(default_factory=Records)
    authority: Records = field(default_factory=Records)
    additional: Records = field(default_factory=Records)
    authoritative: bool | None = None
    authenticated: bool | None = None


def check_values(expect: Expect, type_: str, class_: str) -> None:
    """
    Values are of the type that is asked for.

    Raises:
        Refused: With the path of the first that is not.
    """
    for key in ("equals", "contains"):
        for value in getattr(expect.answers, key) or ():
            try:
                _value(value, type_, class_)
            except (dns.exception.DNSException, ValueError) as error:
                raise Refused(
                    f"{said(value)} is no value of {type_}: {error}",
                    mend="write it as a zone file does, names with their last dot or without",
                    at=("answers", key),
                ) from None


def judge(expect: Expect, message: dns.message.Message, type_: str, class_: str) -> None:
    """
    The first expectation of *message* that does not hold.

    Raises:
        Unmet: ``rcode``, ``not-authoritative``, ``dnssec``, ``answer``, ``authority`` or
            ``additional``.
    """
    rcode = dns.rcode.to_text(message.rcode())
    if rcode not in expect.rcode:
        raise Unmet("rcode", " or ".join(expect.rcode), rcode)
    if expect.authoritative and not message.flags & dns.flags.AA:
        raise Unmet("not-authoritative", "an authoritative answer", "one that is not")
    if expect.authenticated and not message.flags & dns.flags.AD:
        raise Unmet("dnssec", "an answer that was verified (AD)", "one that was not")
    _judge_values(expect.answers, message, type_, class_)
    _judge_section(expect.answers, message.answer, only=type_, reason="answer")
    _judge_section(expect.authority, message.authority, reason="authority")
    _judge_section(expect.additional, message.additional, reason="additional")


def _judge_section(
    wanted: Records, section: Sequence[dns.rrset.RRset], *, only: str = "ANY", reason: str
) -> None:
    counted = _of_type(section, only)
    _judge_count(reason, wanted, sum(len(one) for one in counted))
    _judge_ttl(reason, wanted, counted)
    _judge_patterns(reason, wanted, list(_lines(section)))


def values(message: dns.message.Message, type_: str) -> frozenset[dns.rdata.Rdata]:
    """The values that answer, without those on the way to them."""
    return frozenset(rdata for one in _of_type(message.answer, type_) for rdata in one)


def shown(found: Sequence[dns.rdata.Rdata] | frozenset[dns.rdata.Rdata]) -> str:
    """Values in words."""
    return ", ".join(sorted(one.to_text() for one in found)) or "none"


def _judge_values(wanted: Records, message: dns.message.Message, type_: str, class_: str) -> None:
    if wanted.equals is None and not wanted.contains:
        return
    found = values(message, type_)
    if wanted.equals is not None:
        equal = frozenset(_value(one, type_, class_) for one in wanted.equals)
        if found != equal:
            raise Unmet("answer", shown(equal), shown(found))
    for one in wanted.contains:
        if _value(one, type_, class_) not in found:
            raise Unmet("answer", f"{one} among them", shown(found))


def _judge_count(reason: str, wanted: Records, count: int) -> None:
    for words, limit, holds in (
        ("", wanted.count, count == wanted.count),
        ("at least ", wanted.at_least, count >= (wanted.at_least or 0)),
        ("at most ", wanted.at_most, wanted.at_most is None or count <= wanted.at_most),
    ):
        if limit is not None and not holds:
            records = "record" if limit == 1 else "records"
            raise Unmet(reason, f"{words}{limit} {records}", str(count))


def _judge_ttl(reason: str, wanted: Records, section: Sequence[dns.rrset.RRset]) -> None:
    shortest = min((one.ttl for one in section), default=None)
    if wanted.ttl is None or shortest is None:
        return
    if shortest < wanted.ttl.total_seconds():
        raise Unmet(reason, f"a TTL of at least {wanted.ttl.total_seconds():g} s", f"{shortest} s")


def _judge_patterns(reason: str, wanted: Records, lines: list[str]) -> None:
    def hits(pattern: Any) -> int:
        return sum(pattern.find(line) is not None for line in lines)

    for pattern in wanted.any_matches:
        if not hits(pattern):
            raise Unmet(reason, f"a record with `{pattern}` in it", _few(lines))
    for pattern in wanted.all_match:
        if hits(pattern) != len(lines) or not lines:
            raise Unmet(reason, f"records with `{pattern}` in each", _few(lines))
    for pattern in wanted.none_matches:
        if hits(pattern):
            raise Unmet(reason, f"no record with `{pattern}` in it", _few(lines))
    for pattern in wanted.not_all_match:
        if lines and hits(pattern) == len(lines):
            raise Unmet(reason, f"a record without `{pattern}`", _few(lines))


def _few(lines: list[str]) -> str:
    return "; ".join(lines[:4]) + (" …" if len(lines) > 4 else "") if lines else "none"


def _lines(section: Sequence[dns.rrset.RRset]) -> Iterator[str]:
    for one in section:
        yield from one.to_text().splitlines()


def _of_type(section: Sequence[dns.rrset.RRset], type_: str) -> list[dns.rrset.RRset]:
    wanted = dns.rdatatype.from_text(type_)
    return [one for one in section if wanted in (dns.rdatatype.ANY, one.rdtype)]


def _value(text: str, type_: str, class_: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text(class_, type_, text, origin=dns.name.root, relativize=False)
