"""Where a server of mail is, how the way to it is encrypted, and who we are there."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from probes.fields import FilledText, Refused, SecretText
from probes.net.starttls import HELLO, Protocol, ask_for_tls
from probes.net.stream import Stream
from probes.net.target import HostPort
from probes.net.tls import Presented
from probes.net.trip import Trip
from probes.settings import Family, Tls


@dataclass(frozen=True, kw_only=True)
class Account:
    """
    Who we are.

    Attributes:
        username: The name.
        password: The password.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    username: FilledText
    password: SecretText

    @property
    def plain(self) -> str:
        """Both, as SASL PLAIN says them (RFC 4616)."""
        both = f"\0{self.username.render()}\0{self.password.reveal()}"
        return base64.b64encode(both.encode()).decode()

    @property
    def disguises(self) -> tuple[str, ...]:
        """What the password looks like on the wire, for the mask."""
        password = self.password.reveal()
        encoded = base64.b64encode(password.encode()).decode()
        return (self.plain, encoded, password.replace("\\", "\\\\").replace('"', '\\"'))


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
    tls: Literal[True] | Tls | None = None
    starttls: Literal[True] | Tls | None = None
    login: Account | None = None

    def __post_init__(self) -> None:
        if self.tls is not None and self.starttls is not None:
            raise Refused(
                "with `tls` all is encrypted from the start, so nothing is left for starttls",
                mend="leave one of them out",
                at=("tls",),
            )

    @property
    def encrypts(self) -> bool:
        """Whether there will be a certificate."""
        return self.tls is not None or self.starttls is not None

    @asynccontextmanager
    async def reached(
        self, trip: Trip, protocol: Protocol, *, limit: int, hello: str = HELLO
    ) -> AsyncIterator[tuple[Stream, Presented | None]]:
        """
        A stream to it, encrypted as it should be, and what it presented.  After STARTTLS its
        greeting is read already.

        Args:
            trip: Whose phases these are.
            protocol: What it speaks before it encrypts.
            limit: Most bytes that it may say.
            hello: As whom SMTP greets.

        Raises:
            Trouble: As `Stream` and `ask_for_tls`.
        """
        where = self.connect
        async with await Stream.to(trip, where.host, where.port, limit=limit, ip=self.ip) as stream:
            presented = None
            if self.starttls is not None:
                await ask_for_tls(stream, protocol, trip, hello=hello)
            written = self.tls or self.starttls
            if written is not None:
                tls = Tls() if written is True else written
                presented = await stream.start_tls(tls.at_home, tls.server_name or where.host)
            yield stream, presented
