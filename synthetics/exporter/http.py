"""The prober ``http``: one request, its redirects, and what is expected of the last answer."""

from __future__ import annotations

import functools
from contextlib import nullcontext
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from probes.ask import header_values
from probes.curl.engine import Gate, Line, engine_of
from probes.curl.order import Answer, Order
from probes.curl.reasons import verdict
from probes.fields import Refused
from probes.net.names import Address
from probes.url import ascii_host, check_url, origin, redirect_target, to_send
from synthetics.exporter import certificates
from synthetics.exporter.frame import Failed, Frame, choose, written_out
from synthetics.exporter.modules import Module
from synthetics.exporter.written import Http

MOST_BODY = 64 << 20
"""Bytes of a body where the module sets no limit; more is a failure."""

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REWRITTEN = frozenset({301, 302, 303})
_PHASES = ("connect", "tls", "processing", "transfer")


@dataclass(slots=True)
class _Ended:
    """The last answer, where it came from, and whether its body is all there."""

    answer: Answer
    url: str
    whole: bool


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
    try:
        url, host = _url(frame.target)
    except Refused as refused:
        raise Failed(f"the target is refused: {refused.what}") from None
    address, took_s = None, 0.0
    if not (kind.proxy_url and kind.skip_resolve_phase_with_proxy):
        gauges.phases("probe_http_duration_seconds", "resolve")
        async with nullcontext() if written_out(host) else frame.trip:
            address, took_s = await choose(
                frame, host, prefer=kind.preferred_ip_protocol, fallback=kind.ip_protocol_fallback
            )
    gauges.took("probe_http_duration_seconds", "resolve", took_s)
    gauges.phases("probe_http_duration_seconds", *_PHASES)
    ended = await _Asking(frame, kind, url, address).follow()
    _show(frame, ended)
    _judge(frame, kind, ended)


@functools.lru_cache(maxsize=4096)
def _url(target: str) -> tuple[str, str]:
    """The URL that *target* means, and its host."""
    if not target.lower().startswith(("http://", "https://")):
        target = f"http://{target}"
    parts = check_url(target)
    return to_send(parts), parts.hostname or ""


@dataclass(frozen=True, slots=True)
class _Way:
    """
    How one hop is asked.

    Attributes:
        url: By the name that is asked for over TLS.
        host: The ``Host`` header, where it is not that name.
        rules: Which address that name stands for.
    """

    url: str
    host: str = ""
    rules: tuple[str, ...] = ()


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

    def __post_init__(self) -> None:
        self.body = self.frame.module.body
        self.method = self.kind.method or "GET"

    async def follow(self) -> _Ended:
        """
        The last answer.

        Raises:
            Failed: There is none.
        """
        engine = await engine_of(self.frame.watch)
        gate = engine.gate(self.frame.watch)
        with engine.line(keep=False) as line:
            url = self.url
            while True:
                answer = await self._ask(line, gate, url)
                target = self._target(answer, url)
                if target is None:
                    return _Ended(answer, url, whole=True)
                self.hops += 1
                self.frame.gauges.set("probe_http_redirects", self.hops)
                self.frame.say(f"redirected by status {answer.status}")
                if self.hops > _MOST_REDIRECTS or not self._follows:
                    return _Ended(answer, url, whole=False)
                if answer.status in _REWRITTEN and self.method not in {"GET", "HEAD"}:
                    self.method, self.body = "GET", None
                url = target

    @property
    def _follows(self) -> bool:
        return self.kind.follow_redirects and not self.kind.no_follow_redirects

    async def _ask(self, line: Line, gate: Gate, url: str) -> Answer:
        frame, gauges = self.frame, self.frame.gauges
        at_home = url == self.url or origin(url) == origin(self.url)
        answer = await line.ask(
            self._order(url, at_home=at_home),
            (),
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
                answer, timeout_s=frame.watch.timeout_s, proxy=bool(self.kind.proxy_url)
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
        return _order(
            frame.module,
            url,
            (self.method, self.body, frame.watch.user_agent),
            (frame.hostname, self.address) if at_home else None,
        )


@functools.lru_cache(maxsize=4096)
def _order(
    module: Module,
    url: str,
    sent: tuple[str, bytes | None, str],
    home: tuple[str, Address | None] | None,
) -> Order:
    """
    What is asked, made once for all scrapes that ask the same.

    Args:
        module: How.
        url: Where.
        sent: Method, body and the ``User-Agent``.
        home: The parameter ``hostname`` and the target's address, while it is the target's own
            origin that is asked.
    """
    kind = module.written.http
    method, body, user_agent = sent
    way = _Way(url)
    if home is not None:
        hostname, address = home
        way = _way(url, module.server_name, hostname or module.host, address)
    limit = kind.body_size_limit or MOST_BODY
    expects = kind.fail_if_body_matches_regexp or kind.fail_if_body_not_matches_regexp
    return Order(
        method=method,
        url=way.url,
        headers=_lines(module, user_agent, way.host, home is not None, body is None),
        body=body,
        body_limit=limit,
        body_keep=limit if expects else 0,
        connect_to=way.rules,
        proxy=kind.proxy_url,
        version="auto" if kind.enable_http2 else "1.1",
        tls=module.tls if home is not None else module.tls_abroad,
        decompress=kind.compression not in ("", "identity"),
        cookies=kind.follow_redirects and not kind.no_follow_redirects,
        shows_tls=way.url.startswith("https:"),
    )


def _way(url: str, server_name: str, host: str, address: Address | None) -> _Way:
    """How the target's own origin is asked; *host* is the ``Host`` header, if one was written."""
    parts = urlsplit(url)
    own = parts.hostname or ""
    name = server_name or urlsplit(f"//{host}").hostname or own
    if not url.startswith("https:"):
        name = own
    port = parts.port or (443 if parts.scheme == "https" else 80)
    rules: tuple[str, ...] = ()
    if address is not None and (name != own or own.strip("[]") != address.ip):
        ip = f"[{address.ip}]" if ":" in address.ip else address.ip
        rules = (f"{_bracketed(ascii_host(name))}:{port}:{ip}:{port}",)
    if name != own:
        url = url.replace(
            f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{_bracketed(name)}:{port}", 1
        )
    return _Way(url, host or (parts.netloc if name != own else ""), rules)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _lines(
    module: Module, user_agent: str, host: str, at_home: bool, bodiless: bool
) -> tuple[str | bytes, ...]:
    """Header lines; away from home what is secret stays behind."""
    own = module.headers
    lines = [line for name, line in own.items() if at_home or name not in module.secrets]
    if host:
        lines.append(f"Host: {host}")
    if "user-agent" not in own:
        lines.append(f"User-Agent: {user_agent}")
    if "accept" not in own:
        lines.append("Accept:")
    if not bodiless:
        lines.append("Expect:")
        if "content-type" not in own:
            lines.append("Content-Type:")
    return tuple(line if line.isascii() else line.encode() for line in lines)


def _show(frame: Frame, ended: _Ended) -> None:
    answer, gauges = ended.answer, frame.gauges
    headers = answer.headers
    frame.say(f"status {answer.status} by {answer.protocol}")
    gauges.set("probe_http_status_code", answer.status)
    if ended.whole and answer.phases.transfer_s is not None:
        gauges.took("probe_http_duration_seconds", "transfer", answer.phases.transfer_s)
    length = header_values(headers, "content-length")
    known = length and length[0].isdecimal()
    empty = answer.status in {204, 304} or 100 <= answer.status < 200
    gauges.set("probe_http_content_length", int(length[0]) if known else 0 if empty else -1)
    gauges.set("probe_http_uncompressed_body_length", _length(frame.module.written.http, ended))
    gauges.set("probe_http_version", _version(answer.protocol))
    for said in header_values(headers, "last-modified"):
        try:
            at = parsedate_to_datetime(said).timestamp()
        except (ValueError, OverflowError):
            continue
        gauges.set("probe_http_last_modified_timestamp_seconds", at)
        break
    if answer.tls is not None and answer.chain:
        gauges.set("probe_http_ssl", 1)
        version, cipher = answer.tls
        chain = [certificates.read(pem) for pem in answer.chain]
        tls = frame.module.tls
        certificates.show(gauges, version=version, cipher=cipher, chain=chain, tls=tls)


def _length(kind: Http, ended: _Ended) -> int:
    """Bytes of the body that count: what is packed otherwise than it must be counts for nothing."""
    if not ended.whole or not _packed_as_wanted(kind, ended.answer):
        return 0
    return min(ended.answer.body_bytes, kind.body_size_limit or MOST_BODY)


def _packed_as_wanted(kind: Http, answer: Answer) -> bool:
    if kind.compression in ("", "identity"):
        return True
    return kind.compression in header_values(answer.headers, "content-encoding")


def _version(protocol: str | None) -> float:
    return float(protocol.partition("/")[2]) if protocol else 0.0


def _judge(frame: Frame, kind: Http, ended: _Ended) -> None:
    """
    Hold the answer against the module, in the exporter's order.

    Raises:
        Failed: At the first thing that does not hold.
    """
    answer = ended.answer
    wanted = kind.valid_status_codes
    if not (answer.status in wanted if wanted else 200 <= answer.status < 300):
        raise Failed(f"status {answer.status} is not {list(wanted) or '2xx'}")
    if why := _of_headers(kind, answer) or _of_body(kind, answer):
        frame.gauges.set("probe_failed_due_to_regex", 1)
        raise Failed(why)
    if answer.failure:
        _, reason, detail = verdict(answer, timeout_s=frame.watch.timeout_s, proxy=False)
        raise Failed(f"{reason}: {detail}")
    if not _packed_as_wanted(kind, answer):
        raise Failed(f"the answer is not compressed by {kind.compression}")
    protocol = "HTTP/2.0" if answer.protocol == "HTTP/2" else answer.protocol
    if kind.valid_http_versions and protocol not in kind.valid_http_versions:
        raise Failed(f"{protocol} is not one of {', '.join(kind.valid_http_versions)}")
    if kind.fail_if_ssl and answer.tls is not None:
        raise Failed("the last answer came over TLS")
    if kind.fail_if_not_ssl and answer.tls is None:
        raise Failed("the last answer did not come over TLS")


def _of_headers(kind: Http, answer: Answer) -> str:
    if not (kind.fail_if_header_matches or kind.fail_if_header_not_matches):
        return ""
    headers = answer.headers
    for rules, bad_if in (
        (kind.fail_if_header_matches, True),
        (kind.fail_if_header_not_matches, False),
    ):
        for rule in rules:
            values = header_values(headers, rule.header)
            if not values:
                if not rule.allow_missing:
                    return f"there is no header {rule.header}"
                continue
            if any(rule.regexp.search(value.encode()) for value in values) is bad_if:
                return f"header {rule.header}: {_said(rule.regexp, bad_if)}"
    return ""


def _of_body(kind: Http, answer: Answer) -> str:
    for regexes, bad_if in (
        (kind.fail_if_body_matches_regexp, True),
        (kind.fail_if_body_not_matches_regexp, False),
    ):
        for regex in regexes:
            if (regex.search(answer.body) is not None) is bad_if:
                return f"body: {_said(regex, bad_if)}"
    return ""


def _said(regex: object, matched: bool) -> str:
    pattern = getattr(regex, "pattern", b"").decode("utf-8", "replace")
    return f"{pattern!r} {'matches' if matched else 'does not match'}"
