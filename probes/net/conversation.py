"""One run's conversation with a target: its time, its connection, what was shown and said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from probes.expect import CertificateExpectation
from probes.net.certificates import judge_validity
from probes.net.stream import Stream, Untrusted
from probes.net.target import Target
from probes.net.tls import Presented
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble
from probes.result import Facts, Result
from probes.settings import Encryption, Tls
from probes.watch import Watch


class Conversation:
    """
    What the kinds have in common that talk to a target over one connection: a kind says what
    to talk about, and `result` makes of it what a run has to give.

    Args:
        about: What is asked, one line without secrets, for the evidence.
        watch: The frame of the run.

    Attributes:
        trip: Its phases and its limit.
        transcript: What was said to and fro.
        address: The IP address that was reached; ``None`` before.
        presented: What the target showed in a handshake of TLS, also where that does not hold.
    """

    def __init__(self, about: str, watch: Watch) -> None:
        self.trip = Trip(watch)
        self.transcript = Transcript(about, watch)
        self.address: str | None = None
        self.presented: Presented | None = None
        self._learnt: dict[str, Any] = {}

    def aside(self) -> Self:
        """One with another target within this run: the same time, the same transcript."""
        other = type(self)("", self.trip.watch)
        other.trip, other.transcript = self.trip, self.transcript
        return other

    async def result(self, held: Awaitable[None]) -> Result:
        """
        What the run gives that holds the conversation by *held*, within the limit of the run.

        Args:
            held: All of it; raises `Trouble` for what goes wrong first.
        """
        try:
            async with self.trip:
                await held
        except Trouble as trouble:
            evidence = self.transcript.evidence(trouble)
            return self.trip.ended_by(trouble, facts=self.facts, evidence=evidence)
        return self.trip.good(facts=self.facts)

    @property
    def facts(self) -> Facts:
        """What was learnt about the target so far."""
        expires_at = self.presented.expires_at if self.presented else None
        return Facts(address=self.address, certificate_expires_at=expires_at, **self._learnt)

    def learn(self, **facts: Any) -> None:
        """Something more of `Facts` is known: a ``protocol``, a ``status``, a ``url``."""
        self._learnt |= facts

    @asynccontextmanager
    async def stream(
        self, where: Target, *, limit: int, ip: str = "any", tls: Encryption | None = None
    ) -> AsyncIterator[Stream]:
        """
        A connection to *where*, closed at the end.

        Args:
            where: The target.
            limit: Most bytes that it may say in all.
            ip: ``any``, ``4`` or ``6``.
            tls: How to encrypt from the start, if that is done.

        Raises:
            Trouble: As `Stream.to` and `encrypt`.
        """
        async with await Stream.to(self.trip, where.host, where.port, limit=limit, ip=ip) as stream:
            self.address = self.trip.address
            if tls is not None:
                await self.encrypt(stream, tls, where.host)
            yield stream

    async def encrypt(
        self,
        stream: Stream,
        tls: Encryption,
        host: str,
        *,
        alpn: Sequence[str] = (),
        staple: bool = False,
    ) -> None:
        """
        Encrypt *stream* from here on.

        Args:
            stream: From `stream`.
            tls: How; ``True`` is as it is usual.
            host: Asked for and verified unless *tls* names another.
            alpn: Protocols to offer.
            staple: Whether to ask for an OCSP answer.

        Raises:
            Trouble: As `Stream.start_tls`.
        """
        how = Tls() if tls is True else tls
        name = how.server_name or host
        try:
            self.presented = await stream.start_tls(how.at_home, name, alpn=alpn, staple=staple)
        except Untrusted as untrusted:
            self.presented = untrusted.presented
            raise

    def judge_certificate(self, expected: CertificateExpectation | None) -> None:
        """
        Hold what was presented against what is *expected* of it, if anything is.

        Raises:
            Unmet: ``certificate``.
        """
        if expected is not None and self.presented is not None:
            judge_validity(expected.valid_for, self.presented.expires_at, self.trip.watch)
