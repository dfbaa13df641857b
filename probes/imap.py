"""Probe kind ``imap``: can one log in, and is the mailbox as it should be?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import ConfigDict, Field

from probes.expect import CertificateExpectation
from probes.expect_count import CountExpectation
from probes.fields import Refused
from probes.imap_parts.session import Session, quoted
from probes.judge_json import judge_values
from probes.net.conversation import Conversation
from probes.net.server import Server
from probes.net.starttls import Protocol
from probes.net.trip import Trouble, Unmet
from probes.result import Result
from probes.watch import Watch

SUMMARY = "Logging in to IMAP, and what is in a mailbox."
LIMIT = 1 << 20
"""Most bytes that the target may say in one run."""

SOURCE = True
"""Whether it can be asked from an address of choice."""

Mailbox = Annotated[str, Field(pattern=r"^[ -~]{1,255}$")]
"""The name of a mailbox, as IMAP writes it: what is not ASCII in modified UTF-7."""

_EXISTS = re.compile(rb"(?i)([0-9]{1,10}) EXISTS")


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        messages: How many there are in the mailbox.
        unseen: How many of them nobody has read.
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    messages: CountExpectation = ()
    unseen: CountExpectation = ()
    certificate: CertificateExpectation | None = None


@dataclass(frozen=True, kw_only=True)
class Options(Server):
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        tls: Encrypt from the start; ``true``, or how.
        starttls: Encrypt once the server says that it can; ``true``, or how.
        login: Who we are; without it nobody logs in.
        mailbox: What is opened, without changing anything, once we are logged in.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    mailbox: Mailbox = "INBOX"
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_without_tls(self.expect.certificate)
        if (self.expect.messages or self.expect.unseen) and self.login is None:
            raise Refused(
                "nobody sees a mailbox without logging in", mend="write login", at=("expect",)
            )


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, look, and hang up."""
    if options.login is not None:
        watch.mask = watch.mask.also(*options.login.disguises)
    talk = Conversation(f"imap to {options.connect}", watch)
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run, with one server."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk

    async def make(self) -> None:
        """Log in and look."""
        options, talk = self._options, self._talk
        async with options.reached(talk, Protocol.IMAP, limit=LIMIT) as stream:
            greeted = options.starttls is not None
            session = Session(stream, talk.transcript, greeted=greeted)
            with talk.trip.phase("first_byte", "logging in"):
                await session.log_in(options.login)
            if options.login is not None:
                with talk.trip.phase("transfer", f"looking into {options.mailbox}"):
                    await self._look(session)
            await session.ask("LOGOUT")
        talk.judge_certificate(options.expect.certificate)

    async def _look(self, session: Session) -> None:
        expect = self._options.expect
        lines = await session.ask(f"EXAMINE {quoted(self._options.mailbox)}", reason="mailbox")
        counts = [int(found[1]) for line in lines if (found := _EXISTS.fullmatch(line))]
        if not counts:
            raise Trouble("malformed", "the server does not say how many messages there are")
        _judge("the messages", expect.messages, counts[-1])
        if expect.unseen:
            _judge("those unseen", expect.unseen, len(await session.search("UNSEEN")))


def _judge(name: str, wanted: CountExpectation, count: int) -> None:
    if unmet := judge_values(name, wanted, [count], {}):
        raise Unmet("messages", *unmet)
