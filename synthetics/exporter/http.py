"""The prober ``http``: one request, its redirects, and what is expected of the last answer."""

from __future__ import annotations

import functools
from contextlib import nullcontext
from dataclasses import dataclass, field

from probes.ask import header_values
from probes.curl.engine import Line, engine_of
from probes.curl.order import Answer, Order
from probes.curl.reasons import verdict
from probes.fields import Refused
from probes.net.names import Address
from probes.url import check_url, origin, redirect_target, to_send
from probes.watch import Gate
from synthetics.exporter import tokens
from synthetics.exporter.frame import Failed, Frame, choose, written_out
from synthetics.exporter.http_judge import Ended, judge, show
from synthetics.exporter.http_order import order_for
from synthetics.exporter.written import Http

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REWRITTEN = frozenset({301, 302, 303})
_PHASES = ("connect", "tls", "processing", "transfer")


async def probe(frame: Frame) -> None:
    """
    Ask, and judge the answer.

    The limit of what is asked is libcurl's to hold, which costs nothing.

    Raises:
        Failed: The target did not do what the module expects.
        Trouble: It could not be reached.
    """
    kind, gauges = frame.module.written.http, frame.gauges
    gauges.zero(
        "probe_http_content_length", "probe_http_uncompressed_body_length", "probe_http_redirects",
        "probe_http_ssl", "probe_http_status_code", "probe_http_version",
        "probe_failed_due_to_regex",
    )  # fmt: skip
    if kind.judges_json:
        gauges.zero("probe_failed_due_to_cel")
    try:
        url, host = _url(frame.target, secure=kind.enable_http3)
    except Refused as refused:
        raise Failed(f"the target is refused: {refused.what}") from None
    address = None
    if not (kind.skip_resolve_phase_with_proxy and kind.is_proxied):
        gauges.phases("probe_http_duration_seconds", "resolve")
        async with nullcontext() if written_out(host) else frame.trip:
            address, took_s = await choose(
                frame, host, prefer=kind.preferred_ip_protocol, fallback=kind.ip_protocol_fallback
            )
        gauges.took("probe_http_duration_seconds", "resolve", took_s)
    gauges.phases("probe_http_duration_seconds", *_PHASES)
    ended = await _Asking(frame, kind, url, address).follow()
    show(frame, ended)
    judge(frame, kind, ended)


@functools.lru_cache(maxsize=4096)
def _url(target: str, *, secure: bool) -> tuple[str, str]:
    """The URL that *target* means, where *secure* by TLS in any case, and its host."""
    if not target.lower().startswith(("http://", "https://")):
        target = f"http://{target}"
    if secure and target[:7].lower() == "http://":
        target = f"https://{target[7:]}"
    parts = check_url(target)
    return to_send(parts), parts.hostname or ""


@dataclass(slots=True)
class _Asking:
    """A request under way, from *url* on; *address* is that of its host, ``None`` for a proxy's."""

    frame: Frame
    kind: Http
    url: str
    address: Address | None
    hops: int = 0
    body: bytes | None = field(init=False)
    method: str = field(init=False)
    token: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.body = self.frame.module.body
        self.method = self.kind.method or "GET"

    async def follow(self) -> Ended:
        """
        The last answer.

        Raises:
            Failed: There is none.
        """
        engine = await engine_of(self.frame.watch)
        gate = self.frame.watch.gate
        if self.frame.module.tokens is not None:
            with engine.line(keep=False) as line:
                found = await tokens.authorization(self.frame, self.frame.module.tokens, line, gate)
            self.token = (found,)
        with engine.line(keep=False) as line:
            url = self.url
            while True:
                answer = await self._ask(line, gate, url)
                target = self._target(answer, url)
                if target is None:
                    return Ended(answer, url, whole=True)
                self.hops += 1
                self.frame.gauges.set("probe_http_redirects", self.hops)
                self.frame.say(f"redirected by status {answer.status}")
                if self.hops > _MOST_REDIRECTS or not self.kind.follows:
                    return Ended(answer, url, whole=False)
                if answer.status in _REWRITTEN and self.method not in {"GET", "HEAD"}:
                    self.method, self.body = "GET", None
                url = target

    async def _ask(self, line: Line, gate: Gate, url: str) -> Answer:
        frame, gauges = self.frame, self.frame.gauges
        at_home = url == self.url or origin(url) == origin(self.url)
        answer = await line.ask(
            self._order(url, at_home=at_home),
            self.token if at_home else (),
            timeout_ms=max(1, round(frame.watch.remaining_s() * 1000)),
            permits=gate,
        )
        phases = answer.phases
        for name, took_s in (
            ("resolve", phases.resolve_s if self.hops else None),
            ("connect", phases.connect_s),
            ("tls", phases.tls_s),
            ("processing", phases.first_byte_s),
        ):
            if took_s is not None:
                gauges.took("probe_http_duration_seconds", name, took_s)
        if answer.failure and not (answer.too_large or answer.status >= 200):
            _, reason, detail = verdict(
                answer, timeout_s=frame.watch.timeout_s, proxy=self.kind.is_proxied
            )
            raise Failed(f"{reason}: {detail}")
        return answer

    def _target(self, answer: Answer, url: str) -> str | None:
        """Where the answer sends us; ``None`` if it is the last one."""
        if answer.failure or answer.status not in _REDIRECTS:
            return None
        location = header_values(answer.headers, "location")
        if not location:
            return None
        try:
            return redirect_target(url, location[0])
        except Refused as refused:
            raise Failed(f"redirects: it leads nowhere: {refused.what}") from None

    def _order(self, url: str, *, at_home: bool) -> Order:
        frame = self.frame
        return order_for(
            frame.module,
            url,
            (self.method, self.body, frame.watch.user_agent),
            (frame.hostname, self.address) if at_home else None,
        )
