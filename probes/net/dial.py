"""Opens TCP connections, to the first address that answers."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Sequence

import aiohappyeyeballs

from probes.net.names import Address, resolve
from probes.net.trip import Trip, Trouble
from probes.net.verdicts import BROKE_OFF, OUR_OWN
from probes.result import Outcome

_HEAD_START_S = 0.2
"""Before the next address is tried beside a silent one, as libcurl does (RFC 8305)."""


async def dial(trip: Trip, host: str, port: int, *, ip: str = "any") -> socket.socket:
    """
    A connected, non-blocking socket; the caller closes it.

    Args:
        trip: Whose phases ``resolve`` and ``connect`` these are; its `address` is set.
        host: A name or an address.
        port: 1 to 65535.
        ip: ``any``, ``4`` or ``6``.

    Raises:
        Trouble: ``dns``, ``address-denied``, ``connect``, ``reset``, or void for faults of this
            machine.
    """
    addresses = await resolve(trip, host, port, ip=ip)
    where = str(addresses[0])
    with trip.phase("connect", f"connecting to {where}"):
        try:
            connected = await _first(addresses, trip.watch.source)
        except OSError as error:
            raise refused(error, where, trip.watch.source) from None
    try:
        trip.address = str(connected.getpeername()[0])
    except OSError:  # it was reset in the meantime
        connected.close()
        raise Trouble("reset", BROKE_OFF) from None
    return connected


def bind(own: socket.socket, source: str) -> None:
    """
    Let *own* send from the local IP address *source*, unless that is empty.

    Raises:
        Trouble: Void: this machine has no such address.
    """
    if source:
        try:
            own.bind((source, 0))
        except OSError as error:
            raise refused(error, source, source) from None


def refused(error: OSError, where: str, source: str = "") -> Trouble:
    """What the failure to connect to *where* means; *source* is that which was to be used."""
    if error.errno == errno.EADDRNOTAVAIL and source:
        said = f"this machine has no address {source} to ask from"
        return Trouble("no-sockets", said, outcome=Outcome.VOID)
    if error.errno in OUR_OWN:
        reason, detail = OUR_OWN[error.errno]
        return Trouble(reason, detail, outcome=Outcome.VOID)
    if error.errno == errno.ECONNRESET:  # who refuses says ECONNREFUSED
        return Trouble("reset", BROKE_OFF)
    why = os.strerror(error.errno) if error.errno else "no connection"
    return Trouble("connect", f"{where}: {why}")


async def _first(addresses: Sequence[Address], source: str) -> socket.socket:
    if len(addresses) == 1:
        return await _one(addresses[0], source)
    infos = [
        (address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address.sockaddr)
        for address in addresses
    ]
    local = None
    if source:
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        local = [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (source, 0))]
    connected = await aiohappyeyeballs.start_connection(
        infos, local_addr_infos=local, happy_eyeballs_delay=_HEAD_START_S, interleave=1
    )
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


async def _one(address: Address, source: str) -> socket.socket:
    own = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        own.setblocking(False)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bind(own, source)
        await asyncio.get_running_loop().sock_connect(own, address.sockaddr)
    except BaseException:
        own.close()
        raise
    return own
