"""Probe kind ``nats``: does a server take us, and does a message come back through a subject?"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict

from probes.fields import FilledText, Refused, SecretText
from probes.net.account import Account
from probes.net.conversation import Conversation
from probes.net.stream import Stream
from probes.net.target import HostPort
from probes.net.trip import Trouble
from probes.result import Result
from probes.settings import Encryption, Family
from probes.watch import Watch

SUMMARY = "A connection to NATS, and a message through a subject."
SOURCE = True
"""Whether it can be asked from an address of choice."""
LIMIT = 1 << 21
"""Most bytes that the server may say in one run."""

LONGEST_LINE = 1 << 16
"""Bytes; the first line lists all servers of a cluster."""

_SUBJECT = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*")


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """
    A message that we send to ourselves.

    Attributes:
        subject: Where it goes; everybody who listens there gets it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    subject: FilledText

    def __post_init__(self) -> None:
        if not _SUBJECT.fullmatch(self.subject.render()):
            raise Refused(
                f"`{self.subject}` is no subject to publish to",
                mend="write names with dots between them, without * and >",
                at=("subject",),
            )


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``; 4222 is the usual one.
        ip: Which addresses to use.
        tls: Encrypt, ``true`` or how; also where the server insists.
        login: By name and password ...
        token: ... or by a token.
        round_trip: Send a message, and wait for it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    login: Account | None = None
    token: SecretText | None = None
    round_trip: RoundTrip | None = None

    def __post_init__(self) -> None:
        if self.login is not None and self.token is not None:
            raise Refused("login and token are two ways to log in", mend="keep one", at=("token",))


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, be answered; and where it is asked for, send a message to ourselves."""
    if options.login is not None:
        watch.mask = watch.mask.also(*options.login.disguises)
    talk = Conversation(f"connect {options.connect} by NATS", watch)
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run, with one server."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk

    async def make(self) -> None:
        """All of it."""
        options, talk = self._options, self._talk
        async with talk.stream(options.connect, limit=LIMIT, ip=options.ip) as stream:
            with talk.trip.phase("first_byte", "waiting for the server to introduce itself"):
                about = await self._introduction(stream)
            if options.tls is not None or about.get("tls_required"):
                await talk.encrypt(stream, options.tls or True, options.connect.host)
            with talk.trip.phase("transfer", "logging in"):
                await stream.write(self._connect() + b"PING\r\n")
                await self._wait(stream, b"PONG")
            if options.round_trip is not None:
                with talk.trip.phase("transfer", "waiting for our own message"):
                    await self._send_to_ourselves(stream, options.round_trip.subject.render())

    async def _introduction(self, stream: Stream) -> dict[str, Any]:
        line = await stream.read_line(longest=LONGEST_LINE)
        self._hear(line)
        if not line.startswith(b"INFO "):
            raise Trouble("malformed", "the first line is not NATS's")
        try:
            about = json.loads(line[5:])
        except (ValueError, RecursionError):
            about = None
        if not isinstance(about, dict):
            raise Trouble("malformed", "the server's INFO is not JSON")
        return about

    def _hear(self, line: bytes) -> None:
        """Keep the beginning of *line*, cut once it is masked: half a secret goes unmasked."""
        text = self._talk.trip.watch.mask(line.decode("utf-8", "replace"))
        self._talk.transcript.heard(text[:200] + "\n")

    def _connect(self) -> bytes:
        options = self._options
        said: dict[str, Any] = {
            "verbose": False,
            "pedantic": False,
            "tls_required": self._talk.presented is not None,
            "name": "synthetics",
            "lang": "python",
            "version": "1",
            "protocol": 1,
            "echo": True,
        }
        if options.login is not None:
            said["user"] = options.login.username.render()
            said["pass"] = options.login.password.reveal()
        if options.token is not None:
            said["auth_token"] = options.token.reveal()
        self._talk.transcript.said("CONNECT")
        return b"CONNECT " + json.dumps(said, ensure_ascii=False).encode() + b"\r\n"

    async def _wait(self, stream: Stream, wanted: bytes) -> bytes:
        """The next line that begins with *wanted*; pings are answered on the way."""
        while True:
            line = await stream.read_line(longest=LONGEST_LINE)
            self._hear(line)
            if line == wanted or line.startswith(wanted + b" "):
                return line
            if line == b"PING":
                await stream.write(b"PONG\r\n")
            elif line.startswith(b"-ERR"):
                raise _refusal(line)
            elif not line.startswith((b"INFO ", b"+OK", b"PONG")):
                raise Trouble("malformed", "the server says what NATS does not know")

    async def _send_to_ourselves(self, stream: Stream, subject: str) -> None:
        token = secrets.token_hex(16).encode()
        to = subject.encode()
        self._talk.transcript.said(f"SUB {subject}\nPUB {subject}")
        await stream.write(
            b"SUB " + to + b" 1\r\nPUB " + to + b" %d\r\n" % len(token) + token + b"\r\n"
        )
        while True:
            head = await self._wait(stream, b"MSG")
            size = head.rpartition(b" ")[2]
            if not size.isdigit() or len(size) > 8:
                raise Trouble("malformed", "the server says what NATS does not know")
            message = await stream.read_exactly(int(size) + 2)
            if message == token + b"\r\n":
                return


def _refusal(line: bytes) -> Trouble:
    said = line.removeprefix(b"-ERR").strip().strip(b"'").decode("utf-8", "replace")
    folded = said.lower()
    if "authorization" in folded or "authentication" in folded:
        return Trouble("login", f"the server does not take our login: {said}")
    if "permissions" in folded:
        return Trouble("not-permitted", said)
    return Trouble("refused", f"the server says: {said}")
