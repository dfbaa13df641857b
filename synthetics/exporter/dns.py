"""The prober ``dns``: one question to one server, and what the module expects of the answer."""

from __future__ import annotations

import asyncio
import functools
import secrets
import socket
import time
from collections.abc import Sequence

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from probes.net.dial import bind, refused
from probes.net.names import Address
from probes.net.stream import Stream
from probes.net.trip import Trouble
from synthetics.exporter.frame import Failed, Frame, choose, host_and_port
from synthetics.exporter.written import Dns, Records

_MOST = 65_535


async def probe(frame: Frame) -> None:
    """
    Ask, and judge the answer.

    Raises:
        Failed, Trouble: The server did not do what the module expects.
    """
    kind, gauges = frame.module.written.dns, frame.gauges
    assert kind is not None  # a module without is not asked
    gauges.phases("probe_dns_duration_seconds", "resolve", "connect", "request")
    gauges.zero(
        "probe_dns_answer_rrs", "probe_dns_authority_rrs", "probe_dns_additional_rrs",
        "probe_dns_query_succeeded",
    )  # fmt: skip
    usual = 853 if kind.dns_over_tls else 53
    host, port = host_and_port(frame.target) or (frame.target.strip("[]"), usual)
    address, took_s = await choose(
        frame, host, prefer=kind.preferred_ip_protocol, fallback=kind.ip_protocol_fallback
    )
    gauges.took("probe_dns_duration_seconds", "resolve", took_s)
    address = Address(address.family, address.ip, port, address.scope)
    try:
        sent = secrets.token_bytes(2) + _question(kind)
    except (dns.exception.DNSException, UnicodeError):
        raise Failed(f"{kind.query_name!r} is no name") from None
    if kind.transport_protocol == "tcp":
        wire = await _over_tcp(frame, kind, address, sent, host)
    else:
        wire = await _over_udp(frame, address, sent)
    _judge(frame, kind, wire)


@functools.lru_cache
def _asked(name: str, kind: str, in_class: str, recursion: bool) -> bytes:
    query = dns.message.make_query(
        dns.name.from_text(name), kind, in_class, flags=dns.flags.RD if recursion else 0, id=0
    )
    return query.to_wire()[2:]


def _question(kind: Dns) -> bytes:
    """The message without its identifier."""
    return _asked(kind.query_name, kind.query_type, kind.query_class, kind.recursion_desired)


def _is_answer(wire: bytes, sent: bytes) -> bool:
    return len(wire) >= 12 and wire[:2] == sent[:2] and bool(wire[2] & 0x80)


async def _over_udp(frame: Frame, address: Address, sent: bytes) -> bytes:
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    frame.trip.doing = f"waiting for an answer from {address}"
    with socket.socket(address.family, socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        try:
            bind(own, frame.watch.source)
            own.connect(address.sockaddr)
            connected = time.perf_counter()
            own.send(sent)
            while True:
                wire = await loop.sock_recv(own, _MOST)
                if _is_answer(wire, sent):
                    break
        except OSError as error:
            raise refused(error, str(address)) from None
    _took(frame, began, connected)
    return wire


async def _over_tcp(frame: Frame, kind: Dns, address: Address, sent: bytes, host: str) -> bytes:
    began = time.perf_counter()
    async with await Stream.to(frame.trip, address.ip, address.port, limit=_MOST + 2) as stream:
        if kind.dns_over_tls:
            await stream.start_tls(frame.module.tls, frame.module.server_name or host)
        connected = time.perf_counter()
        frame.trip.doing = f"waiting for an answer from {address}"
        await stream.write(len(sent).to_bytes(2, "big") + sent)
        wire = await stream.read_exactly(int.from_bytes(await stream.read_exactly(2), "big"))
    if not _is_answer(wire, sent):
        raise Trouble("malformed", "the answer is to another question")
    _took(frame, began, connected)
    return wire


def _took(frame: Frame, began: float, connected: float) -> None:
    name = "probe_dns_duration_seconds"
    frame.gauges.took(name, "connect", connected - began)
    frame.gauges.took(name, "request", time.perf_counter() - connected)


def _judge(frame: Frame, kind: Dns, wire: bytes) -> None:
    gauges = frame.gauges
    try:
        message = dns.message.from_wire(
            wire, ignore_trailing=True, raise_on_truncation=False, one_rr_per_rrset=True
        )
    except (dns.exception.DNSException, ValueError, RecursionError) as error:
        raise Failed(f"the answer is not DNS: {type(error).__name__}") from None
    gauges.set("probe_dns_answer_rrs", len(message.answer))
    gauges.set("probe_dns_authority_rrs", len(message.authority))
    gauges.set("probe_dns_additional_rrs", len(message.additional))
    gauges.set("probe_dns_query_succeeded", 1)
    if kind.query_type.upper() == "SOA":
        gauges.zero("probe_dns_serial")
        for each in message.answer:
            if each.rdtype == dns.rdatatype.SOA:
                gauges.set("probe_dns_serial", each[0].serial)
    rcode = dns.rcode.to_text(message.rcode())
    frame.say(f"{rcode}, {len(message.answer)} records")
    if rcode not in (kind.valid_rcodes or ("NOERROR",)):
        raise Failed(f"{rcode} is not one of {', '.join(kind.valid_rcodes or ('NOERROR',))}")
    for name, rrsets, wanted in (
        ("answer", message.answer, kind.validate_answer_rrs),
        ("authority", message.authority, kind.validate_authority_rrs),
        ("additional", message.additional, kind.validate_additional_rrs),
    ):
        why = _unlike(wanted, [_line(rrset) for rrset in rrsets])
        if why:
            raise Failed(f"{name}: {why}")


def _line(rrset: dns.rrset.RRset) -> bytes:
    """One record as a line of a zone file, its fields apart by tabs."""
    kind, in_class = dns.rdatatype.to_text(rrset.rdtype), dns.rdataclass.to_text(rrset.rdclass)
    return f"{rrset.name}\t{rrset.ttl}\t{in_class}\t{kind}\t{rrset[0]}".encode()


def _unlike(wanted: Records, lines: Sequence[bytes]) -> str:
    """Why *lines* are not what is *wanted*; empty if they are."""
    if not lines:
        none = wanted.fail_if_not_matches_regexp or wanted.fail_if_none_matches_regexp
        return "there are no records" if none else ""
    if any(regex.search(line) for regex in wanted.fail_if_matches_regexp for line in lines):
        return "a record matches that must not"
    every = wanted.fail_if_all_match_regexp
    # By its name it should be the other way round; the exporter fails where not all match.
    if not all(regex.search(line) for regex in every for line in lines):
        return "not all records match"
    if any(not regex.search(line) for regex in wanted.fail_if_not_matches_regexp for line in lines):
        return "a record does not match"
    some = wanted.fail_if_none_matches_regexp
    if some and not any(regex.search(line) for regex in some for line in lines):
        return "no record matches"
    return ""
