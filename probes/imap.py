"""Probe kind ``imap``: can one log in, and is the mailbox as it should be?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import ConfigDict, Field

from probes.expect import CertificateExpectation
from probes.expect_json import ValueExpectation
from probes.fields import Refused
from probes.imap_parts.session import Session, quoted
from probes.judge_json import judge_values
from probes.net.certificates import judge_validity
from probes.net.server import Server
from probes.net.starttls import Protocol
from probes.net.tls import Presented
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble, Unmet
from probes.result import Facts, Result
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

    messages: ValueExpectation = ()
    unseen: ValueExpectation = ()
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
        if self.expect.certificate is not None and not self.encrypts:
            raise Refused(
                "without TLS there is no certificate",
                mend="write `tls: true` or `starttls: true`",
                at=("expect", "certificate"),
            )
        if (self.expect.messages or self.expect.unseen) and self.login is None:
            raise Refused(
                "nobody sees a mailbox without logging in", mend="write login", at=("expect",)
            )


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, look, and hang up."""
    trip = Trip(watch)
    if options.login is not None:
        watch.mask = watch.mask.also(*options.login.disguises)
    visit = _Visit(options, trip)
    try:
        async with trip:
            await visit.make()
    except Trouble as trouble:
        evidence = visit.transcript.evidence(trouble)
        return trip.ended_by(trouble, facts=visit.facts, evidence=evidence)
    return trip.good(facts=visit.facts)


class _Visit:
    """One run: what was shown and said so far."""

    def __init__(self, options: Options, trip: Trip) -> None:
        self._options = options
        self._trip = trip
        self._presented: Presented | None = None
        self.transcript = Transcript(f"imap to {options.connect}", trip.watch)

    @property
    def facts(self) -> Facts:
        """What was learnt about the target so far."""
        expires_at = self._presented.expires_at if self._presented else None
        return Facts(address=self._trip.address, certificate_expires_at=expires_at)

    async def make(self) -> None:
        """
        Log in and look.

        Raises:
            Trouble: What went wrong first.
        """
        options, trip = self._options, self._trip
        async with options.reached(trip, Protocol.IMAP, limit=LIMIT) as (stream, presented):
            self._presented = presented
            greeted = options.starttls is not None
            session = Session(stream, self.transcript, greeted=greeted)
            with trip.phase("first_byte", "logging in"):
                await session.log_in(options.login)
            if options.login is not None:
                with trip.phase("transfer", f"looking into {options.mailbox}"):
                    await self._look(session)
            await session.ask("LOGOUT")
        certificate = options.expect.certificate
        if certificate is not None and self._presented is not None:
            judge_validity(certificate.valid_for, self._presented.expires_at, trip.watch)

    async def _look(self, session: Session) -> None:
        expect = self._options.expect
        lines = await session.ask(f"EXAMINE {quoted(self._options.mailbox)}", reason="mailbox")
        counts = [int(found[1]) for line in lines if (found := _EXISTS.fullmatch(line))]
        if not counts:
            raise Trouble("malformed", "the server does not say how many messages there are")
        _judge("the messages", expect.messages, counts[-1])
        if expect.unseen:
            _judge("those unseen", expect.unseen, len(await session.search("UNSEEN")))


def _judge(name: str, wanted: ValueExpectation, count: int) -> None:
    if unmet := judge_values(name, wanted, [count], {}):
        raise Unmet("messages", *unmet)
