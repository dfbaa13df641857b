"""Probe kind ``tcp``: does a port take connections, and hold the conversation that is expected?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from probes.expect import CertificateExpectation
from probes.expressions import CompiledPattern, Pattern
from probes.fields import Refused
from probes.net.certificates import refuse_without_tls
from probes.net.conversation import Conversation
from probes.net.stream import Stream
from probes.net.target import HostPort, Sendable
from probes.net.trip import Trouble
from probes.result import Result
from probes.settings import Encryption, Family, Tls, exactly_one
from probes.watch import Watch

SUMMARY = "A TCP connection, and the conversation over it."
SOURCE = True
"""Whether it can be asked from an address of choice."""
LIMIT = 1 << 20
"""Most bytes that the target may say in one run."""

PROMPT_LIMIT = 8192
"""Most bytes in which a prompt must be found."""

_VERBS = ("send", "expect", "prompt", "starttls")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """
    One turn of a conversation: exactly one of the four.

    Attributes:
        send: What to say, exactly as written; captured values go where ``${name}`` is.
        expect: Wait for a line that this is found in; other lines are passed over.  Named
            groups are captured.
        prompt: Wait until this is found in what was said since the last turn, whether or
            not the line has ended.  Named groups are captured.
        starttls: Encrypt from here on.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": exactly_one(_VERBS)}
    )

    send: Sendable | None = None
    expect: Pattern | None = None
    prompt: Pattern | None = None
    starttls: Literal[True] | None = None

    def __post_init__(self) -> None:
        given = [verb for verb in _VERBS if getattr(self, verb) is not None]
        if len(given) != 1:
            raise Refused(
                "a turn is one thing to do", mend="write send, expect, prompt or starttls"
            )


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold besides the conversation.

    Attributes:
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    certificate: CertificateExpectation | None = None


def check_dialogue(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """
    Refuse captures that are used before they are made, and encryption inside of encryption.

    Raises:
        Refused: With the path of the first mistake.
    """
    captured: set[str] = set()
    encrypted = False
    for number, turn in enumerate(turns):
        if turn.send is not None and (unknown := turn.send.captures - captured):
            known = ", ".join(sorted(captured)) or "nothing yet"
            raise Refused(
                f"${{{min(unknown)}}} is used before it is captured",
                mend=f"captured so far: {known}; write (?P<{min(unknown)}>…) in an expect before",
                at=(number, "send"),
            )
        if turn.starttls and encrypted:
            raise Refused("this is encrypted already", at=(number, "starttls"))
        encrypted = encrypted or bool(turn.starttls)
        pattern = turn.expect or turn.prompt
        captured |= set(pattern.names) if pattern else set()
    return turns


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        tls: Encrypt from the start; ``true``, or how.
        dialogue: What is said in turn; empty means that connecting is enough.
        starttls: How to encrypt where the dialogue says so.
        expect: What must hold besides.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    dialogue: Annotated[
        tuple[Turn, ...], Field(max_length=100), AfterValidator(check_dialogue)
    ] = ()
    starttls: Tls = field(default_factory=Tls)
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        begins = any(turn.starttls for turn in self.dialogue)
        if begins and self.tls is not None:
            raise Refused(
                "with `tls` all is encrypted from the start, so nothing is left for starttls",
                mend="leave one of them out",
                at=("tls",),
            )
        refuse_without_tls(
            self.expect.certificate,
            begins or self.tls is not None,
            mend="write `tls: true`, or starttls in the dialogue",
        )


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect once, hold the conversation, and hang up."""
    talk = Conversation(f"connect {options.connect}", watch)
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run, and what was captured in it so far."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk
        self._captures: dict[str, str] = {}

    async def make(self) -> None:
        """All turns, then what is expected besides."""
        options, talk = self._options, self._talk
        async with talk.stream(
            options.connect, limit=LIMIT, ip=options.ip, tls=options.tls
        ) as stream:
            for number, turn in enumerate(options.dialogue):
                name = "transfer" if number else "first_byte"
                if turn.starttls:
                    await talk.encrypt(stream, options.starttls, options.connect.host)
                    continue
                with talk.trip.phase(name, f"in turn {number + 1} of the dialogue"):
                    await self._take(stream, turn)
        talk.judge_certificate(options.expect.certificate)

    async def _take(self, stream: Stream, turn: Turn) -> None:
        if turn.send is not None:
            await stream.write(turn.send.render(self._captures))
            self._talk.transcript.said(str(turn.send))
        elif turn.expect is not None:
            await self._wait_for_line(stream, turn.expect)
        elif turn.prompt is not None:
            await self._wait_for_prompt(stream, turn.prompt)

    async def _wait_for_line(self, stream: Stream, wanted: CompiledPattern) -> None:
        self._wait(f"a line with `{wanted}` in it")
        while True:
            line = (await stream.read_line()).decode("utf-8", "replace")
            self._talk.transcript.heard(line + "\n")
            if found := wanted.named(line):
                self._captures |= found[0]
                return

    async def _wait_for_prompt(self, stream: Stream, wanted: CompiledPattern) -> None:
        self._wait(f"`{wanted}`")
        raw = b""
        while True:
            text = raw.decode("utf-8", "replace")
            if found := wanted.named(text):
                break
            if len(raw) > PROMPT_LIMIT:
                raise Trouble("malformed", f"no prompt within {PROMPT_LIMIT} bytes")
            raw += await stream.read_more()
        groups, end = found
        # What follows the prompt is for the next turn; bytes, since not all need be text.
        used = end
        while raw[:used].decode("utf-8", "replace") != text[:end]:
            used += 1
        self._talk.transcript.heard(text[:end])
        stream.put_back(raw[used:])
        self._captures |= groups

    def _wait(self, what: str) -> None:
        self._talk.transcript.wants(what)
        self._talk.trip.doing = f"waiting for {what}"
