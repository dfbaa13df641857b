"""
Targets that mean ill, each tried with every kind that talks over TCP.

Whatever comes is a result, in time and in bounded memory, and nothing of it stays behind.  What
asks by datagrams, runs a program or drives a browser has hostile tests of its own.
"""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from probes.result import Outcome, Result
from tests.probes.amqp_broker import start
from tests.probes.footprint import Growth, nothing_left
from tests.probes.lone_server import alone, reset, wait
from tests.probes.reached import KINDS, REACHED, Act, Reached, options
from tests.probes.stopwatch import Stopwatch
from tests.probes.support import Asker
from tests.probes.test_floods import accepting
from tests.probes.wrong_certificates import HOST, server

LIMIT_S, GRACE_S = 0.1, 0.1
MOST = 24 << 20
"""Bytes by which memory may grow: a few limits on what is heard, and what libraries add to it."""
PLAIN = sorted(name for name, one in REACHED.items() if one.plain)
SECURE = sorted(name for name, one in REACHED.items() if one.encrypts)

HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"
HUGE = {
    "amqp": start() + b"\x01\0\0\x7f\xff\xff\xff",
    "dns by https": HTTP,
    "dns by tcp": b"\xff\xff",
    "domain": HTTP,
    "grpc": b"\0\0\0\4\0\0\0\0\0\xff\xff\xff\0\0\0\0\0\1",
    "http": HTTP,
    "imap": b"* OK hello\r\n* OK {2000000000}\r\n",
    "imap with starttls": b"* OK {2000000000}\r\n",
    "journey": HTTP,
    "kafka": b"\x7f\xff\xff\xff",
    "mqtt": b"\x20\x02\0\0\x90\x03\0\1\0\x30\xff\xff\xff\x7f",
    "nats": b'INFO {"server_id":"x"}\r\nPONG\r\nMSG a 1 2000000000\r\n',
    "redis": b"$2000000000\r\n",
    "smtp": b"220-hello\r\n220 ",
    "smtp with starttls": b"250-hello\r\n250 ",
    "sql of mysql": b"\xff\xff\xff\0",
    "sql of postgresql": b"R\x7f\xff\xff\xff",
    "ssh": b"SSH-2.0-x\r\n\x7f\xff\xff\xff",
    "tcp": b"22",
    "tls": b"x",
    "websocket": b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
}
"""How an answer begins that says of itself that it is long; where it cannot, that has no end."""


def first_byte(name: str) -> bytes:
    return b"H" if name == "websocket" else HUGE[name][:1]


def _without_end(unit: bytes, begin: bytes = b"") -> Act:
    piece = unit * (65536 // len(unit))

    def act(peer: socket.socket) -> None:
        peer.sendall(begin)
        while True:
            peer.sendall(piece)

    return act


def flood(name: str) -> Act:
    """The first byte of an answer, again and again."""
    return _without_end(first_byte(name))


def drip(name: str) -> Act:
    """What has no end, one byte at a time."""

    def act(peer: socket.socket) -> None:
        for byte in HUGE[name] + bytes(1000):
            peer.sendall(bytes([byte]))
            time.sleep(0.05)

    return act


def huge(name: str) -> Act:
    """An answer that is announced as long as can be, and comes."""

    def act(peer: socket.socket) -> None:
        if name == "websocket":
            accepting(peer)
        _without_end(bytes(1), HUGE[name])(peer)

    return act


def noise(name: str) -> Act:
    """Bytes by chance, the same in every run."""

    def act(peer: socket.socket) -> None:
        peer.sendall(random.Random(name).randbytes(100_000))
        wait(peer)

    return act


def silence(_: str) -> Act:
    return wait


def end(_: str) -> Act:
    """Hangs up on everyone."""
    return lambda _: None


def break_off(_: str) -> Act:
    return reset


def records(name: str) -> Act:
    """Records of a handshake without end, where one of TLS was to begin."""
    preface = REACHED[name].preface or (lambda _: None)

    def act(peer: socket.socket) -> None:
        preface(peer)
        _without_end(b"\x16\x03\x03\x40\0\x01\xff\xff\xff" + bytes((1 << 14) - 4))(peer)

    return act


async def outcome(
    asker: Asker, reached: Reached, act: Act, how: Any, tls: ssl.SSLContext | None = None
) -> Result:
    """What comes of a run at a target that does *act*, held to what every run has to keep."""

    def asked(port: int) -> Any:
        return options(reached.kind, reached.written(f"{HOST}:{port}", how))

    run, stopwatch = KINDS[reached.kind].run, Stopwatch()
    await run(asked(1), asker.watch(LIMIT_S))  # by which what runs share is there
    async with nothing_left():
        with alone(act, tls=tls, preface=reached.preface) as port, Growth() as growth:
            target = asked(port)
            with stopwatch:
                result: Result = await run(target, asker.watch(LIMIT_S))
    assert growth.bytes <= MOST
    assert stopwatch.took_s <= LIMIT_S + GRACE_S
    return result


ILL: list[Callable[[str], Act]] = [flood, drip, huge, noise, silence, end, break_off]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("ill", ILL)
async def test_a_target_that_means_ill(asker: Asker, name: str, ill: Callable[[str], Act]) -> None:
    result = await outcome(asker, REACHED[name], ill(name), None)

    assert result.outcome is Outcome.BAD, result.detail


@pytest.mark.parametrize("name", SECURE)
@pytest.mark.parametrize("ill", [flood, drip, huge])
async def test_one_that_encrypts_first(
    asker: Asker, name: str, ill: Callable[[str], Act], pem: str, authority: trustme.CA
) -> None:
    context = server(HOST)(authority)
    context.set_alpn_protocols([REACHED[name].alpn or "http/1.1"])
    result = await outcome(asker, REACHED[name], ill(name), {"ca": pem}, context)

    assert result.outcome is (Outcome.GOOD if name == "tls" else Outcome.BAD), result.detail


@pytest.mark.parametrize("name", SECURE)
async def test_a_handshake_without_end(asker: Asker, name: str, pem: str) -> None:
    result = await outcome(asker, REACHED[name], records(name), {"ca": pem})

    assert result.outcome is Outcome.BAD, result.detail
