"""Probe kind ``tcp``: does a port take connections, and hold the conversation that is expected?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from probes.expect import CertificateExpectation
from probes.expressions import CompiledPattern, Pattern
from probes.fields import Refused
from probes.net.certificates import judge_validity
from probes.net.stream import Stream
from probes.net.target import HostPort, Sendable
from probes.net.tls import Presented
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble
from probes.result import Facts, Result
from probes.settings import Family, Tls, exactly_one
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
    tls: Literal[True] | Tls | None = None
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
        if self.expect.certificate is not None and not begins and self.tls is None:
            raise Refused(
                "without TLS there is no certificate",
                mend="write `tls: true`, or starttls in the dialogue",
                at=("expect", "certificate"),
            )


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect once, hold the conversation, and hang up."""
    trip = Trip(watch)
    talk = _Talk(options, trip)
    try:
        async with trip:
            await talk.hold()
    except Trouble as trouble:
        return trip.ended_by(trouble, facts=talk.facts, evidence=talk.transcript.evidence(trouble))
    return trip.good(facts=talk.facts)


class _Talk:
    """One conversation: what was captured so far, and what was said."""

    def __init__(self, options: Options, trip: Trip) -> None:
        self._options = options
        self._trip = trip
        self._captures: dict[str, str] = {}
        self._presented: Presented | None = None
        self.transcript = Transcript(f"connect {options.connect}", trip.watch)

    @property
    def facts(self) -> Facts:
        """What was learnt about the target so far."""
        expires_at = self._presented.expires_at if self._presented else None
        return Facts(address=self._trip.address, certificate_expires_at=expires_at)

    async def hold(self) -> None:
        """
        All turns, then what is expected besides.

        Raises:
            Trouble: What went wrong first.
        """
        options = self._options
        where = options.connect
        async with await Stream.to(
            self._trip, where.host, where.port, limit=LIMIT, ip=options.ip
        ) as stream:
            if options.tls is not None:
                await self._encrypt(stream, Tls() if options.tls is True else options.tls)
            for number, turn in enumerate(options.dialogue):
                name = "transfer" if number else "first_byte"
                if turn.starttls:
                    await self._encrypt(stream, options.starttls)
                    continue
                with self._trip.phase(name, f"in turn {number + 1} of the dialogue"):
                    await self._take(stream, turn)
        wanted = options.expect.certificate
        if wanted is not None and self._presented is not None:
            judge_validity(wanted.valid_for, self._presented.expires_at, self._trip.watch)

    async def _encrypt(self, stream: Stream, tls: Tls) -> None:
        name = tls.server_name or self._options.connect.host
        self._presented = await stream.start_tls(tls.at_home, name)

    async def _take(self, stream: Stream, turn: Turn) -> None:
        if turn.send is not None:
            await stream.write(turn.send.render(self._captures))
            self.transcript.said(str(turn.send))
        elif turn.expect is not None:
            await self._wait_for_line(stream, turn.expect)
        elif turn.prompt is not None:
            await self._wait_for_prompt(stream, turn.prompt)

    async def _wait_for_line(self, stream: Stream, wanted: CompiledPattern) -> None:
        self._wait(f"a line with `{wanted}` in it")
        while True:
            line = (await stream.read_line()).decode("utf-8", "replace")
            self.transcript.heard(line + "\n")
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
        self.transcript.heard(text[:end])
        stream.put_back(raw[used:])
        self._captures |= groups

    def _wait(self, what: str) -> None:
        self.transcript.wants(what)
        self._trip.doing = f"waiting for {what}"
