"""Addresses that a proxy would be asked to connect to: no socket of ours ever does."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pycurl

from probes.addresses import written_out
from probes.curl.order import Answer, Order
from probes.result import Phases


def denied_past_proxy(order: Order, permits: Callable[[str], bool]) -> str:
    """
    The address to which the proxy of *order* would be sent though nobody may go there, or empty.

    Names are looked up by the proxy, so that only an address that is written out can be told.
    """
    host = urlsplit(order.url).hostname or ""
    places = [host]
    for rule in order.connect_to:
        if rule.startswith((f"{host}:", ":", f"[{host}]:")):
            _, to = rule.removeprefix(f"[{host}]").split(":", 2)[1:]
            places.append(to.rpartition(":")[0])
    for place in places:
        address = written_out(place)
        if address is not None and not permits(address):
            return address
    return ""


def unasked(denied: str) -> Answer:
    """What comes of an order that is not carried out because of the address *denied*."""
    return Answer(
        failure=pycurl.E_COULDNT_CONNECT,
        message="",
        errno=0,
        verify=0,
        proxy_error=0,
        denied=denied,
        too_large=False,
        status=0,
        head=(),
        body=b"",
        body_bytes=0,
        protocol=None,
        address=None,
        phases=Phases(),
        total_s=0.0,
        certificate_expires_at=None,
    )
