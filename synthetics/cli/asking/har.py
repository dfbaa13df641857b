"""What was sent and came back over HTTP, as HAR 1.2: for the network view of a browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from probes.look import Exchange
from probes.result import Phases
from synthetics import __version__
from synthetics.cli.asking.ask import Seen


def har(seen: Sequence[Seen]) -> dict[str, Any]:
    """The log: a page for each attempt, an entry for each request; secrets stay masked."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "synthetics", "version": __version__},
            "pages": [_page(number, one) for number, one in enumerate(seen, 1)],
            "entries": [
                _entry(f"{one.probe.id}-{number}", exchange)
                for number, one in enumerate(seen, 1)
                for exchange in one.look.exchanges
            ],
        }
    }


def _page(number: int, seen: Seen) -> dict[str, Any]:
    result = seen.result
    return {
        "startedDateTime": _instant(result.started_at),
        "id": f"{seen.probe.id}-{number}",
        "title": f"{seen.probe.name}: {result.outcome}",
        "pageTimings": {"onLoad": _ms(result.duration_s)},
        "comment": result.detail,
    }


def _entry(page: str, exchange: Exchange) -> dict[str, Any]:
    timings = _timings(exchange.phases)
    entry = {
        "pageref": page,
        "startedDateTime": _instant(exchange.started_at),
        "time": round(sum(v for k, v in timings.items() if v >= 0 and k != "ssl"), 3),
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": timings,
    }
    if exchange.address:
        entry["serverIPAddress"] = exchange.address
    if exchange.failure:
        entry["comment"] = exchange.failure
    return entry


def _request(exchange: Exchange) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": exchange.protocol or "",
        "cookies": [],
        "headers": _headers(exchange.sent),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": len(exchange.body.encode()),
    }
    if exchange.body:
        kind = _value(exchange.sent, "content-type")
        request["postData"] = {"mimeType": kind, "params": [], "text": exchange.body}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    return {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": exchange.protocol or "",
        "cookies": [],
        "headers": _headers(exchange.headers),
        "content": {
            "size": exchange.body_bytes,
            "mimeType": _value(exchange.headers, "content-type"),
            "text": exchange.text,
        },
        "redirectURL": exchange.leads_to,
        "headersSize": -1,
        "bodySize": -1,
    }


def _timings(phases: Phases) -> dict[str, float]:
    """In ms; -1 is "did not happen", and ``connect`` holds ``ssl``, as HAR has it."""
    connect = None
    if phases.connect_s is not None:
        connect = phases.connect_s + (phases.tls_s or 0.0)
    return {
        "blocked": -1,
        "dns": _or_none(phases.resolve_s),
        "connect": _or_none(connect),
        "ssl": _or_none(phases.tls_s),
        "send": 0,
        "wait": _ms(phases.first_byte_s or 0.0),
        "receive": _ms(phases.transfer_s or 0.0),
    }


def _headers(lines: Sequence[str]) -> list[dict[str, str]]:
    pairs = (line.partition(":") for line in lines)
    return [{"name": name, "value": value.strip()} for name, _, value in pairs]


def _value(lines: Sequence[str], wanted: str) -> str:
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in pairs if name.lower() == wanted), "")


def _or_none(seconds: float | None) -> float:
    return -1 if seconds is None else _ms(seconds)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
