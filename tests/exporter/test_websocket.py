"""The prober ``websocket``, as the newest exporter documents it; Debian's does not know it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiohttp import WSMsgType, web

from tests.exporter.asker import OFTEN, Asker, names
from tests.exporter.support import Metrics

CHOSEN = {"probe_ip_protocol", "probe_ip_addr_hash", "probe_dns_lookup_time_seconds"}


@pytest.fixture
async def sockets(server_tls: ssl.SSLContext) -> AsyncIterator[tuple[str, str]]:
    """WebSockets that greet a known guest and repeat what they hear, plain and over TLS."""

    async def greet(request: web.Request) -> web.WebSocketResponse:
        if request.path == "/private" and request.headers.get("Authorization") != "Bearer t0ken":
            raise web.HTTPForbidden
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("Hello, guest")
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(f"Welcome {message.data}")
        return socket

    app = web.Application()
    app.add_routes([web.get("/", greet), web.get("/private", greet)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    for context in (None, server_tls):
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    plain, secure = (address[1] for address in runner.addresses)
    yield f"ws://127.0.0.1:{plain}", f"wss://127.0.0.1:{secure}"
    await runner.cleanup()


WEBSOCKET = {
    "probe_websocket_status_code",
    "probe_websocket_connection_upgraded",
    "probe_websocket_failed_due_to_regex",
    "probe_websocket_duration_seconds",
}


def phases(found: Metrics) -> set[str]:
    name = "probe_websocket_duration_seconds"
    return {labels.split('"')[1] for metric, labels in found if metric == name}


TALK = '{expect: "Hello, (.+)", send: "I am $1"}, {expect: "Welcome I am guest"}'


@pytest.mark.parametrize(
    ("turns", "success", "regex", "took"),
    [
        pytest.param("", 1, 0, set(), id="opening is enough"),
        pytest.param(TALK, 1, 0, {"transfer"}, id="a conversation"),
        pytest.param("{expect: Welcome}", 0, 1, {"transfer"}, id="the first message decides"),
        pytest.param(f"{TALK}, {{expect: x}}", 0, 1, {"transfer"}, id="silence"),
    ],
)
async def test_a_websocket(
    asker: Asker,
    sockets: tuple[str, str],
    turns: str,
    success: int,
    regex: int,
    took: set[str],
) -> None:
    module = f"{{prober: websocket, timeout: 500ms, websocket: {{query_response: [{turns}]}}}}"
    found = await asker.metrics(module, sockets[0])
    assert names(found) == OFTEN | CHOSEN | WEBSOCKET
    assert phases(found) == {"resolve", "connect", "processing"} | took
    assert found["probe_success", ""] == success
    assert found["probe_websocket_failed_due_to_regex", ""] == regex
    assert found["probe_websocket_status_code", ""] == 101
    assert found["probe_websocket_connection_upgraded", ""] == 1


async def test_a_websocket_that_is_refused(asker: Asker, sockets: tuple[str, str]) -> None:
    found = await asker.metrics("{prober: websocket}", f"{sockets[0]}/private")
    assert found["probe_success", ""] == 0
    assert found["probe_websocket_status_code", ""] == 403
    assert found["probe_websocket_connection_upgraded", ""] == 0


async def test_a_websocket_with_a_login_and_tls(
    asker: Asker, sockets: tuple[str, str], authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    config = (
        f"{{authorization: {{credentials: t0ken}}, tls_config: {{ca_file: {tmp_path}/ca.pem}}}}"
    )
    module = f"{{prober: websocket, websocket: {{http_config: {config}, headers: {{X-A: b}}}}}}"
    found = await asker.metrics(module, f"{sockets[1]}/private")
    assert found["probe_success", ""] == 1
    untrusted = await asker.metrics("{prober: websocket}", f"{sockets[1]}/")
    assert untrusted["probe_success", ""] == 0
    assert untrusted["probe_websocket_status_code", ""] == 0


@pytest.mark.parametrize("target", ["http://127.0.0.1/", "127.0.0.1:80", "ws://", "ws://a b/"])
async def test_a_target_that_is_no_websocket(asker: Asker, target: str) -> None:
    found = await asker.metrics("{prober: websocket}", target)
    assert names(found) == OFTEN | WEBSOCKET - {"probe_websocket_duration_seconds"}
    assert found["probe_success", ""] == 0


async def test_a_websocket_where_nobody_listens(asker: Asker) -> None:
    found = await asker.metrics("{prober: websocket}", "ws://127.0.0.1:9/")
    assert phases(found) == {"resolve", "processing"}
