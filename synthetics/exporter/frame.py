"""The frame of one probe: what it asks, what it measured, and what it said on the way."""

from __future__ import annotations

import functools
import ipaddress
import socket
import time
from dataclasses import dataclass, field

from probes.net.names import Address, resolve
from probes.net.trip import Trip, Trouble
from probes.watch import Watch
from synthetics.exporter.gauges import Gauges
from synthetics.exporter.modules import Module


class Failed(Exception):
    """The probe is over, and the target did not do what it should; says why."""


@dataclass(slots=True)
class Frame:
    """
    One probe.

    Attributes:
        target: As asked for.
        hostname: The parameter of that name; empty if there is none.
        watch: The limit, and what may be reached.
        trip: Its time.
        gauges: What was measured.
        said: What happened when, for ``debug=true``.
    """

    module: Module
    target: str
    hostname: str
    watch: Watch
    trip: Trip
    gauges: Gauges = field(default_factory=Gauges)
    said: list[tuple[float, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Note *text*, with the time since the start."""
        self.said.append((self.watch.elapsed_s(), text))

    @property
    def log(self) -> str:
        """What was said, a line each."""
        return "".join(f"{at_s:8.4f}s  {' '.join(text.split())}\n" for at_s, text in self.said)


async def choose(frame: Frame, host: str, *, prefer: str, fallback: bool) -> tuple[Address, float]:
    """
    The one address of *host* to use, and the seconds that finding it took.

    Args:
        frame: Told of it.
        host: A name or an address.
        prefer: ``ip4`` or ``ip6``, which also stands for an empty text.
        fallback: Whether the other one will do.

    Raises:
        Trouble: There is none, or it may not be connected to.
    """
    gauges = frame.gauges
    gauges.zero("probe_ip_protocol", "probe_ip_addr_hash", "probe_dns_lookup_time_seconds")
    version = 4 if prefer == "ip4" else 6
    began = time.perf_counter()
    try:
        written = written_out(host)
        if written is not None and (
            fallback or (written.family == socket.AF_INET) == (version == 4)
        ):
            found = [written]
            if not frame.watch.permits(written.ip):
                raise Trouble("address-denied", f"connecting to {written.ip} is not permitted here")
        else:
            found = await resolve(frame.trip, host, 0, ip="any" if fallback else str(version))
    finally:
        took_s = time.perf_counter() - began
        gauges.set("probe_dns_lookup_time_seconds", took_s)
    chosen = next((one for one in found if (":" in one.ip) == (version == 6)), found[0])
    gauges.set("probe_ip_protocol", 6 if ":" in chosen.ip else 4)
    gauges.set("probe_ip_addr_hash", address_hash(chosen.ip))
    frame.say(f"{host} is {chosen.ip}")
    return chosen, took_s


@functools.lru_cache(maxsize=4096)
def written_out(host: str) -> Address | None:
    """*host* if it is an address without a scope, read once; ``None`` for a name."""
    try:
        ip = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv4Address):
        return Address(socket.AF_INET, str(ip), 0)
    return None if ip.scope_id else Address(socket.AF_INET6, str(ip), 0)


@functools.lru_cache(maxsize=4096)
def address_hash(ip: str) -> int:
    """FNV-1a, 32 bits, of the address's bytes: the exporter's number for the same address."""
    total = 0x811C9DC5
    for byte in ipaddress.ip_address(ip).packed:
        total = ((total ^ byte) * 0x0100_0193) & 0xFFFF_FFFF
    return total


def host_and_port(target: str) -> tuple[str, int] | None:
    """``host:port`` or ``[address]:port`` taken apart; ``None`` if it is neither."""
    host, colon, port = target.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") if host[:1] == "[" else host
    if not colon or not bare or (":" in bare and bare == host):
        return None
    if not port.isdecimal() or not port.isascii() or not 0 < int(port) < 65_536:
        return None
    return bare, int(port)
