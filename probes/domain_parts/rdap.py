"""RDAP: whom to ask about a domain (RFC 9224), and what the answer says (RFC 9083)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from probes.ask import header_values
from probes.curl.carry import carry
from probes.curl.order import Order
from probes.net.trip import Trip, Trouble
from probes.net.trust import TlsOrder
from probes.url import check_url

LIMIT = 1 << 20
"""Most bytes of an answer."""

MOST_REDIRECTS = 3
LIST_KEPT_S = 86_400
"""For how long the list of who answers for what is believed; it changes a few times a month."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TYPES = "application/rdap+json, application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """
    What is known of a domain.

    Attributes:
        expires_at: When its registration ends, in UTC; ``None`` if that is not said.
        status: Its states.
        registrar: The name of it; empty if that is not said.
        nameservers: In small letters, sorted.
    """

    expires_at: datetime | None
    status: tuple[str, ...]
    registrar: str
    nameservers: tuple[str, ...]

    @property
    def states(self) -> str:
        """All of them, for people."""
        return ", ".join(self.status) or "no state"

    def __str__(self) -> str:
        until = f"{self.expires_at:%Y-%m-%d}" if self.expires_at else "nobody knows when"
        servers = ", ".join(self.nameservers) or "no name servers"
        return f"until {until}; {self.states}; {self.registrar or 'no registrar'}; {servers}"


class _Lists:
    """Lists of who answers for what, by URL, kept for a day by one process."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, dict[str, str]]] = {}

    @classmethod
    async def make(cls) -> _Lists:
        """An empty one."""
        return cls()

    async def close(self) -> None:
        """Forget all."""
        self._kept.clear()

    def get(self, url: str) -> dict[str, str] | None:
        """By top-level domain, the server; ``None`` if that has to be asked for."""
        since, servers = self._kept.get(url, (-LIST_KEPT_S * 2.0, {}))
        return servers if time.monotonic() - since < LIST_KEPT_S else None

    def put(self, url: str, servers: dict[str, str]) -> None:
        """Keep it from now on."""
        self._kept[url] = (time.monotonic(), servers)


async def server_of(trip: Trip, name: str, bootstrap: str, *, ip: str) -> str:
    """
    The URL of the server that answers for the domain *name*, by the list at *bootstrap*.

    Raises:
        Trouble: ``no-rdap`` if nobody does; ``malformed``; as `carry`.
    """
    lists = await trip.watch.shared.get(_Lists, _Lists.make)
    servers = lists.get(bootstrap)
    if servers is None:
        document = await _get(trip, bootstrap, ip, "the list of RDAP servers")
        servers = dict(_services(document))
        if not servers:
            raise Trouble("malformed", "the list of RDAP servers has no servers")
        lists.put(bootstrap, servers)
    labels = name.split(".")
    for start in range(1, len(labels)):
        if found := servers.get(".".join(labels[start:])):
            return found
    raise Trouble("no-rdap", f"nobody answers by RDAP for .{labels[-1]}")


async def look_up(trip: Trip, server: str, name: str, *, ip: str) -> Registration:
    """
    What *server* knows of the domain *name*.

    Raises:
        Trouble: ``not-registered``; ``status``; ``malformed``; as `carry`.
    """
    url = f"{server.rstrip('/')}/domain/{name}"
    document = await _get(trip, url, ip, name, missing="not-registered")
    if str(document.get("objectClassName", "domain")).lower() != "domain":
        raise Trouble("malformed", "the answer is not about a domain")
    return Registration(
        expires_at=_expiry(document),
        status=tuple(one for one in _list(document.get("status")) if isinstance(one, str)),
        registrar=_registrar(document),
        nameservers=tuple(sorted(_nameservers(document))),
    )


async def _get(trip: Trip, url: str, ip: str, what: str, *, missing: str = "") -> dict[str, Any]:
    for _ in range(MOST_REDIRECTS + 1):
        order = Order(
            method="GET",
            url=url,
            headers=(f"Accept: {_TYPES}", f"User-Agent: {trip.watch.user_agent}"),
            body_limit=LIMIT,
            body_keep=LIMIT,
            ip=ip,
            tls=TlsOrder(),
        )
        answer = await carry(order, trip, f"asking about {what}")
        if answer.status not in _REDIRECTS:
            break
        url = _target(url, header_values(answer.headers, "location"))
    if answer.status == 404 and missing:
        raise Trouble("not-registered", f"the registry knows no {what}")
    if answer.status == 429:
        raise Trouble("too-often", "the registry wants to be asked less often")
    if answer.status != 200:
        raise Trouble("status", f"expected status 200 about {what}, got {answer.status}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Trouble("malformed", f"the answer about {what} is not JSON")
    return document


def _target(url: str, locations: list[str]) -> str:
    try:
        found = urljoin(url, locations[0]) if locations else ""
        check_url(found)
    except ValueError:
        raise Trouble("status", "a redirect leads nowhere") from None
    if url.startswith("https:") and not found.startswith("https:"):
        raise Trouble("status", "a redirect leads out of TLS")
    return found


def _services(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for service in _list(document.get("services")):
        parts = [_list(part) for part in _list(service)]
        if len(parts) != 2:
            continue
        urls = [url for url in parts[1] if isinstance(url, str) and url.startswith("http")]
        best = next((url for url in urls if url.startswith("https:")), next(iter(urls), None))
        if best is not None:
            yield from ((domain.lower(), best) for domain in parts[0] if isinstance(domain, str))


def _expiry(document: dict[str, Any]) -> datetime | None:
    for event in _list(document.get("events")):
        if isinstance(event, dict) and event.get("eventAction") == "expiration":
            try:
                found = datetime.fromisoformat(str(event.get("eventDate")))
                return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
            except (ValueError, OverflowError):
                raise Trouble("malformed", "the end of the registration is no date") from None
    return None


def _registrar(document: dict[str, Any]) -> str:
    """Its name, out of a jCard (RFC 7095)."""
    for entity in _list(document.get("entities")):
        if not isinstance(entity, dict) or "registrar" not in _list(entity.get("roles")):
            continue
        card = _list(entity.get("vcardArray"))
        for line in _list(card[1]) if len(card) > 1 else []:
            if isinstance(line, list) and len(line) > 3 and line[0] == "fn":
                return str(line[3])[:200]
    return ""


def _nameservers(document: dict[str, Any]) -> Iterator[str]:
    for server in _list(document.get("nameservers"))[:100]:
        name = server.get("ldhName") if isinstance(server, dict) else None
        if isinstance(name, str):
            yield name.rstrip(".").lower()[:255]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
