"""Questions to real name servers, and to some that are not what they seem."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import trustme
from pydantic import TypeAdapter

from probes import dns as kind
from probes.dns_parts.exchange import PORTS, Over
from probes.result import Outcome, Result
from tests.probes.named import Named, named
from tests.probes.support import Asker, look_up, refusal, saying, speaking

OPTIONS: TypeAdapter[kind.Options] = TypeAdapter(kind.Options)
ZONE = """
$TTL 300
@ IN SOA ns1 hostmaster {serial} 3600 600 86400 60
@ IN NS ns1
@ IN MX 10 mail
ns1 IN A 192.0.2.53
mail IN A 192.0.2.25
www IN A 192.0.2.10
www IN A 192.0.2.11
shop IN CNAME www
short 5 IN A 192.0.2.5
txt IN TXT "v=spf1 -all"
{many}
"""


def zone(serial: int) -> str:
    """Of ``example``; the name ``many`` has too many addresses for one packet."""
    many = "\n".join(f"many IN A 10.0.0.{n + 1}" for n in range(90))
    return ZONE.format(serial=serial, many=many)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Named]:
    reverse = "$TTL 300\n@ SOA ns1 h 1 1 1 1 1\n@ NS ns1.example.\n10 PTR www.example.\n"
    zones = {"example": zone(7), "2.0.192.in-addr.arpa": reverse}
    with named(tmp_path_factory.mktemp("named"), authority, zones) as ports:
        yield ports


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 2) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await kind.run(options, asker.watch(timeout_s))


def at(server: Named, **written: Any) -> dict[str, Any]:
    return {"query": "www.example", "servers": f"127.0.0.1:{server.dns}", **written}


@pytest.mark.parametrize("over", ["udp", "tcp", "tls", "https"])
async def test_an_answer_comes_by_every_way(
    asker: Asker, server: Named, pem: str, over: str
) -> None:
    port = {"udp": server.dns, "tcp": server.dns, "tls": server.dot, "https": server.doh}[over]
    written = at(server, servers=f"127.0.0.1:{port}", over=over, tls={"ca": pem})
    written["expect"] = {"answers": {"equals": ["192.0.2.11", "192.0.2.10"]}}

    result = await ask(asker, written)

    assert result.outcome is Outcome.GOOD, result.detail
    assert result.facts.address == "127.0.0.1"
    assert result.facts.protocol == f"DNS over {over.upper()}"
    assert (result.facts.certificate_expires_at is not None) == (over == "tls")
    assert result.phases.first_byte_s is not None


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"query": "none.example"}, "rcode"),
        ({"query": "none.example", "expect": {"rcode": "NXDOMAIN"}}, ""),
        ({"query": "elsewhere.test"}, "rcode"),
        ({"query": "elsewhere.test", "expect": {"rcode": ["refused", "servfail"]}}, ""),
        ({"expect": {"answers": {"equals": "192.0.2.10"}}}, "answer"),
        ({"expect": {"answers": {"contains": "192.0.2.10"}}}, ""),
        ({"expect": {"answers": {"contains": "192.0.2.99"}}}, "answer"),
        ({"expect": {"answers": {"count": 2}}}, ""),
        ({"expect": {"answers": {"count": 1}}}, "answer"),
        ({"expect": {"answers": {"at_least": 3}}}, "answer"),
        ({"expect": {"answers": {"at_most": 1}}}, "answer"),
        ({"query": "shop.example", "expect": {"answers": {"count": 2}}}, ""),
        ({"query": "shop.example", "expect": {"answers": {"any_matches": "CNAME www"}}}, ""),
        ({"query": "short.example", "expect": {"answers": {"ttl": "1m"}}}, "answer"),
        ({"expect": {"answers": {"ttl": "5m"}}}, ""),
        ({"expect": {"answers": {"all_match": r"\s192\.0\.2\."}}}, ""),
        ({"expect": {"answers": {"all_match": r"\.10$"}}}, "answer"),
        ({"expect": {"answers": {"none_matches": r"\.10$"}}}, "answer"),
        ({"expect": {"answers": {"not_all_match": r"\.10$"}}}, ""),
        ({"expect": {"answers": {"not_all_match": "192"}}}, "answer"),
        ({"expect": {"answers": {"any_matches": "198"}}}, "answer"),
        ({"expect": {"authoritative": True}}, ""),
        ({"query": "elsewhere.test", "expect": {"rcode": "REFUSED", "authoritative": True}},
         "not-authoritative"),
        ({"expect": {"authenticated": True}}, "dnssec"),
        ({"query": "none.example", "expect": {"rcode": "NXDOMAIN", "authority": {"count": 1}}}, ""),
        ({"expect": {"authority": {"count": 9}}}, "authority"),
        ({"query": "example", "type": "MX", "expect": {"additional": {"at_least": 9}}},
         "additional"),
        ({"query": "example", "type": "mx", "expect": {"answers": {"equals": "10 MAIL.example"}}},
         ""),
        ({"query": "txt.example", "type": "TXT",
          "expect": {"answers": {"equals": '"v=spf1 -all"'}}}, ""),
        ({"query": "192.0.2.10", "type": "PTR", "expect": {"answers": {"equals": "www.example"}}},
         ""),
        ({"query": "many.example", "expect": {"answers": {"count": 90}}}, ""),
        ({"query": "version.bind", "type": "TXT", "class": "CH"}, ""),
        ({"query": "Bücher.example", "expect": {"rcode": "NXDOMAIN"}}, ""),
    ],
)  # fmt: skip
async def test_each_expectation_holds_or_has_its_reason(
    asker: Asker, server: Named, written: dict[str, Any], reason: str
) -> None:
    result = await ask(asker, at(server, **written))

    assert result.reason == reason, result.detail
    if reason:
        assert result.evidence is not None
        assert "QUESTION" in result.evidence.body
        assert result.evidence.expected


async def test_what_is_cut_short_over_udp_is_asked_for_over_tcp(
    asker: Asker, server: Named
) -> None:
    result = await ask(asker, at(server, query="many.example"))

    assert result.facts.protocol == "DNS over TCP"


async def test_servers_that_differ_are_told_apart(
    asker: Asker, server: Named, authority: trustme.CA, tmp_path: Path
) -> None:
    soa = {"query": "example", "type": "SOA", "agree": "serial"}
    with named(tmp_path, authority, {"example": zone(8)}) as behind:
        both = [f"127.0.0.1:{server.dns}", f"127.0.0.1:{behind.dns}"]
        serial = await ask(asker, {**soa, "servers": both})
        same = await ask(asker, {**soa, "servers": [both[0], both[0]]})
        answers = await ask(asker, {"query": "www.example", "agree": "answers", "servers": both})

    assert (serial.reason, same.reason, answers.reason) == ("servers-differ", "", "")
    assert serial.detail == f"expected serial 7 as {both[0]} says, got 8"


async def test_one_server_of_several_that_fails_is_enough(asker: Asker, server: Named) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{free.getsockname()[1]}"
        result = await ask(asker, at(server, servers=[f"127.0.0.1:{server.dns}", dead]), 0.3)
    refused = await ask(asker, at(server, servers=[dead]), 1)

    assert result.reason == "timeout"
    assert result.evidence is not None
    assert result.evidence.request == f"www.example A of {dead}"
    assert refused.reason == "connect"


@contextlib.asynccontextmanager
async def packets(answer: Callable[[bytes], list[bytes]]) -> AsyncIterator[int]:
    """A server over UDP that says whatever *answer* makes of a question; gives its port."""

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
            for packet in answer(data):
                self.transport.sendto(packet, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def _true(wire: bytes) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(wire))
    message.answer.append(dns.rrset.from_text("www.example.", 300, "IN", "A", "192.0.2.1"))
    return message.to_wire()


def _of_another(wire: bytes) -> bytes:
    other = dns.message.make_query("other.example", "A", id=int.from_bytes(wire[:2], "big"))
    return dns.message.make_response(other).to_wire()


def _head(wire: bytes, answers: int) -> bytes:
    return wire[:2] + struct.pack("!HHHHH", 0x8180, 1, answers, 0, 0) + wire[12:-11]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(
            lambda wire: [b"", b"xx", wire, b"\0\0" + _true(wire)[2:], _true(wire)],
            "",
            id="forged ones before the true one",
        ),
        pytest.param(lambda wire: [_of_another(wire)], "malformed", id="another question's"),
        pytest.param(lambda wire: [_head(wire, 60000)], "malformed", id="counts that lie"),
        pytest.param(
            lambda wire: [_head(wire, 1) + b"\xc0\x0c" * 600], "malformed", id="names in circles"
        ),
        pytest.param(lambda wire: [_head(wire, 1) + b"\xff" * 60000], "malformed", id="garbage"),
        pytest.param(lambda _: [], "timeout", id="silence"),
    ],
)
async def test_answers_that_are_none(
    asker: Asker, answer: Callable[[bytes], list[bytes]], reason: str
) -> None:
    async with packets(answer) as port:
        written = {"query": "www.example", "servers": f"127.0.0.1:{port}"}
        result = await ask(asker, written, 0.3)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "empty-reply"),
        (b"\x00", "truncated"),
        (b"\xff\xff" + b"x" * 100, "truncated"),
        (b"\x00\x04abcd", "malformed"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 65536, "malformed"),
    ],
)
async def test_streams_that_are_no_dns(asker: Asker, said: bytes, reason: str) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2)
        writer.write(said)

    async with speaking(speak) as port:
        written = {"query": "www.example", "servers": f"127.0.0.1:{port}", "over": "tcp"}
        result = await ask(asker, written)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "status"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", "malformed"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000, "body-too-large"),
    ],
)
async def test_a_server_of_https_that_does_not_answer_by_dns(
    asker: Asker, server_tls: ssl.SSLContext, pem: str, said: bytes, reason: str
) -> None:
    async with speaking(saying(said), tls=server_tls) as port:
        way = {"servers": f"127.0.0.1:{port}", "over": "https", "tls": {"ca": pem}}
        result = await ask(asker, {"query": "www.example", **way})

    assert (result.outcome, result.reason) == (Outcome.BAD, reason), result.detail


async def test_a_question_under_way_is_void_when_the_prober_stops(
    asker: Asker, server_tls: ssl.SSLContext, pem: str
) -> None:
    came = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)
        came.set()
        await reader.read()

    async with speaking(silence, tls=server_tls) as port:
        way = {"servers": f"127.0.0.1:{port}", "over": "https", "tls": {"ca": pem}}
        asking = asyncio.create_task(ask(asker, {"query": "www.example", **way}, 60))
        await asyncio.wait_for(came.wait(), 5)
        await asker.shared.close()
        result = await asyncio.wait_for(asking, 1)

    assert (result.outcome, result.reason) == (Outcome.VOID, "stopped")


async def test_the_resolver_of_the_machine_is_asked_unless_others_are_named(
    asker: Asker, server: Named, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "resolv.conf"
    monkeypatch.setattr(kind, "_RESOLV_CONF", str(file))
    none = await ask(asker, {"query": "www.example"})
    file.write_text("nameserver 127.0.0.1\n", encoding="utf-8")
    monkeypatch.setitem(PORTS, Over.UDP, server.dns)
    found = await ask(asker, {"query": "www.example"})

    assert (none.outcome, none.reason) == (Outcome.VOID, "no-resolver")
    assert found.outcome is Outcome.GOOD, found.detail


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"query": "a..b"}, "`a..b` is no name"),
        ({"query": "a", "type": "NOPE"}, "`NOPE` is no type of record"),
        ({"query": "a", "type": "AXFR"}, "AXFR is nothing that one message can answer"),
        ({"query": "a", "class": "XX"}, "`XX` is no class of records"),
        ({"query": "a", "servers": "[::1]:99999"}, "`[::1]:99999` is not a host and a port"),
        ({"query": "a", "expect": {"rcode": "FINE"}}, "`FINE` is no RCODE"),
        ({"query": "a", "agree": "answers"}, "one server agrees with itself"),
        ({"query": "a", "agree": "serial", "servers": ["a", "b"]}, "a serial is in a SOA only"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, written).what == what


def test_a_value_of_another_type_is_a_mistake() -> None:
    refused = refusal(OPTIONS, {"query": "a", "expect": {"answers": {"equals": "www.example"}}})

    assert refused.what.startswith("`www.example` is no value of A")
    assert refused.at == ("expect", "answers", "equals")
