"""The prober ``unix``: a socket of this machine, and the conversation over it."""

from __future__ import annotations

import asyncio
import os
import socket

from probes.net.stream import Stream
from synthetics.exporter.frame import Failed, Frame
from synthetics.exporter.talk import LIMIT, converse


async def probe(frame: Frame) -> None:
    """
    Connect, and hold the conversation.

    Raises:
        Failed, Trouble: The target did not do what the module expects.
    """
    kind = frame.module.written.unix
    encrypts = kind.tls or any(turn.starttls for turn in kind.query_response)
    name = frame.module.server_name
    if encrypts and not name and frame.module.tls.verify:
        raise Failed("over TLS a socket has no name to verify: write `server_name`")
    async with Stream(frame.trip, await _connected(frame), limit=LIMIT) as stream:
        frame.gauges.zero("probe_failed_due_to_regex", "probe_failed_due_to_bytes")
        await converse(frame, stream, kind.query_response, name or "localhost", tls=kind.tls)


async def _connected(frame: Frame) -> socket.socket:
    frame.trip.doing = f"connecting to {frame.target}"
    # As Go has it, `@` begins a name that is no file.
    path = frame.target.replace("@", "\0", 1) if frame.target[:1] == "@" else frame.target
    own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        own.setblocking(False)
        await asyncio.get_running_loop().sock_connect(own, path)
    except (OSError, ValueError) as error:
        own.close()
        number = error.errno if isinstance(error, OSError) else None
        raise Failed(f"{frame.target}: {os.strerror(number) if number else error}") from None
    except BaseException:
        own.close()
        raise
    frame.say(f"connected to {frame.target}")
    return own
