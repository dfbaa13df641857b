"""What is asked of libcurl for an ``http`` module."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from urllib.parse import urlsplit

from probes.curl.order import Order
from probes.net.names import Address
from probes.url import ascii_host
from synthetics.exporter.modules import Module
from synthetics.exporter.proxies import proxy_for
from synthetics.exporter.tokens import connect_headers
from synthetics.exporter.written import Http

MOST_BODY = 64 << 20
"""Bytes of a body where the module sets no limit; more is a failure."""


@dataclass(frozen=True, slots=True)
class _Way:
    """
    How one hop is asked.

    Attributes:
        url: By the name that is asked for over TLS.
        host: The ``Host`` header, where it is not that name.
        rules: Which address that name stands for.
    """

    url: str
    host: str = ""
    rules: tuple[str, ...] = ()


@functools.lru_cache(maxsize=4096)
def order_for(
    module: Module,
    url: str,
    sent: tuple[str, bytes | None, str],
    home: tuple[str, Address | None] | None,
) -> Order:
    """
    What is asked, made once for all scrapes that ask the same.

    Args:
        module: How.
        url: Where.
        sent: Method, body and the ``User-Agent``.
        home: The parameter ``hostname`` and the target's address, while it is the target's own
            origin that is asked.
    """
    kind = module.written.http
    method, body, user_agent = sent
    way = _Way(url)
    proxy = _proxy(kind, url, home[1] if home is not None else None)
    if home is not None:
        hostname, address = home
        host = hostname or module.sent.host
        if proxy and url.startswith("http:"):
            way = _forwarded(url, host)
        else:
            way = _way(url, module.server_name, host, address)
    limit = kind.body_size_limit or MOST_BODY
    expects = (
        kind.fail_if_body_matches_regexp or kind.fail_if_body_not_matches_regexp or kind.judges_json
    )
    return Order(
        method=method,
        url=way.url,
        headers=_lines(module, user_agent, way.host, home is not None, body is None),
        body=body,
        body_limit=limit,
        body_keep=limit if expects else 0,
        connect_to=way.rules,
        proxy=proxy,
        proxy_headers=connect_headers(kind.proxy_connect_header),
        version="3" if kind.enable_http3 else "auto" if kind.enable_http2 else "1.1",
        tls=module.tls if home is not None else module.tls_abroad,
        decompress=kind.compression not in ("", "identity"),
        cookies=kind.follows,
        shows_tls=way.url.startswith("https:"),
    )


def _proxy(kind: Http, url: str, address: Address | None) -> str:
    """The proxy for *url*, which the exporter asks by *address* where it has one."""
    if not kind.is_proxied:
        return ""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host = address.ip if address is not None else parts.hostname or ""
    port = parts.port or (443 if secure else 80)
    return proxy_for(kind, secure=secure, host=host, port=port)


def _forwarded(url: str, host: str) -> _Way:
    """How a proxy is asked for *url* without TLS: by the name in ``Host``, as the exporter does."""
    parts = urlsplit(url)
    start = f"{parts.scheme}://"
    return _Way(url.replace(f"{start}{parts.netloc}", f"{start}{host or parts.netloc}", 1))


def _way(url: str, server_name: str, host: str, address: Address | None) -> _Way:
    """How the target's own origin is asked; *host* is the ``Host`` header, if one was written."""
    parts = urlsplit(url)
    own = parts.hostname or ""
    name = server_name or urlsplit(f"//{host}").hostname or own
    if not url.startswith("https:"):
        name = own
    port = parts.port or (443 if parts.scheme == "https" else 80)
    rules: tuple[str, ...] = ()
    if address is not None and (name != own or own.strip("[]") != address.ip):
        ip = f"[{address.ip}]" if ":" in address.ip else address.ip
        rules = (f"{_bracketed(ascii_host(name))}:{port}:{ip}:{port}",)
    if name != own:
        url = url.replace(
            f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{_bracketed(name)}:{port}", 1
        )
    return _Way(url, host or (parts.netloc if name != own else ""), rules)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _lines(
    module: Module, user_agent: str, host: str, at_home: bool, bodiless: bool
) -> tuple[str | bytes, ...]:
    """Header lines; away from home what is secret stays behind."""
    own = module.sent.lines
    lines = [line for name, line in own.items() if at_home or name not in module.sent.secrets]
    if host:
        lines.append(f"Host: {host}")
    if "user-agent" not in own:
        lines.append(f"User-Agent: {user_agent}")
    if "accept" not in own:
        lines.append("Accept:")
    if not bodiless:
        lines.append("Expect:")
        if "content-type" not in own:
            lines.append("Content-Type:")
    return tuple(line if line.isascii() else line.encode() for line in lines)
