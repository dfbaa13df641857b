"""What is asked of libcurl, and what it says: plain values, nothing of libcurl's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.net.trust import TlsOrder
from probes.result import Phases


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    One request, ready to send: no references, no redirects.

    It may be carried out again and again; what differs each time is said then.

    Attributes:
        headers: Whole lines; libcurl adds only ``Host``, ``Accept`` and what frames the body.
        body_limit: Most decoded bytes to take.
        body_keep: How many of them to hand over; the rest is only counted.
        connect_to: ``HOST:PORT:ADDRESS:PORT`` rules; the first that fits wins.
        proxy_headers: Whole lines for the proxy alone, where one is asked to connect to a target.
        digest: User name and password for digest authentication.
        cookies: Whether ``Set-Cookie`` is obeyed by later orders on the same line.
        shows_tls: Whether the answer says what was agreed on over TLS; costs a little.
    """

    method: str
    url: str
    headers: tuple[str | bytes, ...]
    body: bytes | None = None
    body_limit: int
    body_keep: int
    connect_to: tuple[str, ...] = ()
    proxy: str = ""
    proxy_headers: tuple[str, ...] = ()
    ip: str = "any"
    version: str = "auto"
    tls: TlsOrder | None = None
    digest: tuple[str, str] | None = None
    decompress: bool = True
    cookies: bool = False
    shows_tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What came back, or why nothing did.

    Attributes:
        failure: libcurl's error code; 0 when there is an answer.
        message: Its words for that.
        errno: The system's error number of the last failed connection, 0 if none.
        verify: OpenSSL's verdict on the certificate, 0 when there is nothing wrong.
        denied: The address that was not permitted, or empty.
        too_large: Whether the body passed its limit.
        head: Lines of all answers as they came, interim and challenge answers first.
        body: As much of the decoded body as the order wanted.
        body_bytes: How long the decoded body was, as far as it was read.
        total_s: From start to end.
        tls: Version and cipher, as OpenSSL calls them; only where the order asks, as *chain*.
        chain: The certificates as presented, in PEM, the server's own first.
    """

    failure: int
    message: str
    errno: int
    verify: int
    proxy_error: int
    denied: str
    too_large: bool
    status: int
    head: Sequence[bytes]
    body: bytes
    body_bytes: int
    protocol: str | None
    address: str | None
    phases: Phases
    total_s: float
    certificate_expires_at: datetime | None
    tls: tuple[str, str] | None = None
    chain: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Lines of the last answer, after its status line; most answers need none of them."""
        start = 0
        for index, line in enumerate(self.head):
            if line.startswith(b"HTTP/"):
                start = index + 1
        return tuple(
            text for line in self.head[start:] if (text := line.decode("utf-8", "replace").strip())
        )
