"""One unary call of gRPC over HTTP/2, which libcurl speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from probes.ask import header_values
from probes.curl.carry import carry
from probes.curl.order import Answer, Order
from probes.net.trip import Trip, Trouble
from probes.net.trust import TlsOrder

LIMIT = 1 << 20
"""Most bytes of an answer."""

CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Names of the status codes, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    How a server is reached.

    Attributes:
        authority: ``host:port``.
        ip: ``any``, ``4`` or ``6``.
        tls: ``None`` is not encrypted.
        metadata: Sent along, by name.
    """

    authority: str
    ip: str
    tls: TlsOrder | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said: the *code*, its *words* for it, the *message* if there is one."""

    code: int
    words: str
    message: bytes | None
    answer: Answer

    @property
    def name(self) -> str:
        """Of the code."""
        return CODES[self.code] if self.code < len(CODES) else str(self.code)


async def call(trip: Trip, way: Way, method: str, message: bytes) -> Reply:
    """
    The reply to *method*, such as ``grpc.health.v1.Health/Check``.

    Raises:
        Trouble: ``status`` and ``malformed`` if it is not gRPC; as `carry`.
    """
    scheme = "http" if way.tls is None else "https"
    limit_ms = max(1, round(trip.watch.remaining_s() * 1000))
    order = Order(
        method="POST",
        url=f"{scheme}://{way.authority}/{method}",
        headers=(
            "Content-Type: application/grpc",
            "TE: trailers",
            f"grpc-timeout: {limit_ms}m",
            f"User-Agent: {trip.watch.user_agent}",
            "Accept:",
            "Expect:",
            *(f"{name}: {value}" for name, value in way.metadata.items()),
        ),
        body=b"\0" + len(message).to_bytes(4, "big") + message,
        body_limit=LIMIT,
        body_keep=LIMIT,
        ip=way.ip,
        version="2",
        tls=way.tls,
        decompress=False,
    )
    answer = await carry(order, trip, f"waiting for an answer to {method}")
    if answer.status != 200:
        raise Trouble("status", f"expected HTTP status 200, got {answer.status}")
    codes = header_values(answer.headers, "grpc-status")
    if not codes or not codes[-1].isascii() or not codes[-1].isdigit() or len(codes[-1]) > 4:
        raise Trouble("malformed", "the answer has no status of gRPC")
    words = unquote("".join(header_values(answer.headers, "grpc-message")[-1:]))
    return Reply(int(codes[-1]), words, _message(answer.body), answer)


def _message(body: bytes) -> bytes | None:
    """The first one, as gRPC frames it."""
    if not body:
        return None
    size = int.from_bytes(body[1:5], "big")
    if body[0] != 0 or len(body) < 5 + size:
        raise Trouble("malformed", "the message is compressed, or shorter than it says")
    return body[5 : 5 + size]
