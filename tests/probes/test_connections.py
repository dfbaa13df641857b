"""What can go wrong with a connection, for each kind that opens one: see connections.md."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import trustme

from probes.result import Outcome, Result
from tests.probes.amqp_broker import broker
from tests.probes.kafka_broker import Broker
from tests.probes.lone_server import alone, reset, wait
from tests.probes.reached import KINDS, REACHED, Act, Reached, mysql_greeting, options
from tests.probes.specimen_grpc import answering
from tests.probes.specimen_mail import smtp_welcome
from tests.probes.stopwatch import Stopwatch
from tests.probes.support import Asker, Speak, speaking
from tests.probes.wrong_certificates import HOST, WRONG, server, stranger, wanting_ours_early

pytestmark = pytest.mark.asyncio(loop_scope="module")

BAD, VOID = Outcome.BAD, Outcome.VOID
LIMIT_S, GRACE_S = 0.15, 0.1
SECURE = sorted(name for name, one in REACHED.items() if one.encrypts)
NO_PEM = "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asker() -> AsyncIterator[Asker]:
    """A prober with one engine for all tests here."""
    it = Asker()
    yield it
    await it.shared.close()


@pytest.fixture(scope="module")
def wrong(authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    """The servers of `WRONG`."""
    return {reason: make(authority) for reason, make in WRONG.items()}


async def ask(reached: Reached, written: Any, asker: Asker, limit_s: float = 5) -> Result:
    asked, stopwatch = options(reached.kind, written), Stopwatch()
    with stopwatch:
        result: Result = await KINDS[reached.kind].run(asked, asker.watch(limit_s))
    assert stopwatch.took_s <= limit_s + GRACE_S
    return result


def at(port: int) -> str:
    return f"{HOST}:{port}"


def some_way(reached: Reached) -> dict[str, Any] | None:
    """How to encrypt a connection that does not come about."""
    return None if reached.plain else {}


@pytest.mark.parametrize("name", sorted(REACHED))
async def test_nobody_there(name: str, asker: Asker) -> None:
    reached = REACHED[name]
    with socket.socket() as closed:
        closed.bind((HOST, 0))
        where = at(closed.getsockname()[1])
        refused = await ask(reached, reached.written(where, some_way(reached)), asker)
    nameless = await ask(reached, reached.written("name.invalid:1", some_way(reached)), asker)

    assert (refused.outcome, refused.reason) == (BAD, "connect"), refused.detail
    assert (nameless.outcome, nameless.reason) == (BAD, "dns"), nameless.detail


@pytest.mark.parametrize("name", sorted(REACHED))
async def test_nobody_lets_us_in(name: str, asker: Asker) -> None:
    """A queue of those who want to connect, that is full: who comes now gets no answer."""
    reached = REACHED[name]
    with socket.socket() as full, socket.socket() as first:
        full.bind((HOST, 0))
        full.listen(0)
        first.connect(full.getsockname())
        written = reached.written(at(full.getsockname()[1]), some_way(reached))
        result = await ask(reached, written, asker, LIMIT_S)

    assert (result.outcome, result.reason) == (BAD, "timeout"), result.detail


def ending(peer: socket.socket) -> None:
    """Have nothing to say, and hear whoever asked to the end: closing at once would be a reset."""
    peer.shutdown(socket.SHUT_WR)
    wait(peer)


@pytest.mark.parametrize("name", sorted(name for name, one in REACHED.items() if one.plain))
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        pytest.param(ending, "empty-reply", id="the end"),
        pytest.param(reset, "reset", id="a reset"),
        pytest.param(wait, "timeout", id="silence"),
    ],
)
async def test_nothing_is_said(name: str, act: Act, reason: str, asker: Asker) -> None:
    reached = REACHED[name]
    limit_s = LIMIT_S if act is wait else 5
    with alone(act) as port:
        result = await ask(reached, reached.written(at(port), None), asker, limit_s)

    assert (result.outcome, result.reason) == (BAD, reason), result.detail


@pytest.mark.parametrize(
    ("name", "line"), [("smtp", b"250-" + b"S" * 8000 + b"\r\n"), ("tcp", b"x" * 60 + b"\n")]
)
async def test_more_is_said_than_may_be(name: str, line: bytes, asker: Asker) -> None:
    def speak(peer: socket.socket) -> None:
        peer.sendall(b"220-hello\r\n220 hello\r\n" if name == "smtp" else b"")
        while True:
            peer.sendall(line * 100)

    reached = REACHED[name]
    with alone(speak) as port:
        result = await ask(reached, reached.written(at(port), None), asker)

    assert (result.outcome, result.reason) == (BAD, "body-too-large"), result.detail


@pytest.mark.parametrize("name", SECURE)
async def test_a_handshake_that_does_not_come_about(name: str, asker: Asker, pem: str) -> None:
    reached = REACHED[name]
    preface = reached.preface or (lambda _: None)

    def silent(peer: socket.socket) -> None:
        preface(peer)
        wait(peer)

    def plain(peer: socket.socket) -> None:
        preface(peer)
        peer.recv(1)
        peer.sendall(b"this is no TLS at all\r\n")
        wait(peer)

    with alone(silent) as port:
        waited = await ask(reached, reached.written(at(port), {"ca": pem}), asker, LIMIT_S)
    with alone(plain) as port:
        refused = await ask(reached, reached.written(at(port), {"ca": pem}), asker)

    assert (waited.outcome, waited.reason) == (BAD, "timeout"), waited.detail
    assert (refused.outcome, refused.reason) == (BAD, "tls-handshake"), refused.detail


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("imap with starttls", b"* OK [CAPABILITY IMAP4rev1] hello\r\na1 BAD what\r\n"),
        ("smtp with starttls", b"220 hello\r\n250 hello\r\n"),
        ("sql of mysql", mysql_greeting(tls=False)),
        ("sql of postgresql", b"N"),
    ],
)
async def test_a_target_that_does_not_begin_to_encrypt(
    name: str, said: bytes, asker: Asker
) -> None:
    def speak(peer: socket.socket) -> None:
        peer.sendall(said)
        wait(peer)

    reached = REACHED[name]
    with alone(speak) as port:
        result = await ask(reached, reached.written(at(port), {}), asker)

    assert (result.outcome, result.reason) == (BAD, "starttls"), result.detail


@pytest.mark.parametrize(
    ("name", "speak"),
    [
        ("amqp", broker()),
        ("grpc", answering()),
        ("kafka", Broker(where={1: (HOST, 9092)}).speak),
        ("smtp", smtp_welcome),
    ],
)
async def test_a_certificate_that_ends_too_soon(
    name: str, speak: Speak, asker: Asker, pem: str, authority: trustme.CA
) -> None:
    reached = REACHED[name]
    context = server(HOST, not_after=datetime.now(UTC) + timedelta(days=2))(authority)
    context.set_alpn_protocols([reached.alpn] if reached.alpn else [])
    async with speaking(speak, tls=context) as port:
        written = reached.written(at(port), {"ca": pem})
        expect = {"expect": {"certificate": {"valid_for": "30d"}}}
        result = await ask(reached, written | expect, asker)

    assert (result.outcome, result.reason) == (BAD, "certificate"), result.detail


CERTIFICATES = [
    (name, reason)
    for name in SECURE
    for reason in WRONG
    if (name, reason) != ("tls", "tls-client-certificate")
]
"""Who only shakes hands has gone by the time at which TLS 1.3 says that it wants one of ours."""


@pytest.mark.parametrize(("name", "reason"), CERTIFICATES)
async def test_each_wrong_certificate_has_its_reason(
    name: str, reason: str, asker: Asker, pem: str, wrong: dict[str, ssl.SSLContext]
) -> None:
    reached = REACHED[name]
    how = {"ca": pem} | ({"min_version": 1.3} if reason == "tls-handshake" else {})
    with alone(wait, tls=wrong[reason], preface=reached.preface) as port:
        result = await ask(reached, reached.written(at(port), how), asker)

    assert (result.outcome, result.reason) == (BAD, reason), result.detail


async def test_a_handshake_ends_where_ours_is_not_taken(
    asker: Asker, pem: str, authority: trustme.CA
) -> None:
    reached = REACHED["tls"]
    with alone(wait, tls=wanting_ours_early(authority)) as port:
        result = await ask(reached, reached.written(at(port), {"ca": pem, **stranger()}), asker)

    assert (result.outcome, result.reason) == (BAD, "tls-client-certificate"), result.detail


@pytest.mark.parametrize("name", SECURE)
async def test_what_we_cannot_use_of_our_own_says_nothing_of_the_target(
    name: str, asker: Asker, pem: str, authority: trustme.CA
) -> None:
    reached = REACHED[name]
    context = server(HOST)(authority)
    context.set_alpn_protocols([reached.alpn] if reached.alpn else [])
    with alone(wait, tls=context, preface=reached.preface) as port:
        results = [
            await ask(reached, reached.written(at(port), how), asker)
            for how in ({"ca": NO_PEM}, {"ca": pem, "certificate": NO_PEM, "key": NO_PEM})
        ]

    assert [(one.outcome, one.reason) for one in results] == [
        (VOID, "tls-ca"),
        (VOID, "tls-client-certificate"),
    ], [one.detail for one in results]


@pytest.mark.parametrize("name", sorted(REACHED))
async def test_a_network_that_this_machine_has_not(name: str, asker: Asker) -> None:
    """TCP goes to one host; to many there is no way, as Linux says it."""
    reached = REACHED[name]
    result = await ask(reached, reached.written("224.0.0.99:1", some_way(reached)), asker)

    assert (result.outcome, result.reason) == (VOID, "network-unreachable"), result.detail
