"""Probe kind ``redis``: does Redis, or what speaks like it, take us and answer a command?"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from probes.expect import CertificateExpectation
from probes.expect_json import BOUNDS, ValueExpectation
from probes.fields import FilledText, SecretText
from probes.judge_json import judge_values
from probes.net.certificates import refuse_without_tls
from probes.net.conversation import Conversation
from probes.net.stream import Stream
from probes.net.target import HostPort
from probes.net.trip import Trouble, Unmet
from probes.redis_parts.resp import ErrorReply, ask, plain, shown
from probes.result import Result
from probes.settings import Encryption, Family
from probes.watch import Watch

SUMMARY = "A command to Redis or Valkey, and its reply."
LIMIT = 1 << 20
"""Most bytes that the target may say in one run."""

SOURCE = True
"""Whether it can be asked from an address of choice."""

_LOGIN = frozenset({"NOAUTH", "WRONGPASS", "NOPERM"})


@dataclass(frozen=True, kw_only=True)
class Login:
    """
    Who we are.

    Attributes:
        username: A user of the access control list; without one, the default user.
        password: The password.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    username: FilledText | None = None
    password: SecretText


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        reply: What the reply must be: a value, or operators as of ``json`` in kind ``http``.
            A text that is a number is one where a number is expected.
        fields: By name, what a line ``name:value`` of the reply must be, as `INFO` writes them.
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    reply: ValueExpectation = ()
    fields: Mapping[str, ValueExpectation] = field(default_factory=dict)
    certificate: CertificateExpectation | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        tls: Encrypt from the start; ``true``, or how.
        login: Who we are.
        database: The number of the database.
        command: The command and its arguments.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    login: Login | None = None
    database: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    command: Annotated[tuple[FilledText, ...], Field(min_length=1, max_length=100)] | None = None
    expect: Expect = field(default_factory=Expect)

    @property
    def told(self) -> str:
        """What is asked, as it may be shown."""
        return " ".join(str(word) for word in self.command or ("PING",))

    def __post_init__(self) -> None:
        refuse_without_tls(self.expect.certificate, self.tls is not None)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, ask once, and hang up."""
    talk = Conversation(f"{options.told} to {options.connect}", watch)
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run, with one server."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk

    async def make(self) -> None:
        """Log in, ask, and look at the reply."""
        options, talk = self._options, self._talk
        async with talk.stream(
            options.connect, limit=LIMIT, ip=options.ip, tls=options.tls
        ) as stream:
            with talk.trip.phase("first_byte", "logging in"):
                await self._log_in(stream)
            with talk.trip.phase("transfer", f"waiting for the reply to {options.told}"):
                words = [word.render() for word in options.command or ()] or ["PING"]
                reply = await self._ask(stream, options.told, words)
        self._judge(reply)

    async def _log_in(self, stream: Stream) -> None:
        login, database = self._options.login, self._options.database
        if login is not None:
            password = login.password.reveal()
            name = [login.username.render()] if login.username is not None else []
            await self._ask(stream, "AUTH ***", ["AUTH", *name, password])
        if database:
            await self._ask(stream, f"SELECT {database}", ["SELECT", str(database)])

    async def _ask(self, stream: Stream, told: str, words: Sequence[str]) -> Any:
        self._talk.transcript.said(told)
        reply = await ask(stream, words)
        self._talk.transcript.heard(shown(reply) + "\n")
        if isinstance(reply, ErrorReply):
            if reply.code in _LOGIN or words[0] == "AUTH":
                raise Trouble("login", reply.text)
            raise Trouble("refused", f"{told}: {reply.text}")
        return plain(reply)

    def _judge(self, reply: Any) -> None:
        expect = self._options.expect
        _hold("the reply", expect.reply, [reply])
        lines = _fields(reply) if expect.fields else {}
        for name, wanted in expect.fields.items():
            _hold(name, wanted, [lines[name]] if name in lines else [])
        self._talk.judge_certificate(expect.certificate)


def _hold(name: str, wanted: Sequence[tuple[str, Any]], found: Sequence[Any]) -> None:
    for operator, operand in wanted:
        bounded = operator in BOUNDS or type(operand) in (int, float)
        values = [_number(value) for value in found] if bounded else found
        if unmet := judge_values(name, [(operator, operand)], values, {}):
            raise Unmet("reply", *unmet)


def _number(value: Any) -> Any:
    """A text that is a number as one; Redis keeps numbers as text."""
    for read in (int, float) if isinstance(value, str) else ():
        with contextlib.suppress(ValueError):
            return read(value)
    return value


def _fields(reply: Any) -> dict[str, str]:
    lines = reply.splitlines() if isinstance(reply, str) else []
    pairs = (line.partition(":") for line in lines if not line.startswith("#"))
    return {name: value for name, colon, value in pairs if colon}
