"""Takes an address and a port, before anything is served there."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import Any

_TRIES = 20
"""For a free port that is free at all addresses of a host."""


def bind(host: str, port: int) -> list[socket.socket]:
    """
    Sockets for every address of *host*, all with one port; nothing is accepted yet.

    Args:
        host: An address or a name; ``::`` is all addresses, those of IPv4 too.
        port: 0 takes a free one.

    Raises:
        OSError: Somebody listens there, or there is no such address.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    tries = _TRIES if port == 0 and len(addresses) > 1 else 1
    while True:
        tries -= 1
        try:
            return _bind_all(addresses)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not tries:
                raise


def _bind_all(
    addresses: Sequence[tuple[socket.AddressFamily, tuple[Any, ...]]],
) -> list[socket.socket]:
    taken: list[socket.socket] = []
    try:
        for family, (name, port, *scope) in addresses:
            one = socket.socket(family, socket.SOCK_STREAM)
            taken.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, len(addresses) > 1)
            one.bind((name, port or taken[0].getsockname()[1], *scope))
    except OSError:
        for one in taken:
            one.close()
        raise
    return taken
