"""Where a server of mail is, and how the way to it is encrypted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import ConfigDict

from probes.expect import CertificateExpectation
from probes.fields import Refused
from probes.net.account import Account
from probes.net.certificates import refuse_without_tls
from probes.net.conversation import Conversation
from probes.net.starttls import HELLO, Protocol, ask_for_tls
from probes.net.stream import Stream
from probes.net.target import HostPort
from probes.settings import Encryption, Family


@dataclass(frozen=True, kw_only=True)
class Server:
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        tls: Encrypt from the start; ``true``, or how.
        starttls: Encrypt once the server says that it can; ``true``, or how.
        login: Who we are.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    starttls: Encryption | None = None
    login: Account | None = None

    def __post_init__(self) -> None:
        if self.tls is not None and self.starttls is not None:
            raise Refused(
                "with `tls` all is encrypted from the start, so nothing is left for starttls",
                mend="leave one of them out",
                at=("tls",),
            )

    def refuse_without_tls(self, expected: CertificateExpectation | None) -> None:
        """As the function, for these options."""
        encrypts = self.tls is not None or self.starttls is not None
        refuse_without_tls(expected, encrypts, mend="write `tls: true` or `starttls: true`")

    @asynccontextmanager
    async def reached(
        self, talk: Conversation, protocol: Protocol, *, limit: int, hello: str = HELLO
    ) -> AsyncIterator[Stream]:
        """
        A stream to it, encrypted as it should be.  After STARTTLS its greeting is read already.

        Args:
            talk: Whose connection it is.
            protocol: What it speaks before it encrypts.
            limit: Most bytes that it may say.
            hello: As whom SMTP greets.

        Raises:
            Trouble: As `Conversation.stream` and `ask_for_tls`.
        """
        where = self.connect
        async with talk.stream(where, limit=limit, ip=self.ip, tls=self.tls) as stream:
            if self.starttls is not None:
                await ask_for_tls(stream, protocol, talk.trip, hello=hello)
                await talk.encrypt(stream, self.starttls, where.host)
            yield stream
