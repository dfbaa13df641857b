"""The prober ``grpc`` beside blackbox_exporter: grpcio, and what only looks like it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from h2.events import Event, RequestReceived, StreamEnded

from tests.exporter.asker import OFTEN, Asker, names
from tests.exporter.support import Both
from tests.exporter.test_beside import alike
from tests.probes.specimen_grpc import SERVING, Talker, answering, hearing, send, sent
from tests.probes.support import Speak, saying, speaking


@dataclass(frozen=True)
class Servers:
    """Ports of one that is well, plain and by TLS, with a service that is down; of one without."""

    plain: int
    tls: int
    without: int


@pytest.fixture(scope="module")
def servers(authority: trustme.CA) -> Iterator[Servers]:
    leaf = authority.issue_cert("localhost", "127.0.0.1", common_name="shop")
    chain = b"".join(one.bytes() for one in leaf.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(leaf.private_key_pem.bytes(), chain)])
    well, without = (grpc.server(ThreadPoolExecutor(4)) for _ in range(2))
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    servicer.set("down", health_pb2.HealthCheckResponse.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, well)
    where = "127.0.0.1:0"
    ports = Servers(
        well.add_insecure_port(where),
        well.add_secure_port(where, credentials),
        without.add_insecure_port(where),
    )
    well.start()
    without.start()
    yield ports
    for server in (well, without):
        server.stop(None).wait()


@pytest.mark.parametrize(
    ("module", "target", "success"),
    [
        pytest.param("grpc", "127.0.0.1:{plain}", 1, id="a server that is well"),
        pytest.param("grpc", "localhost:{plain}", 1, id="the same by its name"),
        pytest.param("grpc", "http://localhost:{plain}/x?y", 1, id="the same as a URL"),
        pytest.param("grpc", "https://me@localhost:{plain}", 1, id="one that lies"),
        pytest.param("grpc_empty", "localhost:{plain}", 1, id="no preference"),
        pytest.param("grpc_default", "localhost:{plain}", 0, id="nothing written, so no fallback"),
        pytest.param("grpc_six", "127.0.0.1:{plain}", 0, id="no address of that version"),
        pytest.param("grpc_down", "127.0.0.1:{plain}", 0, id="a service that is down"),
        pytest.param("grpc_none", "127.0.0.1:{plain}", 0, id="a service that is not known"),
        pytest.param("grpc", "127.0.0.1:{without}", 0, id="no health service"),
        pytest.param("grpc_tls", "localhost:{tls}", 1, id="TLS"),
        pytest.param("grpc_tls", "127.0.0.1:{tls}", 1, id="TLS by address"),
        pytest.param("grpc_old", "localhost:{tls}", 1, id="an older TLS"),
        pytest.param("grpc_same_name", "127.0.0.1:{tls}", 1, id="another name that is right"),
        pytest.param("grpc_other_name", "localhost:{tls}", 0, id="another name that is not"),
        pytest.param("grpc_system", "localhost:{tls}", 0, id="a chain that is not trusted"),
        pytest.param("grpc_insecure", "localhost:{tls}", 1, id="a chain that nobody looks at"),
        pytest.param("grpc", "localhost:{tls}", 0, id="no TLS where it must be"),
        pytest.param("grpc_tls", "localhost:{plain}", 0, id="TLS where there is none"),
        pytest.param("grpc", "127.0.0.1:9", 0, id="nobody listens"),
        pytest.param("grpc", "127.0.0.1", 0, id="no port"),
        pytest.param("grpc_tls", "127.0.0.1", 0, id="no port, and TLS"),
        pytest.param("grpc", "nobody.invalid:1", 0, id="nobody"),
        pytest.param("grpc", "127.0.0.1:99999", 0, id="a port that is none"),
        pytest.param("grpc", "localhost:http", 0, id="a port that is a word"),
        pytest.param("grpc", " x:1", 0, id="no host"),
    ],
)
async def test_a_server_of_grpc(
    both: Both, servers: Servers, module: str, target: str, success: int
) -> None:
    await alike(both, module, target.format_map(vars(servers)), success)


def head(status: str) -> Speak:
    """A server that answers with this status of HTTP."""
    return answering(b"", (("x", "y"),), ((":status", status),))


def closing(code: int) -> Speak:
    """A server that resets whatever is asked."""

    def answer(connection: Talker, event: Event) -> None:
        if isinstance(event, StreamEnded):
            connection.reset_stream(event.stream_id, code)

    return hearing(answer)


@pytest.mark.parametrize(
    ("speak", "success"),
    [
        pytest.param(answering(), 1, id="a server by hand"),
        pytest.param(answering(b"\0\0\0\0\2\x08\x03"), 0, id="SERVICE_UNKNOWN"),
        pytest.param(answering(b"\0\0\0\0\2\x08\x63"), 0, id="a state without a name"),
        pytest.param(answering(b"\0\0\0\0\0"), 0, id="an empty message"),
        pytest.param(answering(b"", (("grpc-status", "14"),)), 0, id="UNAVAILABLE"),
        pytest.param(answering(b"", (("grpc-status", "99"),)), 0, id="a status without a name"),
        pytest.param(answering(b"", (("grpc-status", "x"),)), 0, id="a status that is none"),
        pytest.param(answering(trailers=(("x", "y"),)), 0, id="no status"),
        pytest.param(answering(SERVING + SERVING), 0, id="two messages"),
        pytest.param(answering(b""), 0, id="no message"),
        pytest.param(answering(b"\0\0\0\0\2\x0a\x7f"), 0, id="half a message"),
        pytest.param(answering(b"\0\0\0"), 0, id="half a frame"),
        pytest.param(answering(b"\1\0\0\0\2\x08\1"), 0, id="a compressed message"),
        *(pytest.param(head(status), 0, id=f"status {status}")
          for status in ("400", "401", "403", "404", "429", "500", "502", "503", "504")),
        *(pytest.param(closing(code), 0, id=f"a stream that is reset, {code}")
          for code in (0, 1, 2, 7, 8, 11, 12)),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 0, id="HTTP/1.1"),
    ],
)  # fmt: skip
async def test_what_looks_like_one(both: Both, speak: Speak, success: int) -> None:
    async with speaking(speak) as port:
        await alike(both, "grpc", f"127.0.0.1:{port}", success)


async def test_a_silent_server_ends_in_time(asker: Asker) -> None:
    """The exporter waits for twenty seconds, whatever the limit of the module or the scrape is."""

    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with speaking(say_nothing) as port:
        module = "{prober: grpc, timeout: 300ms, grpc: {preferred_ip_protocol: ip4}}"
        found = await asker.metrics(module, f"127.0.0.1:{port}")

    assert found["probe_grpc_status_code", ""] == 4
    assert found["probe_duration_seconds", ""] < 0.5


async def test_metadata_goes_along_and_is_not_shown(asker: Asker) -> None:
    """Debian's exporter does not know it yet."""
    heard: list[list[str]] = []

    def answer(connection: Talker, event: Event) -> None:
        if isinstance(event, RequestReceived):
            heard.append([str(value) for name, value in event.headers if str(name) == "x-key"])
            assert sent(event)[":path"] == "/grpc.health.v1.Health/Check"
        elif isinstance(event, StreamEnded):
            send(connection, event.stream_id, SERVING)

    async with speaking(hearing(answer)) as port:
        module = "{prober: grpc, grpc: {metadata: {X-Key: [word-one, word-two]}}}"
        told = await asker.text(module, f"127.0.0.1:{port}", debug=True)
        found = await asker.metrics(module, f"127.0.0.1:{port}")

    assert heard == [["word-one", "word-two"]] * 2
    assert "word-" not in told
    assert names(found) - OFTEN == {
        "probe_dns_lookup_time_seconds", "probe_grpc_duration_seconds",
        "probe_grpc_healthcheck_response", "probe_grpc_ssl", "probe_grpc_status_code",
        "probe_ip_addr_hash", "probe_ip_protocol", "probe_ssl_earliest_cert_expiry",
    }  # fmt: skip
