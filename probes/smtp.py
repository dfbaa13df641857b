"""Probe kind ``smtp``: does a server take mail, and does the mail arrive?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from probes.expect import CertificateExpectation
from probes.fields import Duration, Refused
from probes.imap import Mailbox
from probes.imap_parts.session import Session as ImapSession
from probes.imap_parts.session import quoted
from probes.net.conversation import Conversation
from probes.net.server import Server
from probes.net.starttls import HELLO, Protocol
from probes.net.trip import Unmet
from probes.result import Result
from probes.smtp_parts.session import Session
from probes.watch import Watch

SUMMARY = "Logging in to SMTP, sending a mail, and waiting until it arrives."
LIMIT = 1 << 18
"""Most bytes that the target may say in one run."""

MAILBOX_LIMIT = 1 << 20
"""Most bytes that the server of the mailbox may say in one run."""

SOURCE = True
"""Whether it can be asked from an address of choice."""

SUBJECT = "Synthetics probe"
"""What the subject of every mail begins with."""

_FORGOTTEN_AFTER = timedelta(days=2)

Address = Annotated[str, Field(pattern=r"^[^\s<>@\x00-\x20\x7f-\U0010ffff]+@[!-;=?-~]+$")]
"""Of a mail, without a name."""


@dataclass(frozen=True, kw_only=True)
class Arrives(Server):
    """
    Where the mail arrives.

    Attributes:
        connect: Its IMAP server, ``host:port``.
        ip: Which addresses to use.
        tls: Encrypt from the start; ``true``, or how.
        starttls: Encrypt once the server says that it can; ``true``, or how.
        login: Who we are.
        mailbox: Where it arrives.
        look_every: How long to wait between two looks.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    mailbox: Mailbox = "INBOX"
    look_every: Duration = timedelta(milliseconds=500)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.login is None:
            raise Refused("nobody sees a mailbox without logging in", mend="write login")


@dataclass(frozen=True, kw_only=True)
class Mail:
    """
    A mail that is sent.

    Attributes:
        sender: Its sender.
        to: The recipient.
        arrives: Where to wait for it; without this it is good once the server has taken it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    sender: Annotated[Address, Field(alias="from")]
    to: Address
    arrives: Arrives | None = None


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        offers: Extensions that the server must announce, such as ``PIPELINING`` or ``AUTH PLAIN``.
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    offers: tuple[str, ...] = ()
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
        hello: The name by which we greet.
        send: A mail to send.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    hello: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:\[\]-]{1,255}$")] = HELLO
    send: Mail | None = None
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_without_tls(self.expect.certificate)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, send if there is something to send, and wait where it should arrive."""
    servers = [options, *([options.send.arrives] if options.send and options.send.arrives else [])]
    for one in servers:
        if one.login is not None:
            watch.mask = watch.mask.also(*one.login.disguises)
    talk = Conversation(f"smtp to {options.connect}", watch)
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run: the server that takes the mail, and the mailbox where it arrives."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk

    async def make(self) -> None:
        """Send, and wait."""
        mail = self._options.send
        if mail is None or mail.arrives is None:
            await self._hand_over()
        else:
            await self._send_around(mail.arrives)

    async def _send_around(self, arrives: Arrives) -> None:
        """
        The mailbox is opened before anything is sent: where it cannot be, no mail piles up.
        """
        talk, trip = self._talk, self._talk.trip
        async with arrives.reached(talk.aside(), Protocol.IMAP, limit=MAILBOX_LIMIT) as stream:
            greeted = arrives.starttls is not None
            mailbox = ImapSession(stream, talk.transcript, greeted=greeted)
            with trip.phase("first_byte", "logging in to the mailbox"):
                capable = await mailbox.log_in(arrives.login)
                await mailbox.ask(f"SELECT {quoted(arrives.mailbox)}", reason="mailbox")
            await self._hand_over()
            with trip.phase("transfer", f"waiting for the mail to arrive in {arrives.mailbox}"):
                arrived = await self._wait(mailbox, arrives.look_every.total_seconds())
                before = (trip.watch.started_at - _FORGOTTEN_AFTER).strftime("%d-%b-%Y")
                late = await mailbox.search(f"SUBJECT {quoted(SUBJECT)} BEFORE {before}")
                await mailbox.delete([*arrived, *late], only_these="UIDPLUS" in capable)
            await mailbox.ask("LOGOUT")

    async def _wait(self, mailbox: ImapSession, every_s: float) -> list[int]:
        while True:
            found = await mailbox.search(f"SUBJECT {quoted(self._talk.trip.watch.trace_id)}")
            if found:
                return found
            await asyncio.sleep(every_s)
            await mailbox.ask("NOOP")

    async def _hand_over(self) -> None:
        options, talk, trip = self._options, self._talk, self._talk.trip
        async with options.reached(talk, Protocol.SMTP, limit=LIMIT, hello=options.hello) as stream:
            session = Session(stream, talk.transcript)
            with trip.phase("first_byte", "greeting the server"):
                await session.greet(options.hello, greeted=options.starttls is not None)
            self._judge(session)
            if options.login is not None:
                with trip.phase("first_byte", "logging in"):
                    await session.log_in(options.login)
            if options.send is not None:
                with trip.phase("transfer", "handing over the mail"):
                    mail = options.send
                    await session.send(mail.sender, mail.to, _letter(mail, trip.watch))
            await session.leave()

    def _judge(self, session: Session) -> None:
        expect = self._options.expect
        for wanted in expect.offers:
            words = wanted.upper().split()
            if not any(words[:1] == had.split()[:1] and set(words) <= set(had.split())
                       for had in session.offers):  # fmt: skip
                offered = ", ".join(session.offers) or "nothing"
                raise Unmet("offers", f"an offer of {wanted}", offered)
        self._talk.judge_certificate(expect.certificate)


def _letter(mail: Mail, watch: Watch) -> bytes:
    domain = mail.sender.partition("@")[2]
    lines = (
        f"From: <{mail.sender}>",
        f"To: <{mail.to}>",
        f"Subject: {SUBJECT} {watch.trace_id}",
        f"Date: {format_datetime(watch.started_at)}",
        f"Message-ID: <{watch.trace_id}@{domain}>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This mail was sent by a probe, to see whether it arrives.",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()
