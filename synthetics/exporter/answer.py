"""One scrape of ``/probe``: parameters in, metrics out, whatever the target does."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from probes.curl.engine import EngineStopped
from probes.net.trip import Trip, Trouble
from probes.watch import Watch
from synthetics.exporter import dns, grpc, http, icmp, tcp, unix, websocket
from synthetics.exporter.frame import Failed, Frame
from synthetics.exporter.modules import Module

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OFFSET_S = 0.5
"""What is left of a scrape's time for the way back."""

_LONGEST_S = 120.0
_NO_HOST = re.compile(r"[\x00-\x20/?#@\\]")
_Probe = Callable[[Frame], Awaitable[None]]


def _in_time(probe: _Probe) -> _Probe:
    """*probe*, held to the limit of its scrape."""

    async def held(frame: Frame) -> None:
        async with frame.trip:
            await probe(frame)

    return held


_PROBERS: Mapping[str, _Probe] = {
    "http": http.probe,
    "grpc": grpc.probe,
    "tcp": _in_time(tcp.probe),
    "dns": _in_time(dns.probe),
    "icmp": _in_time(icmp.probe),
    "unix": _in_time(unix.probe),
    "websocket": _in_time(websocket.probe),
}


class Unanswerable(Exception):
    """The request itself is wrong: *status* and words."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What a scrape asks for.

    Attributes:
        hostname: For the ``Host`` header, or for TLS; empty for none.
        timeout_s: How long the probe may take.
    """

    module: Module
    target: str
    hostname: str
    timeout_s: float


def read(modules: Mapping[str, Module], query: Mapping[str, str], scrape_s: str) -> Asked:
    """
    What is asked for.

    Args:
        modules: By name.
        query: Parameters of the URL.
        scrape_s: What Prometheus says that it waits for; empty if it does not.

    Raises:
        Unanswerable: It cannot be asked.
    """
    name = query.get("module") or "http_2xx"
    module = modules.get(name)
    if module is None:
        raise Unanswerable(400, f"Unknown module {name!r}")
    target = query.get("target", "")
    if not target:
        raise Unanswerable(400, "Target parameter is missing")
    if module.cannot:
        raise Unanswerable(400, f"module {name!r} cannot be asked: {'; '.join(module.cannot)}")
    try:
        timeout_s = limit(module.written.timeout, scrape_s)
    except ValueError:
        raise Unanswerable(
            500, f"{scrape_s!r} in X-Prometheus-Scrape-Timeout-Seconds is no number of seconds"
        ) from None
    hostname = query.get("hostname", "")
    if module.prober == "http" and hostname:
        if _NO_HOST.search(hostname):
            raise Unanswerable(400, "hostname is no name")
        if module.sent.host not in ("", hostname):
            what = f"the module says Host: {module.sent.host}, the parameter hostname {hostname}"
            raise Unanswerable(400, what)
    return Asked(module, target, hostname, timeout_s)


@functools.lru_cache(maxsize=1024)
def limit(own_s: float, scrape_s: str) -> float:
    """
    Seconds that a probe may take: the module's own limit, or what the scrape leaves.

    Raises:
        ValueError: *scrape_s* is no number.
    """
    said_s = float(scrape_s or 0)
    if not 0 <= said_s < float("inf"):
        raise ValueError(scrape_s)
    left_s = (said_s or _LONGEST_S) - OFFSET_S
    if left_s < 0 or 0 < own_s < left_s:
        left_s = own_s
    return max(left_s, 0.001)


async def answer(asked: Asked, watch: Watch, *, debug: bool) -> str:
    """
    Ask the target and write what was seen; never raises for what a target does.

    Args:
        asked: From `read`.
        watch: With the limit of *asked*.
        debug: Whether to tell people how it went instead.
    """
    trip = Trip(watch)
    frame = Frame(asked.module, asked.target, asked.hostname, watch, trip)
    success = False
    try:
        await _PROBERS[asked.module.prober](frame)
        success = True
        frame.say("all is as the module expects")
    except (Failed, Trouble) as trouble:
        reason = f"{trouble.reason}: " if isinstance(trouble, Trouble) else ""
        frame.say(f"failed: {reason}{trouble}")
    except EngineStopped:
        frame.say("failed: we are about to stop")
    gauges = frame.gauges
    gauges.set("probe_success", int(success))
    gauges.set("probe_duration_seconds", watch.elapsed_s())
    gauges.set("probe_timeout_seconds", asked.timeout_s)
    text = gauges.text()
    if debug:
        return (
            f"Logs for the probe:\n{frame.log}\n\n\n"
            f"Metrics that would have been returned:\n{text}\n\n\n"
            f"Module configuration:\n{asked.module.shown}"
        )
    return text
