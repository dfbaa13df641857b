"""The health service of grpcio on loopback, and what only says that it is gRPC."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from pydantic import TypeAdapter

from probes import grpc as kind
from probes.result import Outcome, Result
from tests.probes.specimen_grpc import SERVING, answering
from tests.probes.support import Asker, Speak, look_up, refusal, speaking

OPTIONS: TypeAdapter[kind.Options] = TypeAdapter(kind.Options)
_STATES = health_pb2.HealthCheckResponse


async def ask(asker: Asker, port: int, *, timeout_s: float = 5, **written: Any) -> Result:
    options = OPTIONS.validate_python(
        {"connect": f"localhost:{port}", **written}, context={"resolve": look_up}
    )
    return await kind.run(options, asker.watch(timeout_s))


class Watched(health.aio.HealthServicer):  # type: ignore[misc]  # its package has no types
    """Takes only whoever shows a token, if there is one."""

    token = ""

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802  (gRPC's name)
        shown = dict(context.invocation_metadata()).get("authorization", "")
        if self.token and shown != f"Bearer {self.token}":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        return await super().Check(request, context)


@contextlib.asynccontextmanager
async def serving(
    credentials: grpc.ServerCredentials | None = None, token: str = "", *, healthy: bool = True
) -> AsyncIterator[int]:
    """A server that is well, with one service ``shop`` that is not."""
    server = grpc.aio.server()
    if healthy:
        servicer = Watched()
        servicer.token = token
        await servicer.set("", _STATES.SERVING)
        await servicer.set("shop.v1.Orders", _STATES.NOT_SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    where = "127.0.0.1:0"
    port = (
        server.add_secure_port(where, credentials)
        if credentials
        else server.add_insecure_port(where)
    )
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


@pytest.mark.parametrize(
    ("written", "reason", "said"),
    [
        ({}, "", ""),
        ({"service": "shop.v1.Orders"}, "health", "expected SERVING, got NOT_SERVING"),
        ({"service": "shop.v1.Orders", "expect": {"health": "NOT_SERVING"}}, "", ""),
        ({"expect": {"health": "NOT_SERVING"}}, "health", "expected NOT_SERVING, got SERVING"),
        ({"service": "warehouse"}, "not-found", "the server knows no service warehouse: NOT_FOUND"),
    ],
)
async def test_what_a_server_says_of_its_health(
    asker: Asker, written: dict[str, Any], reason: str, said: str
) -> None:
    async with serving() as port:
        result = await ask(asker, port, **written)

    assert (result.reason, result.detail) == (reason, said)
    assert result.facts.protocol == "HTTP/2"
    assert result.facts.address == "127.0.0.1"


async def test_metadata_goes_along(asker: Asker) -> None:
    async with serving(token="t0k3n-of-the-probe") as port:
        known = await ask(asker, port, metadata={"authorization": "Bearer ${env:TOKEN}"})
        unknown = await ask(asker, port)

    assert known.outcome is Outcome.GOOD, known.detail
    assert (unknown.reason, unknown.detail) == ("login", "UNAUTHENTICATED: who are you?")


async def test_a_server_without_the_service_says_so(asker: Asker) -> None:
    async with serving(healthy=False) as port:
        result = await ask(asker, port)

    assert result.reason == "unimplemented"


async def test_over_tls_the_certificate_counts_too(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    leaf = authority.issue_cert("localhost")
    chain = b"".join(one.bytes() for one in leaf.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(leaf.private_key_pem.bytes(), chain)])
    async with serving(credentials) as port:
        good = await ask(asker, port, tls={"ca": pem}, expect={"certificate": {"valid_for": "1d"}})
        strange = await ask(asker, port, tls=True)
        plain = await ask(asker, port)
        address: dict[str, Any] = {"connect": f"127.0.0.1:{port}"}
        named = await ask(asker, port, **address, tls={"ca": pem, "server_name": "localhost"})
        other = await ask(asker, port, **address, tls={"ca": pem, "server_name": "other.example"})

    assert (named.outcome, named.facts.address) == (Outcome.GOOD, "127.0.0.1"), named.detail
    assert other.reason == "tls-wrong-host"
    assert good.outcome is Outcome.GOOD, good.detail
    assert good.facts.certificate_expires_at is not None
    assert good.phases.tls_s is not None
    assert strange.reason == "tls-unknown-ca"
    assert plain.outcome is Outcome.BAD


async def of_the_past(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer by HTTP/1.1; all that was said is read, or closing would be a reset."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()
    await reader.read(65536)


@pytest.mark.parametrize(
    ("speak", "reason"),
    [
        (answering(trailers=(("grpc-status", "14"), ("grpc-message", "too%20busy"))),
         "unavailable"),
        (answering(trailers=(("grpc-status", "7"),)), "login"),
        (answering(trailers=(("grpc-status", "13"),)), "call"),
        (answering(trailers=(("grpc-status", "99"),)), "call"),
        (answering(trailers=(("grpc-status", "²"),)), "malformed"),
        (answering(trailers=(("grpc-status", "9" * 5000),)), "malformed"),
        (answering(trailers=(("x", "y"),)), "malformed"),
        (answering(headers=((":status", "404"),)), "status"),
        (answering(b""), "malformed"),
        (answering(b"\0"), "malformed"),
        (answering(b"\1\0\0\0\2\x08\1"), "malformed"),
        (answering(b"\0\xff\xff\xff\xff\x08\1"), "malformed"),
        (answering(b"\0\0\0\0\2\x08\xff"), "malformed"),
        (answering(b"\0\0\0\0\2\x0a\x7f"), "malformed"),
        (answering(b"\0\0\0\0\1\x0b"), "malformed"),
        (answering(b"\0\0\0\0\x0b\x08" + b"\xff" * 10), "malformed"),
        (answering(b"\0\0\0\0\2\x08\x63"), "health"),
        (answering(b"\0\0\0\0\0"), "health"),
        (answering(SERVING + SERVING), "malformed"),
        (answering(SERVING + b"more"), "malformed"),
        (answering(b"\0\0\0\0\1\x0b" + b"\0" * 5), "malformed"),
        (answering(b"\0" * 5 * 12_000), "malformed"),
        (answering(b"\0\0\6\x1a\x80" + b"\x08\x01" * 200_000), "body-too-large"),
        (of_the_past, "malformed"),
    ],
)  # fmt: skip
async def test_what_is_not_as_it_should_be_has_a_reason(
    asker: Asker, speak: Speak, reason: str
) -> None:
    async with speaking(speak) as port:
        result = await ask(asker, port)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize("host", ["☃.localhost", "bücher.invalid"])
async def test_a_name_in_any_script_is_looked_up_or_is_none(asker: Asker, host: str) -> None:
    result = await ask(asker, 9, connect=f"{host}:9")

    assert result.reason == "dns", result.detail


async def test_frames_without_end_are_given_up(asker: Asker) -> None:
    async with speaking(_endless) as port:
        result = await ask(asker, port, timeout_s=1)

    assert result.outcome is Outcome.BAD


async def _endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"\0\0\0\4\0\0\0\0\0")
        await writer.drain()


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"metadata": {"grpc-timeout": "1S"}}, "grpc-timeout is set by the call itself"),
        ({"metadata": {"x": "a\nb"}}, "this is not printable ASCII"),
        ({"metadata": {"x": "${x}"}}, "nothing is captured here to fill ${x}"),
        ({"tls": {"server_name": "x/y"}}, "`x/y` is not a name"),
        ({"expect": {"certificate": {"valid_for": "1d"}}}, "without TLS there is no certificate"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, {"connect": "a:1", **written}).what == what
