"""
Sends a request and follows its redirects.

Redirects are followed here rather than inside libcurl, so that every hop has
phases of its own, and so that whatever is secret, in headers of any name or in
the body, stays with the origin that it was written for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from probes.curl.engine import Line
from probes.curl.order import Answer, Order
from probes.curl.reasons import verdict
from probes.fields import Refused
from probes.ids import random_hex
from probes.look_at import note
from probes.prepare import Prepared
from probes.request import Request
from probes.result import Facts, Outcome, Phases
from probes.url import ascii_host, origin, redirect_target, to_show
from probes.watch import Watch

EVIDENCE_BODY = 8192
"""Bytes kept of a body of which nothing is expected: enough to mask, then to cut."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ALONE = Phases()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What a request came to.

    Attributes:
        answer: The last one.
        url: Where it came from, as sent: it may hold secrets.
        target: Where its ``Location`` leads, if it has one.
        redirects: How many were followed.
        failure: Outcome, reason and detail when there is no whole answer to judge.
        phases: Summed over redirects.
        duration_s: Likewise.
    """

    answer: Answer
    url: str
    target: str | None
    failure: tuple[Outcome, str, str] | None
    phases: Phases
    duration_s: float
    redirects: int

    def facts(self, watch: Watch) -> Facts:
        """What was learnt about the target, secrets masked."""
        answer = self.answer
        return Facts(
            status=answer.status if 100 <= answer.status <= 599 else None,
            protocol=answer.protocol,
            address=answer.address,
            url=watch.mask(to_show(self.url)),
            redirects=self.redirects,
            body_bytes=answer.body_bytes if answer.status else None,
            certificate_expires_at=answer.certificate_expires_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """
    One request of a run, about to be sent.

    Attributes:
        permits: Whether an address may be connected to.
        request_id: Sent as ``X-Request-ID``.
        needs_body: Whether all of the body is wanted, not only a piece for evidence.
        timeout_s: Limit of all hops together.
    """

    request: Request
    prepared: Prepared
    watch: Watch
    line: Line
    permits: Callable[[str], bool]
    request_id: str
    needs_body: bool
    timeout_s: float

    async def run(self) -> Asked:
        """Send it, follow redirects, and come back with the last answer."""
        began = time.monotonic()
        method, url, body = self.prepared.method, self.prepared.url, self.prepared.body

        at_home = True
        limit = self.request.redirect_limit
        phases, total_s, hops = _ALONE, 0.0, 0
        while True:
            rest_s = self.timeout_s - (time.monotonic() - began)
            order = self._order(method, url, body, at_home=at_home) if hops else self._first()
            look, ids = self.watch.look, self._ids()
            if look is not None:
                order = replace(order, shows_tls=True, body_keep=order.body_limit)
            answer = await self.line.ask(
                order,
                ids,
                timeout_ms=max(1, round(rest_s * 1000)),
                permits=self.permits,
                source=self.watch.source,
            )
            phases = answer.phases if hops == 0 else _sum(phases, answer.phases)
            total_s += answer.total_s
            failure, target = None, None
            if answer.failure:
                failure = verdict(answer, timeout_s=self.timeout_s, proxy=bool(order.proxy))
            elif not 100 <= answer.status <= 599:
                failure = Outcome.BAD, "malformed", f"{answer.status} is not a status"
            elif answer.status in _REDIRECTS:
                target, failure = self._target(answer, url)
            if look is not None:
                await note(
                    look,
                    order,
                    ids,
                    answer,
                    mask=self.prepared.mask(self.watch.mask),
                    leads_to=target or "",
                    followed=bool(target and limit),
                    timeout_s=self.timeout_s,
                )
            if target is not None and limit and failure is None:
                if hops == limit:
                    failure = (
                        Outcome.BAD,
                        "redirects",
                        f"more than {limit} redirect{'s' * (limit > 1)}",
                    )
                else:
                    at_home = origin(target) == origin(self.prepared.url)
                    if answer.status == 303 or (answer.status <= 302 and method == "POST"):
                        method, body = ("HEAD" if method == "HEAD" else "GET"), None
                    if body is None or at_home or not self.prepared.body_tied:
                        url, hops = target, hops + 1
                        continue
                    failure = (
                        Outcome.BAD,
                        "redirects",
                        f"the redirect to {to_show(target)} would take secrets to another origin",
                    )
            return Asked(
                answer=answer,
                url=url,
                target=target,
                redirects=hops,
                failure=failure,
                phases=phases,
                duration_s=total_s,
            )

    def _target(
        self, answer: Answer, url: str
    ) -> tuple[str | None, tuple[Outcome, str, str] | None]:
        location = header_values(answer.headers, "location")
        if not location:
            return None, None
        try:
            return redirect_target(url, location[0]), None
        except Refused as refused:
            if not self.request.redirect_limit:
                return None, None
            said = f"the redirect to {to_show(location[0])} leads nowhere: {refused.what}"
            return None, (Outcome.BAD, "redirects", said)

    def _first(self) -> Order:
        """The order for the request as it is written, made once for all runs that ask the same."""
        prepared = self.prepared
        key = self.needs_body, self.line.keeps, self.watch.user_agent
        order = prepared.orders.get(key)
        if order is None:
            order = self._order(prepared.method, prepared.url, prepared.body, at_home=True)
            prepared.orders[key] = order
        return order

    def _order(self, method: str, url: str, body: bytes | None, *, at_home: bool) -> Order:
        request = self.request
        lines = self._headers(at_home=at_home, with_body=body is not None)
        digest = request.auth.digest if request.auth and at_home else None
        connect_to = [
            f"{ascii_host(host)}::{_bracketed(address)}:"
            for host, address in request.resolve.items()
        ]
        server_name = request.tls.server_name
        if server_name is not None and at_home and url.startswith("https:"):
            url = self._named(url, server_name, lines, connect_to)
        return Order(
            method=method,
            url=url,
            headers=tuple(line if line.isascii() else line.encode() for line in lines),
            body=body,
            body_limit=request.limits.body,
            body_keep=request.limits.body if self.needs_body else EVIDENCE_BODY,
            connect_to=tuple(connect_to),
            proxy=request.proxy.render() if request.proxy else "",
            ip=request.ip,
            version=request.version,
            tls=request.tls.at_home if at_home else request.tls.abroad,
            digest=(digest.username.render(), digest.password.reveal()) if digest else None,
            decompress=request.decompress,
            cookies=self.line.keeps or request.redirect_limit > 0,
        )

    def _headers(self, *, at_home: bool, with_body: bool) -> list[str]:
        own = self.prepared.headers
        lines = [
            line
            for name, line in own.items()
            if (at_home or name not in self.prepared.tied)
            and (with_body or name != "content-type")
            and (at_home or name != "host")
        ]
        if "user-agent" not in own:
            lines.append(f"User-Agent: {self.watch.user_agent}")
        if with_body:
            lines.append("Expect:")
        return lines

    def _ids(self) -> list[str]:
        """The headers that are new with every request that is sent."""
        own = self.prepared.headers
        lines = []
        if "traceparent" not in own:
            lines.append(f"traceparent: 00-{self.watch.trace_id}-{random_hex(8)}-01")
        if "x-request-id" not in own:
            lines.append(f"X-Request-ID: {self.request_id}")
        return lines

    def _named(self, url: str, server_name: str, lines: list[str], connect_to: list[str]) -> str:
        """*url* by another name for TLS, with rules that still lead to its own host."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        to = self.request.resolve.get(host, host)
        connect_to.insert(0, f"{server_name}:{port}:{_bracketed(to)}:{port}")
        if "host" not in self.prepared.headers:
            lines.append(f"Host: {parts.netloc}")
        return url.replace(f"https://{parts.netloc}", f"https://{server_name}:{port}", 1)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def header_values(lines: tuple[str, ...], name: str) -> list[str]:
    """The values of every header called *name*, in order."""
    start = f"{name.lower()}:"
    size = len(start)
    return [line[size:].strip() for line in lines if line[:size].lower() == start]


def _sum(one: Phases, other: Phases) -> Phases:
    def add(a: float | None, b: float | None) -> float | None:
        return b if a is None else a if b is None else a + b

    return Phases(
        resolve_s=add(one.resolve_s, other.resolve_s),
        connect_s=add(one.connect_s, other.connect_s),
        tls_s=add(one.tls_s, other.tls_s),
        first_byte_s=add(one.first_byte_s, other.first_byte_s),
        transfer_s=add(one.transfer_s, other.transfer_s),
    )
