"""Modules, targets, and the two that ask them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web

from probes.watch import Network, Shared, Watch
from synthetics.clock import SystemClock
from synthetics.exporter import answer
from synthetics.exporter.modules import Module, load

MODULES = r"""
modules:
  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  http_404: {prober: http, http: {preferred_ip_protocol: ip4, valid_status_codes: [404]}}
  http_stay: {prober: http, http: {preferred_ip_protocol: ip4, follow_redirects: false}}
  http_post: {prober: http, http: {preferred_ip_protocol: ip4, method: POST, body: "a=1"}}
  http_tls: {prober: http, http: {preferred_ip_protocol: ip4, tls_config: {ca_file: CA_FILE}}}
  http_insecure:
    prober: http
    http: {preferred_ip_protocol: ip4, tls_config: {insecure_skip_verify: true}}
  http_no_tls:
    prober: http
    http: {preferred_ip_protocol: ip4, fail_if_ssl: true, tls_config: {ca_file: CA_FILE}}
  http_must_tls: {prober: http, http: {preferred_ip_protocol: ip4, fail_if_not_ssl: true}}
  http_body:
    prober: http
    http: {preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: ["all is w[e]ll"]}
  http_not_body:
    prober: http
    http: {preferred_ip_protocol: ip4, fail_if_body_matches_regexp: ["all is well"]}
  http_header:
    prober: http
    http:
      preferred_ip_protocol: ip4
      fail_if_header_not_matches: [{header: x-shop, regexp: "^b$"}]
      fail_if_header_matches: [{header: X-Missing, regexp: ".*", allow_missing: true}]
  http_version: {prober: http, http: {preferred_ip_protocol: ip4, valid_http_versions: [HTTP/2.0]}}
  http_gzip: {prober: http, http: {preferred_ip_protocol: ip4, compression: gzip}}
  http_small: {prober: http, http: {preferred_ip_protocol: ip4, body_size_limit: 4B}}
  http_auth:
    prober: http
    http: {preferred_ip_protocol: ip4, basic_auth: {username: me, password: secret-word}}
  http_six: {prober: http, http: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}}
  http_host: {prober: http, http: {preferred_ip_protocol: ip4, headers: {Host: shop.test}}}
  http_tls12:
    prober: http
    http: {preferred_ip_protocol: ip4, tls_config: {ca_file: CA_FILE, max_version: TLS12}}
  http_proxy: &proxied
    prober: http
    http: &proxy
      preferred_ip_protocol: ip4
      proxy_url: http://127.0.0.1:PROXY_PORT
      tls_config: {ca_file: CA_FILE}
  http_proxy_unresolved: {<<: *proxied, http: {<<: *proxy, skip_resolve_phase_with_proxy: true}}
  http_proxy_header: {<<: *proxied, http: {<<: *proxy, proxy_connect_header: {X-Pass: [let-me]}}}
  http_token:
    prober: http
    http:
      preferred_ip_protocol: ip4
      oauth2: &token
        client_id: me & you
        client_secret: secret-word
        token_url: http://127.0.0.1:TOKEN_PORT/token
        scopes: [read, write]
        endpoint_params: {audience: shop}
  http_token_in_form:
    prober: http
    http:
      preferred_ip_protocol: ip4
      oauth2: {<<: *token, token_url: http://127.0.0.1:TOKEN_PORT/form}
  tcp_connect: {prober: tcp, timeout: 2s}
  tcp_tls12: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: CA_FILE, max_version: TLS12}}}
  tcp_tls11: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: CA_FILE, max_version: TLS11}}}
  tcp_tls: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: CA_FILE}}}
  tcp_talk:
    prober: tcp
    timeout: 1s
    tcp:
      query_response:
        - expect: "^220 ([^ ]+) (?P<what>.+)$"
          send: "EHLO $1"
        - expect: "^250-STARTTLS"
        - send: "STARTTLS"
        - expect: "^220"
        - starttls: true
        - send: QUIT
        - expect: "^221"
      tls_config: {ca_file: CA_FILE}
  tcp_other: {prober: tcp, timeout: 1s, tcp: {query_response: [{send: QUIT}, {expect: "^999"}]}}
  dns_www: {prober: dns, timeout: 2s, dns: {query_name: www.shop.test, query_type: A}}
  dns_tcp:
    prober: dns
    timeout: 2s
    dns: {query_name: www.shop.test, query_type: A, transport_protocol: tcp}
  dns_soa: {prober: dns, timeout: 2s, dns: {query_name: shop.test, query_type: SOA}}
  dns_none: {prober: dns, timeout: 2s, dns: {query_name: none.shop.test, query_type: A}}
  dns_none_wanted:
    prober: dns
    timeout: 2s
    dns: {query_name: none.shop.test, query_type: A, valid_rcodes: [NXDOMAIN]}
  dns_records:
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      validate_answer_rrs:
        fail_if_not_matches_regexp: ["www.shop.test.\t300\tIN\tA\t192.0.2.[12]"]
        fail_if_none_matches_regexp: ["192\\.0\\.2\\.2$"]
        fail_if_matches_regexp: ["127.0.0.1"]
  dns_all: &all
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      validate_answer_rrs: {fail_if_all_match_regexp: ["192.0.2"]}
  dns_same: *all
  dns_some:
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      validate_answer_rrs: {fail_if_all_match_regexp: ["192.0.2.1"]}
  dns_tls:
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      transport_protocol: tcp
      dns_over_tls: true
      tls_config: {ca_file: CA_FILE}
  icmp: {prober: icmp, timeout: 2s}
  icmp_far: {prober: icmp, timeout: 2s, icmp: {ttl: 3, payload_size: 1000}}
"""

Metrics = Mapping[tuple[str, str], float]
_LINE = re.compile(r"^(\w+)(\{.*\})? (\S+)$", re.MULTILINE)


def metrics(text: str) -> Metrics:
    """By name and labels."""
    return {(name, labels): float(value) for name, labels, value in _LINE.findall(text)}


class Both:
    """Debian's exporter, and us."""

    def __init__(self, url: str, modules: Mapping[str, Module], web: aiohttp.ClientSession) -> None:
        self._url = url
        self._web = web
        self._shared = Shared()
        self.modules = modules

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, url: str, file: Path) -> AsyncIterator[Self]:
        """The two, until the end of the block."""
        async with aiohttp.ClientSession() as session:
            both = cls(url, load(file), session)
            try:
                yield both
            finally:
                await both._shared.close()

    async def is_there(self) -> bool:
        """Whether theirs answers."""
        try:
            async with self._web.get(f"{self._url}/-/healthy") as answered:
                return answered.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def theirs(self, module: str, target: str, hostname: str = "") -> Metrics:
        """What the exporter says."""
        query = {"module": module, "target": target} | ({"hostname": hostname} if hostname else {})
        async with self._web.get(f"{self._url}/probe", params=query) as answered:
            assert answered.status == 200, await answered.text()
            return metrics(await answered.text())

    async def text(
        self,
        module: str,
        target: str,
        *,
        hostname: str = "",
        debug: bool = False,
        denied: tuple[Network, ...] = (),
    ) -> str:
        """What we say."""
        query = {"module": module, "target": target, "hostname": hostname}
        asked = answer.read(self.modules, query, "")
        watch = Watch(
            clock=SystemClock(), timeout_s=asked.timeout_s, shared=self._shared, denied=denied
        )
        return await answer.answer(asked, watch, debug=debug)

    async def ours(self, module: str, target: str, hostname: str = "") -> Metrics:
        """What we say, read."""
        return metrics(await self.text(module, target, hostname=hostname))


@dataclass(frozen=True)
class Targets:
    """Where they are."""

    http: str
    https: str
    stranger: str
    talker: str
    tls: str
    silent: str

    @classmethod
    @contextlib.asynccontextmanager
    async def started(
        cls, trusted: ssl.SSLContext, stranger: ssl.SSLContext
    ) -> AsyncIterator[Targets]:
        """All of them, until the end of the block."""
        async with contextlib.AsyncExitStack() as stack:
            runner = web.AppRunner(_application(), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            for context in (None, trusted, stranger):
                await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            ports = [address[1] for address in runner.addresses]

            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await _talk(reader, writer, trusted)

            talker = await asyncio.start_server(talk, "127.0.0.1", 0)
            silent = await asyncio.start_server(_say_nothing, "127.0.0.1", 0)
            for each in (talker, silent):
                stack.callback(each.close)
            yield cls(
                http=f"http://127.0.0.1:{ports[0]}",
                https=f"https://localhost:{ports[1]}",
                stranger=f"https://localhost:{ports[2]}",
                talker=f"127.0.0.1:{talker.sockets[0].getsockname()[1]}",
                tls=f"127.0.0.1:{ports[1]}",
                silent=f"127.0.0.1:{silent.sockets[0].getsockname()[1]}",
            )


def _application() -> web.Application:
    app = web.Application()

    async def well(request: web.Request) -> web.Response:
        said = {"X-Shop": "b", "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"}
        return web.Response(text="all is well\n", headers=said)

    async def missing(request: web.Request) -> web.Response:
        return web.Response(status=404, text="no")

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("/well")

    async def round_and_round(request: web.Request) -> web.Response:
        raise web.HTTPFound("/round")

    async def posted(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.headers.get('Content-Type')} {await request.text()}")

    async def streamed(request: web.Request) -> web.StreamResponse:
        answered = web.StreamResponse()
        await answered.prepare(request)
        await answered.write(b"one ")
        await answered.write(b"two")
        return answered

    async def packed(request: web.Request) -> web.Response:
        answered = web.Response(text="all is well\n" * 100)
        answered.enable_compression(web.ContentCoding.gzip)
        return answered

    async def private(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == "Basic bWU6c2VjcmV0LXdvcmQ="
        return web.Response(status=200 if known else 401)

    async def secured(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == "Bearer t0ken"
        return web.Response(status=200 if known else 401)

    async def named(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.host == "shop.test" else 421)

    app.add_routes(
        [
            web.get("/well", well),
            web.get("/missing", missing),
            web.get("/away", away),
            web.get("/round", round_and_round),
            web.post("/posted", posted),
            web.get("/streamed", streamed),
            web.get("/packed", packed),
            web.get("/private", private),
            web.get("/secured", secured),
            web.get("/named", named),
        ]
    )
    return app


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        writer.write(b"220 mail.test Shop's own\r\n")
        while line := (await reader.readline()).strip():
            if line.startswith(b"EHLO"):
                writer.write(b"250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n")
            elif line == b"STARTTLS":
                writer.write(b"220 go on\r\n")
                await writer.start_tls(tls)
            elif line == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
        await writer.drain()
    writer.close()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()
