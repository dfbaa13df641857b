"""Connections on loopback: every way in which they go well, badly, or on for too long."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import trustme
import uvloop

from probes.net.stream import Stream, Untrusted
from probes.net.trip import Trip, Trouble
from probes.net.trust import TlsOrder
from probes.result import Outcome
from probes.watch import Watch
from tests.probes.support import Asker, refusing, speaking

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter

LIMIT = 1 << 20


@pytest.fixture
def watch(asker: Asker) -> Watch:
    return asker.watch(2)


@pytest.fixture
def order(pem: str) -> TlsOrder:
    return TlsOrder(ca=pem.encode())


async def _echo(reader: Reader, writer: Writer) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()


async def _trouble(trip: Trip, port: int, talk: Callable[[Stream], object]) -> Trouble:
    """What ends a connection to *port* over which *talk* goes."""
    with pytest.raises(Trouble) as caught:
        async with trip, await Stream.to(trip, "127.0.0.1", port, limit=LIMIT) as stream:
            await talk(stream)  # type: ignore[misc]  # a coroutine function
    return caught.value


async def test_a_line_there_and_back_in_phases_that_were_passed(watch: Watch) -> None:
    async with speaking(_echo) as port:
        trip = Trip(watch)
        async with trip, await Stream.to(trip, "localhost", port, limit=LIMIT, ip="4") as stream:
            await stream.write(b"hello\r\n")
            assert await stream.read_line() == b"hello"

    result = trip.good()

    assert result.outcome is Outcome.GOOD
    assert result.facts.address == "127.0.0.1"
    assert result.phases.resolve_s is not None
    assert result.phases.connect_s is not None
    assert result.phases.tls_s is None


async def test_what_is_long_arrives_whole_over_tls(
    watch: Watch, order: TlsOrder, server_tls: ssl.SSLContext
) -> None:
    sent = bytes(range(256)) * 3000

    async def long(reader: Reader, writer: Writer) -> None:
        assert await reader.readexactly(len(sent)) == sent
        writer.write(sent)
        await writer.drain()

    async with speaking(long, tls=server_tls) as port:
        trip = Trip(watch)
        async with trip, await Stream.to(trip, "127.0.0.1", port, limit=LIMIT) as stream:
            presented = await stream.start_tls(order, "127.0.0.1")
            await stream.write(sent)
            assert await stream.read_exactly(len(sent)) == sent

    assert presented.version == "TLSv1.3"
    assert presented.faults == ()
    assert presented.expires_at is not None
    assert trip.phases.tls_s is not None


def test_the_loop_of_the_service_serves_it_too(
    asker: Asker, order: TlsOrder, server_tls: ssl.SSLContext
) -> None:
    async def there_and_back() -> bytes:
        async with speaking(_echo, tls=server_tls) as port:
            trip = Trip(asker.watch(2))
            async with trip, await Stream.to(trip, "localhost", port, limit=LIMIT) as stream:
                await stream.start_tls(order, "localhost")
                await stream.write(b"hello\n")
                return await stream.read_line()

    assert uvloop.run(there_and_back()) == b"hello"


def _leaf(authority: trustme.CA, *names: str, **spans: datetime) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **spans).configure_cert(context)  # type: ignore[arg-type]
    return context


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(
            lambda ca: _leaf(
                ca,
                "127.0.0.1",
                not_before=datetime(2020, 1, 1, tzinfo=UTC),
                not_after=datetime(2020, 1, 2, tzinfo=UTC),
            ),
            "tls-expired",
            id="expired",
        ),
        pytest.param(
            lambda ca: _leaf(ca, "127.0.0.1", not_before=datetime.now(UTC) + timedelta(days=2)),
            "tls-not-yet-valid",
            id="not valid yet",
        ),
        pytest.param(lambda ca: _leaf(ca, "other.example"), "tls-wrong-host", id="another host's"),
        pytest.param(
            lambda _: _leaf(trustme.CA(), "127.0.0.1"),
            "tls-unknown-ca",
            id="unknown authority",
        ),
    ],
)
async def test_each_wrong_certificate_has_its_reason_and_can_still_be_looked_at(
    watch: Watch,
    order: TlsOrder,
    authority: trustme.CA,
    made: Callable[[trustme.CA], ssl.SSLContext],
    reason: str,
) -> None:
    async with speaking(_echo, tls=made(authority)) as port:
        trouble = await _trouble(Trip(watch), port, lambda one: one.start_tls(order, "127.0.0.1"))

    assert trouble.reason == reason
    assert isinstance(trouble, Untrusted)
    assert len(trouble.presented.chain) == 1


async def test_nothing_is_verified_where_nobody_asks(watch: Watch, authority: trustme.CA) -> None:
    trusting = TlsOrder(verify=False)
    async with speaking(_echo, tls=_leaf(authority, "other.example")) as port:
        trip = Trip(watch)
        async with trip, await Stream.to(trip, "127.0.0.1", port, limit=LIMIT) as stream:
            presented = await stream.start_tls(trusting, "127.0.0.1")

    assert [reason for reason, _ in presented.faults] == ["tls-unknown-ca", "tls-wrong-host"]


async def test_a_client_certificate_that_is_missing_or_shown(
    watch: Watch, order: TlsOrder, authority: trustme.CA
) -> None:
    context = _leaf(authority, "127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    own = authority.issue_cert("probe@example.com")
    ours = TlsOrder(
        ca=order.ca,
        certificate=b"".join(blob.bytes() for blob in own.cert_chain_pems),
        key=own.private_key_pem.bytes(),
    )

    async def hello(stream: Stream) -> None:
        await stream.start_tls(order, "127.0.0.1")
        await stream.read_line()

    async with speaking(refusing(context)) as port:
        trouble = await _trouble(Trip(watch), port, hello)
    async with speaking(_echo, tls=context) as port:
        trip = Trip(watch)
        async with trip, await Stream.to(trip, "127.0.0.1", port, limit=LIMIT) as stream:
            await stream.start_tls(ours, "127.0.0.1")
            await stream.write(b"hello\n")
            answer = await stream.read_line()

    assert trouble.reason == "tls-client-certificate"
    assert answer == b"hello"


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (TlsOrder(ca=b"-----BEGIN CERTIFICATE-----\nno\n"), "tls-ca"),
        (TlsOrder(certificate=b"-----BEGIN x", key=b"-----BEGIN x"), "tls-client-certificate"),
    ],
)
async def test_pem_of_ours_that_cannot_be_used_is_no_fault_of_the_target(
    watch: Watch, order: TlsOrder, reason: str
) -> None:
    async with speaking(_echo) as port:
        trouble = await _trouble(Trip(watch), port, lambda one: one.start_tls(order, "127.0.0.1"))

    assert (trouble.outcome, trouble.reason) == (Outcome.VOID, reason)


async def test_plain_text_where_tls_was_expected(watch: Watch, order: TlsOrder) -> None:
    async def plain(_: Reader, writer: Writer) -> None:
        writer.write(b"220 hello, I speak no TLS here\r\n")
        await writer.drain()

    async with speaking(plain) as port:
        trouble = await _trouble(Trip(watch), port, lambda one: one.start_tls(order, "127.0.0.1"))

    assert (trouble.reason, trouble.detail) == (
        "tls-handshake",
        "the target does not speak TLS there",
    )


async def test_words_slipped_in_before_the_handshake_are_not_believed(
    watch: Watch, order: TlsOrder
) -> None:
    async def slipping(_: Reader, writer: Writer) -> None:
        writer.write(b"220 go ahead\r\n250 and believe this\r\n")
        await writer.drain()

    async def upgrade(stream: Stream) -> None:
        await stream.read_line()
        await stream.start_tls(order, "127.0.0.1")

    async with speaking(slipping) as port:
        trouble = await _trouble(Trip(watch), port, upgrade)

    assert trouble.reason == "malformed"


async def test_an_endless_answer_ends_at_the_limit(watch: Watch) -> None:
    async def endless(_: Reader, writer: Writer) -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async def take(stream: Stream) -> None:
        await stream.read_exactly(LIMIT * 2)

    async with speaking(endless) as port:
        at_limit = await _trouble(Trip(watch), port, take)
        no_line = await _trouble(Trip(watch), port, lambda one: one.read_line())

    assert at_limit.reason == "body-too-large"
    assert no_line.reason == "malformed"


async def test_the_end_before_anything_and_in_the_middle(watch: Watch) -> None:
    async def half(_: Reader, writer: Writer) -> None:
        writer.write(b"hal")
        await writer.drain()

    async def nothing(_: Reader, __: Writer) -> None:
        return

    async with speaking(half) as port:
        middle = await _trouble(Trip(watch), port, lambda one: one.read_line())
    async with speaking(nothing) as port:
        start = await _trouble(Trip(watch), port, lambda one: one.read_line())

    assert (middle.reason, start.reason) == ("truncated", "empty-reply")


async def test_a_reset_is_said(watch: Watch) -> None:
    async def reset(_: Reader, writer: Writer) -> None:
        own: socket.socket = writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with speaking(reset) as port:
        trouble = await _trouble(Trip(watch), port, lambda one: one.read_line())

    assert trouble.reason == "reset"


async def test_a_timeout_says_what_was_waited_for(asker: Asker, order: TlsOrder) -> None:
    async def silent(reader: Reader, _: Writer) -> None:
        await reader.read()

    trip = Trip(asker.watch(0.1))
    async with speaking(silent) as port:
        trouble = await _trouble(trip, port, lambda one: one.start_tls(order, "127.0.0.1"))
        result = trip.ended_by(trouble)

    assert result.reason == "timeout"
    assert result.duration_s == 0.1
    assert result.detail == "not done after 0.1 s: shaking hands for TLS"
    assert result.phases.tls_s is not None


async def test_cancelling_from_outside_passes_through(watch: Watch) -> None:
    connected = asyncio.Event()

    async def silent(reader: Reader, _: Writer) -> None:
        connected.set()
        await reader.read()

    async def hold(port: int) -> None:
        trip = Trip(watch)
        async with trip, await Stream.to(trip, "127.0.0.1", port, limit=LIMIT) as stream:
            await stream.read_line()

    async with speaking(silent) as port:
        task = asyncio.create_task(hold(port))
        await connected.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_who_does_not_listen_refuses(watch: Watch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    trouble = await _trouble(Trip(watch), port, lambda one: one.read_line())

    assert trouble.reason == "connect"
    assert trouble.detail == f"127.0.0.1:{port}: Connection refused"


async def test_a_connection_that_is_gone_before_it_was_looked_at(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the connection and the question to whom, a reset has room: the kernel forgets."""

    async def gone(*_: object) -> socket.socket:
        return socket.socket()

    monkeypatch.setattr("probes.net.dial._first", gone)
    with pytest.raises(Trouble) as caught:
        await Stream.to(Trip(watch), "127.0.0.1", 1, limit=LIMIT)

    assert caught.value.reason == "reset"


async def test_addresses_that_are_denied_are_not_connected_to(asker: Asker) -> None:
    watch = asker.watch(2, denied=(ipaddress.ip_network("127.0.0.0/8"),))
    trouble = await _trouble(Trip(watch), 9, lambda one: one.read_line())

    assert trouble.reason == "address-denied"


@pytest.mark.parametrize(
    ("host", "ip", "reason"),
    [
        ("name.invalid", "any", "dns"),
        ("127.0.0.1", "6", "dns"),
        ("-ü-.example", "any", "dns"),
        ("fe80::1%nowhere", "any", "network-unreachable"),
    ],
)
async def test_names_and_addresses_that_lead_nowhere(
    watch: Watch, host: str, ip: str, reason: str
) -> None:
    trip = Trip(watch)
    with pytest.raises(Trouble) as caught:
        async with trip:
            await Stream.to(trip, host, 1, limit=LIMIT, ip=ip)

    assert caught.value.reason == reason


async def test_a_source_address_that_is_not_ours_is_our_fault(watch: Watch) -> None:
    watch.source = "192.0.2.1"
    trip = Trip(watch)
    with pytest.raises(Trouble) as caught:
        async with trip:
            await Stream.to(trip, "127.0.0.1", 1, limit=LIMIT)

    assert (caught.value.outcome, caught.value.reason) == (Outcome.VOID, "no-sockets")
