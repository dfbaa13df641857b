"""Which addresses lead where nobody should go, however they are written."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network

_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_TRANSLATED_HERE = IPv6Network("64:ff9b:1::/48")
_FORMS = ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))
"""Where the bytes of an IPv4 address are, by the prefixes of RFC 6052 that fit a network."""


def meant(ip: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """
    *ip*, and the other addresses at which a connection to it may end.

    An IPv6 address can stand for an IPv4 one: mapped, compatible, translated (NAT64, RFC 6052 and
    RFC 8215), 6to4 or Teredo.  The unspecified address is this machine.
    """
    yield ip
    if isinstance(ip, IPv4Address):
        if ip.is_unspecified:
            yield IPv4Address("127.0.0.1")
        return
    if ip.is_unspecified:
        yield IPv6Address("::1")
        yield IPv4Address("127.0.0.1")
    within = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    yield from (each for each in within if each is not None)
    if ip in _TRANSLATED or (ip in _COMPATIBLE and int(ip) > 1):
        yield IPv4Address(ip.packed[12:])
    if ip in _TRANSLATED_HERE:
        for form in _FORMS:
            yield IPv4Address(bytes(ip.packed[place] for place in form))


def written_out(host: str) -> str | None:
    """
    The IP address that the *host* of a URL is without being looked up; ``None`` for a name.

    IPv4 addresses are read as the system's resolver does, in parts and in octal and hexadecimal
    digits too.
    """
    host = host.strip("[]").rstrip(".").partition("%")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
