"""A close look at one run: what a human wants to see once, and what no sample keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from probes.result import Phases


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    One HTTP request as it was sent, and its answer; secrets are masked.

    Attributes:
        started_at: In UTC.
        method, url: Of the request.
        sent: Its header lines, as far as this process writes them.
        body: What it carried, as text; empty if nothing.
        status: Of the answer; ``None`` without one.
        protocol, address: Of the answer, as in `probes.result.Facts`.
        headers: Header lines of the answer.
        text: Its decoded body as text, undecodable bytes replaced.
        body_bytes: Size of that body.
        leads_to: Where its ``Location`` leads; empty if nowhere.
        followed: Whether redirects are followed, so that it was asked there next.
        phases, total_s: How long it took.
        failure: Why there is no whole answer; empty if there is.
    """

    started_at: datetime
    method: str
    url: str
    sent: tuple[str, ...]
    body: str
    status: int | None
    protocol: str | None
    address: str | None
    headers: tuple[str, ...]
    text: str
    body_bytes: int
    leads_to: str
    followed: bool
    phases: Phases
    total_s: float
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """
    What was agreed on over TLS.

    Attributes:
        host: Whom it was with.
        version, cipher: As OpenSSL calls them.
        chain: The certificates as presented, in PEM, the target's own first.
    """

    host: str
    version: str
    cipher: str
    chain: tuple[str, ...]


@dataclass(slots=True)
class Look:
    """
    What was seen, in order.

    Attributes:
        addresses: By host, all that its name stands for, in the system's order.
        said: What was said to and fro, by what was asked; secrets are masked.
        remarks: What is worth knowing although all is well, one line each; secrets are masked.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    handshakes: list[Handshake] = field(default_factory=list)
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def resolved(self, host: str, addresses: Iterable[str]) -> None:
        """The name *host* stands for *addresses*."""
        self.addresses[host] = tuple(dict.fromkeys(addresses))

    def shook_hands(self, handshake: Handshake) -> None:
        """Note *handshake*, unless it is the same again."""
        if handshake not in self.handshakes:
            self.handshakes.append(handshake)
