"""Probe kind ``websocket``: does a WebSocket open, and hold the conversation that is expected?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated
from urllib.parse import SplitResult

from pydantic import AfterValidator, ConfigDict, Field

from probes.decode import refuse_constant
from probes.expect import CertificateExpectation
from probes.expect_json import JsonExpectations
from probes.expressions import Pattern
from probes.fields import FilledText, Refused, Size
from probes.ids import random_hex
from probes.judge_json import judge_json
from probes.net.certificates import refuse_without_tls
from probes.net.conversation import Conversation
from probes.net.target import Sendable, Target
from probes.net.trip import Unmet
from probes.request import captures_used, check_header
from probes.result import Result
from probes.settings import MEBIBYTE, Family, Tls, exactly_one
from probes.url import check_url, to_send, to_show
from probes.watch import Watch
from probes.websocket_parts.talk import Opening, Talk

SUMMARY = "A WebSocket, and the conversation over it."
SOURCE = True
"""Whether it can be asked from an address of choice."""

_VERBS = ("send", "expect", "json")
_PLAIN = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, kw_only=True)
class Turn:
    """
    One turn of a conversation: exactly one of the three.

    Attributes:
        send: A message; as text, or in bytes where it is written as ``hex`` or ``base64``.
            Captured values go where ``${name}`` is.
        expect: Wait for a message that this is found in; others are passed over.  Named
            groups are captured.
        json: Wait for a message of which all this holds; others are passed over.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": exactly_one(_VERBS)}
    )

    send: Sendable | None = None
    expect: Pattern | None = None
    json: JsonExpectations = ()

    def __post_init__(self) -> None:
        if sum(bool(getattr(self, verb)) for verb in _VERBS) != 1:
            raise Refused("a turn is one thing to do", mend=f"write {' or '.join(_VERBS)}")

    @property
    def wanted(self) -> str:
        """What is waited for, in words."""
        if self.expect is not None:
            return f"a message with `{self.expect}` in it"
        return f"a message with {' and '.join(str(one.path) for one in self.json)}"

    def found_in(self, message: str, captures: Mapping[str, str]) -> dict[str, str] | None:
        """What *message* gives to capture if it is the one that is waited for, else ``None``."""
        if self.expect is not None:
            found = self.expect.named(message)
            return found[0] if found else None
        try:
            document = json.loads(message, parse_constant=refuse_constant)
        except (ValueError, RecursionError):
            return None
        if any(judge_json(one, document, captures) for one in self.json):
            return None
        return {}


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold besides the conversation.

    Attributes:
        subprotocol: The one that the target must choose of those that are offered.
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    subprotocol: str | None = None
    certificate: CertificateExpectation | None = None


def check_dialogue(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """
    Refuse captures that are used before they are made.

    Raises:
        Refused: With the path of the first mistake.
    """
    captured: set[str] = set()
    for number, turn in enumerate(turns):
        for _, name in captures_used(turn.json):
            if name not in captured:
                raise Refused(f"${{{name}}} is used before it is captured", at=(number, "json"))
        if turn.send is not None and (unknown := turn.send.captures - captured):
            known = ", ".join(sorted(captured)) or "nothing yet"
            raise Refused(
                f"${{{min(unknown)}}} is used before it is captured",
                mend=f"captured so far: {known}; write (?P<{min(unknown)}>…) in an expect before",
                at=(number, "send"),
            )
        captured |= turn.expect.names if turn.expect else frozenset()
    return turns


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: The URL, ``ws://…`` or ``wss://…``.
        headers: Sent with the request that opens it.
        subprotocols: Offered to the target, the best first.
        ip: Which addresses to use.
        tls: Whom to trust and what to show.
        dialogue: What is said in turn; empty means that opening is enough.
        limit: Most bytes of a message, after it was decompressed.
        expect: What must hold besides.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: FilledText
    headers: Mapping[str, FilledText] = field(default_factory=dict)
    subprotocols: tuple[Annotated[str, Field(pattern=r"^[!#-'*+.^-z|~0-9A-Z-]+$")], ...] = ()
    ip: Family = "any"
    tls: Tls = field(default_factory=Tls)
    dialogue: Annotated[
        tuple[Turn, ...], Field(max_length=100), AfterValidator(check_dialogue)
    ] = ()
    limit: Size = MEBIBYTE
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        try:
            secure = self.url.scheme == "https"
        except Refused as refused:
            raise Refused(refused.what, mend=refused.mend, at=("connect",)) from None
        for name, value in self.headers.items():
            check_header(name, value)
            if name.lower().startswith("sec-websocket-"):
                raise Refused(f"{name} is set by the connection itself", at=("headers", name))
        refuse_without_tls(self.expect.certificate, secure, mend="connect to wss://…")
        wanted = self.expect.subprotocol
        if wanted is not None and wanted not in self.subprotocols:
            raise Refused(
                f"{wanted} is not offered",
                mend="write it under subprotocols too",
                at=("expect", "subprotocol"),
            )

    @cached_property
    def url(self) -> SplitResult:
        """The URL as HTTP has it, references filled in."""
        scheme, mark, rest = self.connect.render().partition("://")
        if not mark or scheme not in _PLAIN:
            raise Refused("this is not a ws or wss URL", mend="write wss://host/path")
        return check_url(f"{_PLAIN[scheme]}://{rest}")

    @property
    def shown(self) -> str:
        """The URL as it may be shown."""
        return to_show(str(self.connect))


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.url.hostname or ""


async def run(options: Options, watch: Watch) -> Result:
    """Open a WebSocket, hold the conversation, and close it."""
    talk = Conversation(f"open {options.shown}", watch)
    talk.learn(url=watch.mask(options.shown))
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run, and what was captured in it so far."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk
        self._captures: dict[str, str] = {}

    async def make(self) -> None:
        """Open, talk, and look at what is expected besides."""
        options, talk = self._options, self._talk
        secure = options.url.scheme == "https"
        where = Target(host(options), options.url.port or (443 if secure else 80))
        async with talk.stream(where, limit=16 * options.limit, ip=options.ip) as stream:
            if secure:
                await talk.encrypt(stream, options.tls, where.host, alpn=("http/1.1",))
            socket = Talk(stream, self._opening())
            with talk.trip.phase("first_byte", "waiting for the WebSocket to open"):
                talk.learn(status=await socket.open())
            self._judge(socket)
            for number, turn in enumerate(options.dialogue):
                with talk.trip.phase("transfer", f"in turn {number + 1} of the dialogue"):
                    await self._take(socket, turn)
            await socket.close()

    def _opening(self) -> Opening:
        options, watch = self._options, self._talk.trip.watch
        given = {name: value.render() for name, value in options.headers.items()}
        ours = {
            "User-Agent": watch.user_agent,
            "traceparent": f"00-{watch.trace_id}-{random_hex(8)}-01",
            "X-Request-ID": watch.trace_id,
        }
        own = {name.lower() for name in given}
        return Opening(
            url=to_send(options.url).replace("http", "ws", 1),
            headers=given | {name: ours[name] for name in ours if name.lower() not in own},
            subprotocols=options.subprotocols,
            limit=options.limit,
        )

    def _judge(self, socket: Talk) -> None:
        expect = self._options.expect
        if expect.subprotocol is not None and socket.subprotocol != expect.subprotocol:
            raise Unmet("subprotocol", expect.subprotocol, socket.subprotocol or "none")
        self._talk.judge_certificate(expect.certificate)

    async def _take(self, socket: Talk, turn: Turn) -> None:
        if turn.send is not None:
            self._talk.transcript.said(str(turn.send))
            await socket.say(turn.send.render(self._captures), text=turn.send.is_text)
            return
        self._talk.transcript.wants(turn.wanted)
        self._talk.trip.doing = f"waiting for {turn.wanted}"
        while True:
            message = await socket.listen()
            self._talk.transcript.heard(message + "\n")
            found = turn.found_in(message, self._captures)
            if found is not None:
                self._captures |= found
                return
