"""The prober ``grpc``: what a server says of its health, or that of one of its services."""

from __future__ import annotations

import re
import time

from probes.ask import header_values
from probes.curl.order import Answer
from probes.grpc_parts.call import CODES, Way, ask, in_url, reply_in
from probes.grpc_parts.health import HEALTH, LIMIT, STATES, question, state_in
from probes.net.names import Address
from probes.net.trip import Trouble
from synthetics.exporter import certificates
from synthetics.exporter.frame import Failed, Frame, choose

_TARGET = re.compile(
    r"(?:https?://)?(?:[^/?#@]*@)?(?P<host>\[[^\]\s]+\]|[^:/?#\s]+)(?::(?P<port>[0-9]*))?(?:[/?#].*)?"
)
"""The exporter reads the host and the port of a URL, and nothing else of it."""

_CODE = {name: number for number, name in enumerate(CODES)}
_OF_HTTP = {
    400: "INTERNAL", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "UNIMPLEMENTED",
    429: "UNAVAILABLE", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "UNAVAILABLE",
}  # fmt: skip
_OF_STREAM = {
    "CANCEL": "CANCELLED", "ENHANCE_YOUR_CALM": "RESOURCE_EXHAUSTED",
    "INADEQUATE_SECURITY": "PERMISSION_DENIED",
}  # fmt: skip
_DURATION, _RESPONSE = "probe_grpc_duration_seconds", "probe_grpc_healthcheck_response"


async def probe(frame: Frame) -> None:
    """
    Ask, and judge the answer.

    Raises:
        Failed, Trouble: The server is not as the module expects.
    """
    kind, gauges = frame.module.written.grpc, frame.gauges
    gauges.phases(_DURATION, "resolve")
    gauges.zero("probe_grpc_ssl", "probe_grpc_status_code", "probe_ssl_earliest_cert_expiry")
    where = _TARGET.fullmatch(frame.target)
    if where is None:
        raise Failed("the target is no host:port")
    port = where["port"] or ("443" if kind.tls else "80")
    async with frame.trip:
        address, took_s = await choose(
            frame,
            where["host"],
            prefer=kind.preferred_ip_protocol,
            fallback=kind.ip_protocol_fallback,
        )
    gauges.took(_DURATION, "resolve", took_s)
    began = time.perf_counter()
    state, code, why = "", 0, ""
    answer: Answer | None = None
    try:
        way = _way(frame, where["host"], port, address)
        answer = await ask(frame.trip, way, HEALTH, question(kind.service), limit=LIMIT)
        state, code, why = _read(answer)
    except Trouble as trouble:
        code, why = _code_of(trouble), f"{trouble.reason}: {trouble}"
    gauges.took(_DURATION, "check", time.perf_counter() - began)
    for known in STATES:
        gauges.set(_RESPONSE, 0, serving_status=known)
    if state:
        gauges.set(_RESPONSE, 1, serving_status=state)
    gauges.set("probe_grpc_status_code", code)
    if answer is not None and answer.tls is not None and answer.chain and code == 0:
        gauges.set("probe_grpc_ssl", 1)
        chain = [certificates.read(pem) for pem in answer.chain]
        certificates.show_presented(gauges, answer.tls[0], chain)
    if state != "SERVING":
        raise Failed(why)


def _way(frame: Frame, host: str, port: str, address: Address) -> Way:
    """To *address* and *port*, by the name that is asked for and verified."""
    kind = frame.module.written.grpc
    authority = in_url((kind.tls and frame.module.server_name) or host, port)
    return Way(
        authority=authority,
        ip="any",
        tls=frame.module.tls if kind.tls else None,
        metadata=tuple(
            (key.lower(), value) for key, values in kind.metadata.items() for value in values
        ),
        connect_to=(f"{authority}:{in_url(address.ip, port)}",),
        shows_tls=kind.tls,
    )


def _read(answer: Answer) -> tuple[str, int, str]:
    """State, number of the status, and words, as Go's client takes them from *answer*."""
    if answer.status != 200:
        status = _OF_HTTP.get(answer.status, "UNKNOWN")
        return "", _CODE[status], f"HTTP status {answer.status}"
    if not header_values(answer.headers, "grpc-status"):
        return "", _CODE["UNKNOWN"], "the answer has no status of gRPC"
    try:
        reply = reply_in(answer)
        if reply.code:
            return "", reply.code, reply.said
        if len(reply.messages()) != 1:
            return "", _CODE["UNKNOWN"], "the answer is not one message"
        state = state_in(reply)
    except Trouble as trouble:
        return "", _CODE["INTERNAL"], str(trouble)
    return state, 0, f"the server says {state}"


def _code_of(trouble: Trouble) -> int:
    """The number of the status that *trouble* is to Go's client."""
    if trouble.reason == "timeout":
        return _CODE["DEADLINE_EXCEEDED"]
    if trouble.reason == "body-too-large":
        return _CODE["RESOURCE_EXHAUSTED"]
    if not trouble.detail.startswith("HTTP/2 stream"):
        return _CODE["UNAVAILABLE"]
    named = (status for name, status in _OF_STREAM.items() if name in trouble.detail)
    return _CODE[next(named, "INTERNAL")]
