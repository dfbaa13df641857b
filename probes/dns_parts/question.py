"""A DNS question as people write it, and as it goes over the wire."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.reversename
from pydantic import AfterValidator, BeforeValidator

from probes.fields import Refused, said

_META = frozenset({"AXFR", "IXFR", "OPT", "TSIG", "TKEY", "MAILA", "MAILB"})
"""Types that are no question, or whose answer is no single message."""

PAYLOAD = 1232
"""Bytes that an answer over UDP may have without being fragmented (DNS flag day 2020)."""


def _type(value: object) -> str:
    """
    Raises:
        Refused: No type of record.
    """
    text = str(value).upper()
    try:
        dns.rdatatype.from_text(text)
    except (dns.exception.DNSException, ValueError):
        raise Refused(f"{said(value)} is no type of record", mend="write A, AAAA, MX …") from None
    if text in _META:
        raise Refused(f"{text} is nothing that one message can answer")
    return text


def _class(value: object) -> str:
    text = str(value).upper()
    try:
        dns.rdataclass.from_text(text)
    except (dns.exception.DNSException, ValueError):
        raise Refused(f"{said(value)} is no class of records", mend="write IN or CH") from None
    return text


def _name(value: str) -> str:
    try:
        dns.name.from_text(value, idna_codec=dns.name.IDNA_2008_UTS_46)
    except (dns.exception.DNSException, UnicodeError):
        raise Refused(f"{said(value)} is no name", mend="write one such as shop.example") from None
    return value


RecordType = Annotated[str, BeforeValidator(_type)]
RecordClass = Annotated[str, BeforeValidator(_class)]
Name = Annotated[str, AfterValidator(_name)]


@dataclass(frozen=True)
class Question:
    """
    Attributes:
        name: As written; an IP address is asked for by its reverse name where *type* is PTR.
        type: Such as ``A``.
        class_: Such as ``IN``.
        recursion: Whether the server should ask others.
        dnssec: Whether signatures are asked for.
    """

    name: str
    type: str
    class_: str
    recursion: bool
    dnssec: bool

    @cached_property
    def asked(self) -> dns.name.Name:
        """The name over the wire."""
        if self.type == "PTR":
            try:
                ipaddress.ip_address(self.name)
            except ValueError:
                pass
            else:
                return dns.reversename.from_address(self.name)
        return dns.name.from_text(self.name, idna_codec=dns.name.IDNA_2008_UTS_46)

    @cached_property
    def _wire(self) -> bytes:
        message = dns.message.make_query(
            self.asked,
            self.type,
            self.class_,
            use_edns=0,
            payload=PAYLOAD,
            want_dnssec=self.dnssec,
            flags=dns.flags.RD if self.recursion else 0,
            id=0,
        )
        # Without AD a resolver need not say whether it has verified (RFC 6840, section 5.7).
        message.flags |= dns.flags.AD
        return message.to_wire()

    def to_wire(self) -> bytes:
        """The message, with an identifier that nobody can guess."""
        return secrets.token_bytes(2) + self._wire[2:]

    def is_answered_by(self, wire: bytes, sent: bytes) -> bool:
        """Whether *wire* is an answer to *sent*, as far as its first bytes tell."""
        return len(wire) >= 12 and wire[:2] == sent[:2] and bool(wire[2] & 0x80)

    def __str__(self) -> str:
        return f"{self.name} {self.type}" + ("" if self.class_ == "IN" else f" {self.class_}")
