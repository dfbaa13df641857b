"""
One broker, as far as a probe's questions go: what librdkafka's mock cluster has not.

Its logins are written from RFC 4616 (PLAIN), RFC 5802 and RFC 7677 (SCRAM), and from Kafka's
description of its protocol; a real broker was asked by hand, see decision 0023.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.probes.support import SECRETS, speaking

PRODUCE, FETCH, METADATA, HANDSHAKE, VERSIONS, AUTHENTICATE = 0, 1, 3, 17, 18, 36
OFFSET_FETCH, FIND_COORDINATOR = 9, 10
SPOKEN = {0: (3, 13), 1: (4, 18), 2: (1, 10), 3: (0, 13), 9: (1, 9), 10: (0, 6), 17: (0, 1),
          18: (0, 4), 36: (0, 2)}  # fmt: skip
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_BEFORE_LOGIN = (HANDSHAKE, VERSIONS, AUTHENTICATE)
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def text(value: str) -> bytes:
    return struct.pack(">h", len(value.encode())) + value.encode()


def blob(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def numbers(*values: int) -> bytes:
    return struct.pack(f">i{len(values)}i", len(values), *values)


def versions(spoken: dict[int, tuple[int, int]] = SPOKEN) -> bytes:
    """An answer to ApiVersions."""
    rows = (struct.pack(">hhh", key, *range_) for key, range_ in spoken.items())
    return struct.pack(">hi", 0, len(spoken)) + b"".join(rows)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How a partition is kept."""

    leader: int = 1
    replicas: tuple[int, ...] = (1,)
    in_sync: tuple[int, ...] = (1,)


@dataclass(kw_only=True)
class Broker:
    """
    Attributes:
        where: Where it and others are advertised, by number.
        topics: The partitions of each topic.
        wants_login: Whether it hangs up on who does not log in.
        honest: Whether it proves that it knows the password.
        answers: What it answers instead, by the key of the question.
        asked: The keys of what it was asked.
    """

    where: dict[int, tuple[str, int]] = field(default_factory=dict)
    topics: Mapping[str, tuple[Kept, ...]] = field(default_factory=dict)
    wants_login: bool = False
    honest: bool = True
    rounds: str = "4096"
    answers: dict[int, bytes] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    async def speak(self, reader: Reader, writer: Writer) -> None:
        """Answer until nothing more is asked."""
        login = _Login(self)
        while True:
            try:
                size = int.from_bytes(await reader.readexactly(4), "big")
            except asyncio.IncompleteReadError:
                return
            question = await reader.readexactly(size)
            key, _, number, name = struct.unpack_from(">hhih", question)
            body = question[10 + name :]
            self.asked.append(key)
            if self.wants_login and not login.done and key not in _BEFORE_LOGIN:
                return
            answer = self.instead(key, body)
            if answer is None:
                answer = self._answer(key, body, login)
            await self.reply(key, blob(struct.pack(">i", number) + answer), writer)

    async def reply(self, key: int, answer: bytes, writer: Writer) -> None:
        """Send the *answer* to a question of kind *key*."""
        writer.write(answer)

    def instead(self, key: int, body: bytes) -> bytes | None:
        """What it answers to *body* otherwise than a broker would, if anything."""
        return self.answers.get(key)

    def _answer(self, key: int, body: bytes, login: _Login) -> bytes:
        if key == VERSIONS:
            return versions()
        if key == HANDSHAKE:
            return login.begin(body[2:].decode())
        if key == AUTHENTICATE:
            return login.go_on(body[4:])
        if key == METADATA:
            return self._metadata(body)
        raise AssertionError(f"nobody asks {key} here")

    def _metadata(self, asked: bytes) -> bytes:
        """What it says of the cluster, and of the topics that it was asked for."""
        topics = {name: kept for name, kept in self.topics.items() if text(name) in asked}
        rows = [
            struct.pack(">i", number) + text(host) + struct.pack(">ih", port, -1)
            for number, (host, port) in self.where.items()
        ]
        told = struct.pack(">ii", 0, len(rows)) + b"".join(rows) + text("c") + struct.pack(">i", 1)
        told += struct.pack(">i", len(topics))
        for name, partitions in topics.items():
            told += struct.pack(">h", 0) + text(name) + struct.pack(">bi", 0, len(partitions))
            for number, kept in enumerate(partitions):
                told += struct.pack(">hii", 0, number, kept.leader)
                told += numbers(*kept.replicas) + numbers(*kept.in_sync)
        return told


class _Login:
    """One connection's way in."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._mechanism = ""
        self._said: list[str] = []
        self.done = False

    def begin(self, mechanism: str) -> bytes:
        self._mechanism = mechanism
        known = mechanism in MECHANISMS
        rows = b"".join(map(text, MECHANISMS))
        return struct.pack(">hi", 0 if known else 33, len(MECHANISMS)) + rows

    def go_on(self, said: bytes) -> bytes:
        if self._mechanism == "PLAIN":
            self.done = said == b"\0probe\0" + SECRETS["PASSWORD"].encode()
            return self._taken(b"") if self.done else _refused()
        return self._scram(said.decode())

    def _scram(self, said: str) -> bytes:
        salt = b"salt of the tests"
        if not self._said:
            gs2, bare = said[:3], said[3:]
            nonce = bare.partition(",r=")[2]
            encoded = base64.b64encode(salt).decode()
            self._said = [bare, f"r={nonce}and-ours,s={encoded},i={self._broker.rounds}"]
            assert gs2 == "n,,"
            return self._taken(self._said[1].encode())
        digest = self._mechanism.removeprefix("SCRAM-").replace("-", "").lower()
        without, _, proof = said.rpartition(",p=")
        spoken = ",".join([*self._said, without]).encode()
        salted = hashlib.pbkdf2_hmac(
            digest, SECRETS["PASSWORD"].encode(), salt, int(self._broker.rounds)
        )
        client = hmac.digest(salted, b"Client Key", digest)
        signature = hmac.digest(hashlib.new(digest, client).digest(), spoken, digest)
        right = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        self.done = base64.b64decode(proof) == right and self._said[0].startswith("n=probe,")
        if not self.done:
            return _refused()
        key = hmac.digest(salted if self._broker.honest else b"?", b"Server Key", digest)
        return self._taken(b"v=" + base64.b64encode(hmac.digest(key, spoken, digest)))

    def _taken(self, more: bytes) -> bytes:
        return struct.pack(">hh", 0, -1) + blob(more)


def _refused() -> bytes:
    return struct.pack(">h", 58) + text("Authentication failed") + blob(b"")


@asynccontextmanager
async def broker_on_loopback(
    broker: Broker, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """*broker*, advertised where it is unless it says otherwise; gives its port."""
    async with speaking(broker.speak, tls=tls) as port:
        broker.where = broker.where or {1: ("127.0.0.1", port)}
        yield port
