"""The prober ``tcp``: a connection, and the conversation over it."""

from __future__ import annotations

from probes.net.stream import Stream
from synthetics.exporter.frame import Failed, Frame, choose, host_and_port
from synthetics.exporter.talk import LIMIT, converse


async def probe(frame: Frame) -> None:
    """
    Connect, and hold the conversation.

    Raises:
        Failed, Trouble: The target did not do what the module expects.
    """
    kind = frame.module.written.tcp
    frame.gauges.zero("probe_failed_due_to_regex", "probe_failed_due_to_bytes")
    where = host_and_port(frame.target)
    if where is None:
        raise Failed("the target is no host:port")
    host, port = where
    address, _ = await choose(
        frame, host, prefer=kind.preferred_ip_protocol, fallback=kind.ip_protocol_fallback
    )
    async with await Stream.to(frame.trip, address.ip, port, limit=LIMIT) as stream:
        name = frame.module.server_name or frame.hostname or host
        await converse(frame, stream, kind.query_response, name, tls=kind.tls)
