"""Names to addresses, as the machine resolves them."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
from dataclasses import dataclass

from probes.net.trip import Trip, Trouble
from probes.result import Outcome

FAMILIES = {"any": socket.AF_UNSPEC, "4": socket.AF_INET, "6": socket.AF_INET6}

_OURS = frozenset({socket.EAI_MEMORY, socket.EAI_SYSTEM})


@dataclass(frozen=True, slots=True)
class Address:
    """Somewhere to connect to: *family* of the socket, and the *ip* and *port* in words."""

    family: socket.AddressFamily
    ip: str
    port: int
    scope: int = 0

    @property
    def sockaddr(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """As the socket module takes it."""
        if self.family == socket.AF_INET6:
            return self.ip, self.port, 0, self.scope
        return self.ip, self.port

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


async def resolve(trip: Trip, host: str, port: int, *, ip: str = "any") -> list[Address]:
    """
    The addresses of *host* that may be connected to, in the system's order of preference.

    Args:
        trip: Whose phase ``resolve`` it is; an address that is written out takes none.
        host: A name (international ones are encoded), or an address with or without brackets.
        port: 0 to 65535.
        ip: ``any``, ``4`` or ``6``.

    Raises:
        Trouble: ``dns`` if there is no such address, ``address-denied`` if none of them may be
            connected to.
    """
    literal = _literal(host, port)
    if literal is not None:
        found = [literal] if ip == "any" or literal.family == FAMILIES[ip] else []
    else:
        with trip.phase("resolve", f"resolving {host}"):
            found = await _look_up(host, port, FAMILIES[ip])
    if not found:
        raise Trouble("dns", f"{host} has no IPv{ip} address")
    if trip.watch.look is not None:
        trip.watch.look.resolved(host, (address.ip for address in found))
    source = trip.watch.source
    if source:
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        found = [address for address in found if address.family == family]
        if not found:
            said = f"{host} has no address that can be asked from {source}"
            raise Trouble("network-unreachable", said, outcome=Outcome.VOID)
    permitted = [address for address in found if trip.watch.permits(address.ip)]
    if not permitted:
        raise Trouble("address-denied", f"connecting to {found[0].ip} is not permitted here")
    return permitted


def _literal(host: str, port: int) -> Address | None:
    address = _written_out(host)
    if address is None:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return Address(socket.AF_INET, str(address), port)
    scope = 0
    if address.scope_id:
        try:
            scope = int(address.scope_id)
        except ValueError:
            try:
                scope = socket.if_nametoindex(address.scope_id)
            except OSError:
                said = f"this machine has no interface {address.scope_id}"
                raise Trouble("network-unreachable", said, outcome=Outcome.VOID) from None
    return Address(socket.AF_INET6, str(address).partition("%")[0], port, scope)


@functools.lru_cache(maxsize=1024)
def _written_out(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


async def _look_up(host: str, port: int, family: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            encoded(host), port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except socket.gaierror as error:
        if error.errno in _OURS:
            said = f"this machine cannot resolve names: {error.strerror}"
            raise Trouble("dns", said, outcome=Outcome.VOID) from None
        raise Trouble("dns", f"{host}: {error.strerror}") from None
    except ValueError:  # a part longer than 63 characters, or a zero
        raise Trouble("dns", f"{host} is no name") from None
    addresses = [
        Address(socket.AddressFamily(family), str(sockaddr[0]), port, _scope(sockaddr))
        for family, _, _, _, sockaddr in found
    ]
    return list(dict.fromkeys(addresses))


def encoded(host: str) -> str:
    """
    *host* as the wire carries it.

    Raises:
        Trouble: ``dns``: no name can be written like that.
    """
    if host.isascii():
        return host
    import idna  # its tables take 20 ms, and most names are ASCII

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise Trouble("dns", f"{host} is no name: {error}") from None


def _scope(sockaddr: tuple[object, ...]) -> int:
    return int(str(sockaddr[3])) if len(sockaddr) == 4 else 0
