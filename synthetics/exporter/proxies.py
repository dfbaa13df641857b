"""By which proxy a URL is asked: that of the module or of the environment, or none."""

from __future__ import annotations

import ipaddress
import os
from functools import lru_cache

from probes.net.names import encoded
from synthetics.exporter.written_client import Proxied


def proxy_for(written: Proxied, *, secure: bool, host: str, port: int) -> str:
    """
    The URL of the proxy for *host* and *port*; empty for none.

    A proxy that is written without `no_proxy` is for everything; any other leaves out what is on
    this machine, as the exporter has it.

    Args:
        written: With the proxy.
        secure: Whether it is asked over TLS.
        host: A name or an address, without brackets.
        port: 1 to 65535.
    """
    if written.proxy_from_environment:
        url = _environment("https_proxy" if secure else "http_proxy")
        left_out = _environment("no_proxy")
    elif written.no_proxy:
        url, left_out = written.proxy_url, written.no_proxy
    else:
        return written.proxy_url
    if not url or _is_here(host) or _is_left_out(left_out, encoded(host).lower(), port):
        return ""
    return url if "://" in url else f"http://{url}"


def _environment(name: str) -> str:
    return os.environ.get(name.upper()) or os.environ.get(name) or ""


def _is_here(host: str) -> bool:
    ip = _address(host)
    return ip.is_loopback if ip is not None else host.lower() == "localhost"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _is_left_out(rules: str, host: str, port: int) -> bool:
    """Whether one of *rules*, as they stand in ``NO_PROXY``, is for *host*."""
    return any(_fits(rule.strip().lower(), host, port) for rule in rules.split(","))


def _fits(rule: str, host: str, port: int) -> bool:
    if rule in ("", "*"):
        return rule == "*"
    ip = _address(host)
    if "/" in rule:
        try:
            return ip is not None and ip in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    if _address(rule) is None:
        name, colon, number = rule.rpartition(":")
        if colon and number.isdecimal():
            if int(number) != port:
                return False
            rule = name
    wanted = _address(rule)
    if wanted is not None or ip is not None:
        return wanted is not None and wanted == ip
    rule = rule.removeprefix("*")
    return host.endswith(rule) if rule.startswith(".") else _is_below(host, rule)


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
