"""The prober ``websocket``: a WebSocket is opened, and a conversation held over it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from urllib.parse import SplitResult

from probes.fields import Refused
from probes.net.names import Address
from probes.net.stream import Stream
from probes.net.trip import Unmet
from probes.url import check_url, to_send
from probes.websocket_parts.talk import Opening, Talk
from synthetics.exporter.frame import Failed, Frame, choose
from synthetics.exporter.talk import LIMIT, expand
from synthetics.exporter.written import Turn

_PLAIN = {"ws": "http", "wss": "https"}
_TOOK = "probe_websocket_duration_seconds"


async def probe(frame: Frame) -> None:
    """
    Open it, and hold the conversation.

    Raises:
        Failed, Trouble: The target did not do what the module expects.
    """
    kind, gauges = frame.module.written.websocket, frame.gauges
    gauges.zero(
        "probe_websocket_status_code",
        "probe_websocket_connection_upgraded",
        "probe_websocket_failed_due_to_regex",
    )
    url = _url(frame.target)
    address, took_s = await choose(
        frame,
        url.hostname or "",
        prefer=kind.preferred_ip_protocol,
        fallback=kind.ip_protocol_fallback,
    )
    gauges.took(_TOOK, "resolve", took_s)
    async with AsyncExitStack() as stack:
        talk = await _opened(frame, url, address, stack)
        if kind.query_response:
            await _converse(frame, talk, kind.query_response)
        await talk.close()


def _url(target: str) -> SplitResult:
    """The URL as HTTP has it."""
    scheme, _, rest = target.partition("://")
    if scheme.lower() not in _PLAIN:
        raise Failed("the target is no ws or wss URL")
    try:
        return check_url(f"{_PLAIN[scheme.lower()]}://{rest}")
    except Refused as refused:
        raise Failed(f"the target is refused: {refused.what}") from None


async def _opened(frame: Frame, url: SplitResult, address: Address, stack: AsyncExitStack) -> Talk:
    gauges, module = frame.gauges, frame.module
    secure = url.scheme == "https"
    headers = dict(module.opening)
    if "user-agent" not in {name.lower() for name in headers}:
        headers["User-Agent"] = frame.watch.user_agent
    opening = Opening(
        url=to_send(url).replace("http", "ws", 1), headers=headers, subprotocols=(), limit=LIMIT
    )
    began, connect_s = time.perf_counter(), 0.0
    try:
        port = url.port or (443 if secure else 80)
        stream = await Stream.to(frame.trip, address.ip, port, limit=LIMIT)
        await stack.enter_async_context(stream)
        connect_s = time.perf_counter() - began
        gauges.took(_TOOK, "connect", connect_s)
        frame.trip.doing = "waiting for the WebSocket to open"
        if secure:
            name = module.server_name or url.hostname or ""
            await stream.start_tls(module.tls, name, alpn=("http/1.1",))
        talk = Talk(stream, opening)
        gauges.set("probe_websocket_status_code", await talk.open())
    except Unmet as unmet:
        gauges.set("probe_websocket_status_code", int(unmet.actual))
        raise
    finally:
        gauges.took(_TOOK, "processing", max(0.0, time.perf_counter() - began - connect_s))
    gauges.set("probe_websocket_connection_upgraded", 1)
    frame.say("the WebSocket is open")
    return talk


async def _converse(frame: Frame, talk: Talk, turns: Sequence[Turn]) -> None:
    """One message for each turn that expects one; the first has to match."""
    began, held = time.perf_counter(), False
    try:
        for number, turn in enumerate(turns):
            frame.trip.doing = f"in turn {number + 1} of the conversation"
            send = turn.send
            if turn.expect is not None:
                message = (await talk.listen()).encode()
                found = turn.expect.search(message)
                if found is None:
                    said = turn.expect.pattern.decode("utf-8", "replace")
                    raise Failed(f"the message does not match {said!r}")
                send = expand(send, found)
            if send:
                await talk.say(send, text=True)
        held = True
    finally:
        frame.gauges.set("probe_websocket_failed_due_to_regex", int(not held))
        frame.gauges.took(_TOOK, "transfer", time.perf_counter() - began)
