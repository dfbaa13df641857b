"""Asks one server, over UDP, TCP, TLS or HTTPS."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from probes.curl.carry import carry
from probes.curl.order import Order
from probes.dns_parts.question import Question
from probes.net.dial import bind, refused
from probes.net.names import resolve
from probes.net.stream import Stream
from probes.net.target import Target
from probes.net.tls import Presented
from probes.net.trip import Trip, Trouble
from probes.settings import Tls

MOST = 65_535
"""Bytes of a message."""


class Over(StrEnum):
    """What carries the question."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    HTTPS = "https"


PORTS = {Over.UDP: 53, Over.TCP: 53, Over.TLS: 853, Over.HTTPS: 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    How a server is asked.

    Attributes:
        server: Which one.
        over: What carries the question; over UDP an answer that is cut short is asked for
            again over TCP.
        ip: ``any``, ``4`` or ``6``.
        tls: Whom to trust.
        path: Of the URL, for HTTPS.
    """

    server: Target
    over: Over
    ip: str
    tls: Tls
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """
    Attributes:
        message: What the server said.
        over: What carried it in the end.
        presented: What it showed in its handshake, if there was one that we saw.
    """

    message: dns.message.Message
    over: Over
    presented: Presented | None = None


async def exchange(trip: Trip, way: Way, question: Question) -> Answered:
    """
    One question, one answer.

    Raises:
        Trouble: Reasons of connections; ``malformed`` for what is no answer to it.
    """
    if way.over is Over.UDP:
        message = _read(await _over_udp(trip, way, question), question)
        if not message.flags & dns.flags.TC:
            return Answered(message=message, over=Over.UDP)
    if way.over is Over.HTTPS:
        return Answered(
            message=_read(await _over_https(trip, way, question), question), over=Over.HTTPS
        )
    return await _over_stream(trip, way, question)


async def _over_udp(trip: Trip, way: Way, question: Question) -> bytes:
    server = way.server
    address = (await resolve(trip, server.host, server.port, ip=way.ip))[0]
    sent = question.to_wire()
    loop = asyncio.get_running_loop()
    with socket.socket(address.family, socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        with trip.phase("first_byte", f"waiting for an answer from {address}"):
            try:
                # Connected, so that only this server's packets come, and its refusals too.
                bind(own, trip.watch.source)
                own.connect(address.sockaddr)
                trip.address = address.ip
                own.send(sent)
                while True:
                    wire = await loop.sock_recv(own, MOST)
                    if question.is_answered_by(wire, sent):
                        return wire
            except OSError as error:
                raise refused(error, str(address)) from None


async def _over_stream(trip: Trip, way: Way, question: Question) -> Answered:
    server, presented = way.server, None
    async with await Stream.to(trip, server.host, server.port, limit=MOST + 2, ip=way.ip) as stream:
        if way.over is Over.TLS:
            name = way.tls.server_name or server.host
            presented = await stream.start_tls(way.tls.at_home, name, alpn=("dot",))
        sent = question.to_wire()
        with trip.phase("first_byte", f"waiting for an answer from {trip.address}"):
            await stream.write(len(sent).to_bytes(2, "big") + sent)
            size = int.from_bytes(await stream.read_exactly(2), "big")
        with trip.phase("transfer", f"reading an answer from {trip.address}"):
            wire = await stream.read_exactly(size)
    if not question.is_answered_by(wire, sent):
        raise Trouble("malformed", "the answer is to another question")
    over = Over.TLS if presented else Over.TCP
    return Answered(message=_read(wire, question), over=over, presented=presented)


async def _over_https(trip: Trip, way: Way, question: Question) -> bytes:
    """RFC 8484, by libcurl, which speaks HTTP/2 as the servers like it."""
    watch = trip.watch
    sent = b"\0\0" + question.to_wire()[2:]
    order = Order(
        method="POST",
        url=f"https://{way.server}{way.path}",
        headers=(
            "Content-Type: application/dns-message",
            "Accept: application/dns-message",
            f"User-Agent: {watch.user_agent}",
            "Expect:",
        ),
        body=sent,
        body_limit=MOST,
        body_keep=MOST,
        connect_to=(),
        ip=way.ip,
        tls=way.tls.at_home,
    )
    answer = await carry(order, trip, f"waiting for an answer from {way.server}")
    if answer.status != 200:
        raise Trouble("status", f"expected status 200, got {answer.status}")
    if not question.is_answered_by(answer.body, sent):
        raise Trouble("malformed", "the answer is not DNS")
    return answer.body


def _read(wire: bytes, question: Question) -> dns.message.Message:
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
        asked = [(one.name, one.rdtype) for one in message.question]
    except (dns.exception.DNSException, ValueError, RecursionError) as error:
        raise Trouble("malformed", f"the answer is not DNS: {type(error).__name__}") from None
    if asked and asked != [(question.asked, dns.rdatatype.from_text(question.type))]:
        raise Trouble("malformed", "the answer is to another question")
    return message
