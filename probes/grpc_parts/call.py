"""One call of gRPC over HTTP/2, which libcurl speaks."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from probes.ask import header_values
from probes.curl.carry import carry
from probes.curl.order import Answer, Order
from probes.net.names import encoded
from probes.net.trip import Trip, Trouble, Unmet
from probes.net.trust import TlsOrder

LIMIT = 1 << 20
"""Most bytes of an answer."""

_MOST_MESSAGES = 10_000

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
        authority: Whom we ask for, as `in_url` writes it.
        ip: ``any``, ``4`` or ``6``.
        tls: ``None`` is not encrypted.
        metadata: Sent along, names and values.
        connect_to: Where that leads instead, as in `Order`.
        shows_tls: Whether the answer says what was agreed on over TLS.
    """

    authority: str
    ip: str
    tls: TlsOrder | None
    metadata: tuple[tuple[str, str], ...] = ()
    connect_to: tuple[str, ...] = ()
    shows_tls: bool = False


def in_url(host: str, port: int | str) -> str:
    """
    *host*, in brackets or not, and *port* as a URL has them.

    Raises:
        Trouble: ``dns``: no name can be written like that.
    """
    host = encoded(host.strip("[]"))
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said: the *code*, its *words* for it, and the *answer* that they came in."""

    code: int
    words: str
    answer: Answer

    @property
    def name(self) -> str:
        """Of the code."""
        return CODES[self.code] if self.code < len(CODES) else str(self.code)

    @property
    def said(self) -> str:
        """Name and words."""
        return f"{self.name}: {self.words}" if self.words else self.name

    @property
    def message(self) -> bytes:
        """
        The one that answers a unary call.

        Raises:
            Trouble: ``malformed`` if there is not exactly one, or as `messages`.
        """
        found = self.messages()
        if len(found) != 1:
            many = "no message" if not found else f"{len(found)} messages instead of one"
            raise Trouble("malformed", f"the answer has {many}")
        return found[0]

    def messages(self) -> list[bytes]:
        """
        All that came, as gRPC frames them.

        Raises:
            Trouble: ``malformed``.
        """
        body, at, found = self.answer.body, 0, list[bytes]()
        while at < len(body):
            end = at + 5 + int.from_bytes(body[at + 1 : at + 5], "big")
            if body[at] != 0:
                raise Trouble("malformed", "a message is compressed, which nobody asked for")
            if at + 5 > len(body) or end > len(body):
                raise Trouble("malformed", "a message is shorter than it says")
            if len(found) == _MOST_MESSAGES:
                raise Trouble("malformed", f"the answer has more than {_MOST_MESSAGES:,} messages")
            found.append(body[at + 5 : end])
            at = end
        return found


async def ask(trip: Trip, way: Way, method: str, *sent: bytes, limit: int = LIMIT) -> Answer:
    """
    What is answered to *method*, such as ``grpc.health.v1.Health/Check``.

    Args:
        trip: Whose time, phases and address these are.
        way: To the server.
        method: Of which service.
        sent: The messages; a unary call has one.
        limit: Most bytes of the answer.

    Raises:
        Trouble: As `carry`.
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
            *(f"{name}: {value}" for name, value in way.metadata),
        ),
        body=b"".join(b"\0" + len(one).to_bytes(4, "big") + one for one in sent),
        body_limit=limit,
        body_keep=limit,
        ip=way.ip,
        version="2",
        tls=way.tls,
        decompress=False,
        connect_to=way.connect_to,
        shows_tls=way.shows_tls,
    )
    return await carry(order, trip, f"waiting for an answer to {method}")


def reply_in(answer: Answer) -> Reply:
    """
    What *answer* is as gRPC.

    Raises:
        Trouble: ``status`` and ``malformed`` if it is none.
    """
    if answer.status != 200:
        raise Trouble("status", f"expected HTTP status 200, got {answer.status}")
    codes = header_values(answer.headers, "grpc-status")
    if not codes or not codes[-1].isascii() or not codes[-1].isdigit() or len(codes[-1]) > 4:
        raise Trouble("malformed", "the answer has no status of gRPC")
    words = unquote("".join(header_values(answer.headers, "grpc-message")[-1:]))
    return Reply(int(codes[-1]), words, answer)


async def call(trip: Trip, way: Way, method: str, *sent: bytes, limit: int = LIMIT) -> Reply:
    """
    The reply to *method*; the arguments are those of `ask`.

    Raises:
        Trouble: As `ask` and `reply_in`.
    """
    return reply_in(await ask(trip, way, method, *sent, limit=limit))


def unlike(reply: Reply, expected: str) -> Unmet:
    """Why *reply* is not what was *expected*, by its status."""
    match reply.name:
        case "NOT_FOUND":
            return Unmet("not-found", expected, reply.said)
        case "UNIMPLEMENTED":
            return Unmet("unimplemented", expected, reply.said)
        case "PERMISSION_DENIED" | "UNAUTHENTICATED":
            return Unmet("login", expected, reply.said)
        case "UNAVAILABLE":
            return Unmet("unavailable", expected, reply.said)
        case _:
            return Unmet("call", expected, reply.said)
