"""HTTP/2, HTTP/3 and proxies, against real ones."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config

from probes.result import Outcome
from tests.probes.support import Asker, ok, saying, speaking


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Say which version of HTTP the request came by."""
    if scope["type"] != "http":
        return
    body = scope["http_version"].encode()
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def speaking_all_versions(
    authority: trustme.CA, folder: Path, patch: pytest.MonkeyPatch
) -> AsyncIterator[int]:
    """HTTP/1.1 and 2 on TCP, HTTP/3 on UDP, all on one port, which it gives."""
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    for each in leaf.cert_chain_pems:
        each.write_to_path(str(folder / "chain.pem"), append=True)
    tcp = socket.socket()
    tcp.bind(("127.0.0.1", 0))
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    config = Config()
    config.bind, config.quic_bind = [f"fd://{tcp.fileno()}"], [f"fd://{udp.fileno()}"]
    config.certfile, config.keyfile = str(folder / "chain.pem"), str(folder / "key.pem")
    config.alpn_protocols = ["h2", "http/1.1"]
    config.graceful_timeout = 0.1
    loop = asyncio.get_running_loop()
    make, opened = loop.create_datagram_endpoint, []

    async def remember(*args: Any, **settings: Any) -> Any:
        made = await make(*args, **settings)
        opened.append(made[0])
        return made

    patch.setattr(loop, "create_datagram_endpoint", remember)
    config.errorlog = None
    stop, ready = asyncio.Event(), asyncio.Event()
    config.startup_timeout = 5
    port = tcp.getsockname()[1]

    async def shutdown() -> None:
        ready.set()
        await stop.wait()

    task = asyncio.create_task(serve(app, config, shutdown_trigger=shutdown))
    await ready.wait()
    try:
        yield port
    finally:
        stop.set()
        await task
        for transport in opened:  # hypercorn leaves its UDP transports to the collector
            transport.close()
        tcp.detach()
        udp.detach()
        await asyncio.sleep(0)


async def test_each_version_is_spoken_as_asked(
    asker: Asker,
    authority: trustme.CA,
    pem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = {}
    async with speaking_all_versions(authority, tmp_path, monkeypatch) as port:
        for version in ("1.1", "2", "3", "auto"):
            result = await asker.http(
                {
                    "get": f"https://127.0.0.1:{port}/",
                    "tls": {"ca": pem},
                    "version": version,
                    "expect": {"protocol": "2" if version == "auto" else version},
                }
            )
            seen[version] = (result.outcome, result.facts.protocol, result.detail)
            assert result.phases.tls_s is not None

    assert seen == {
        "1.1": (Outcome.GOOD, "HTTP/1.1", ""),
        "2": (Outcome.GOOD, "HTTP/2", ""),
        "3": (Outcome.GOOD, "HTTP/3", ""),
        "auto": (Outcome.GOOD, "HTTP/2", ""),
    }


class Proxy:
    """A proxy that tunnels, and forwards plain requests; counts both."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.tunnels: list[str] = []
        self.forwarded: list[str] = []
        self._refusal = refusal

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        if self._refusal:
            writer.write(self._refusal)
            return
        if method != "CONNECT":
            self.forwarded.append(target)
            writer.write(ok(b"by proxy"))
            return
        self.tunnels.append(target)
        host, _, port = target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Tunnel\r\nX-Of-Proxy: yes\r\n\r\n")
        ways = [
            asyncio.create_task(_pump(reader, far_writer)),
            asyncio.create_task(_pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            far_writer.close()
            with contextlib.suppress(ConnectionError):
                await far_writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def test_plain_requests_are_forwarded_and_tls_is_tunnelled(
    asker: Asker, server_tls: Any, pem: str
) -> None:
    proxy = Proxy()
    async with speaking(proxy.speak) as at, speaking(saying(ok()), tls=server_tls) as port:
        through = {"proxy": f"http://127.0.0.1:{at}"}
        plain = await asker.http({"get": "http://shop.example/x", **through})
        secure = await asker.http(
            {
                "get": f"https://127.0.0.1:{port}/",
                "tls": {"ca": pem},
                "expect": {"headers": {"X-Of-Proxy": {"absent": True}}},
                **through,
            }
        )

    assert (plain.outcome, secure.outcome) == (Outcome.GOOD, Outcome.GOOD), secure.detail
    assert proxy.forwarded == ["http://shop.example/x"]
    assert proxy.tunnels == [f"127.0.0.1:{port}"]


@pytest.mark.parametrize(
    ("refusal", "outcome", "reason"),
    [
        (b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", Outcome.VOID, "proxy"),
        (b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", Outcome.BAD, "proxy-refused"),
    ],
    ids=["the proxy does not know us", "the proxy cannot reach the target"],
)
async def test_a_proxy_that_refuses(
    asker: Asker, refusal: bytes, outcome: Outcome, reason: str
) -> None:
    async with speaking(Proxy(refusal).speak) as at:
        result = await asker.http(
            {"get": "https://shop.example/", "proxy": f"http://127.0.0.1:{at}"}
        )

    assert (result.outcome, result.reason) == (outcome, reason)


async def test_a_proxy_that_is_away_is_our_own_fault(asker: Asker) -> None:
    result = await asker.http({"get": "http://shop.example/", "proxy": "http://127.0.0.1:1"})

    assert (result.outcome, result.reason) == (Outcome.VOID, "proxy")


async def test_the_environment_names_no_proxy(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with speaking(saying(ok())) as port:
        result = await asker.http({"get": f"http://127.0.0.1:{port}/"})

    assert result.outcome is Outcome.GOOD
