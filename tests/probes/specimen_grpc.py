"""Servers of HTTP/2 by hand, for the kind ``grpc``: what is answered to whatever is asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import Event, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from tests.probes.support import Speak

Pairs = Sequence[tuple[str, str]]
GRPC: Pairs = ((":status", "200"), ("content-type", "application/grpc"))
SERVING = b"\0\0\0\0\x02\x08\x01"


def options(port: int) -> dict[str, Any]:
    """A question that shows a secret."""
    return {"connect": f"127.0.0.1:{port}", "metadata": {"authorization": "${env:PASSWORD}"}}


def answering(
    body: bytes = SERVING,
    trailers: Pairs = (("grpc-status", "0"),),
    headers: Pairs = GRPC,
    *,
    repeat: bool = False,
) -> Speak:
    """A server that says this; with *repeat*, its words are what it was sent, one by one."""

    said = ""

    def answer(connection: Talker, event: Event) -> None:
        nonlocal said
        if isinstance(event, RequestReceived):
            said = sent(event).get("authorization", "")
        elif isinstance(event, StreamEnded):
            more = (("grpc-message", said),) if repeat else ()
            send(connection, event.stream_id, body, (*trailers, *more), headers)

    return hearing(answer)


class Talker(H2Connection):
    """
    The server's side of a connection.

    Attributes:
        left: What is still to be sent, by stream: of the body, and the trailers.
    """

    def __init__(self) -> None:
        super().__init__(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.left: dict[int, tuple[memoryview, Pairs]] = {}

    def go_on(self) -> None:
        """Send what there is room for."""
        for stream, (body, trailers) in list(self.left.items()):
            at = 0
            while at < len(body) and (room := self.local_flow_control_window(stream)):
                size = min(room, self.max_outbound_frame_size)
                self.send_data(stream, bytes(body[at : at + size]))
                at += size
            self.left[stream] = (body[at:], trailers)
            if at >= len(body):
                del self.left[stream]
                self.send_headers(stream, trailers, end_stream=True)


def hearing(answer: Callable[[Talker, Event], None]) -> Speak:
    """A server that has *answer* do what there is to do at every event."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Talker()
        connection.initiate_connection()
        while data := await reader.read(65536):
            with contextlib.suppress(ProtocolError):  # who said goodbye hears nothing more
                for event in connection.receive_data(data):
                    answer(connection, event)
                connection.go_on()
            writer.write(connection.data_to_send())
            await writer.drain()
            if connection.state_machine.state is ConnectionState.CLOSED:
                break

    return speak


def sent(event: RequestReceived) -> dict[str, str]:
    """The headers of a request, by name."""
    # Text rather than bytes, for so the connection was asked to read them.
    return {str(name): str(value) for name, value in event.headers}


def send(
    talker: Talker,
    stream: int,
    body: bytes,
    trailers: Pairs = (("grpc-status", "0"),),
    headers: Pairs = GRPC,
) -> None:
    """Send a whole answer, a long body as the client makes room for it."""
    talker.send_headers(stream, headers)
    talker.left[stream] = (memoryview(body), trailers)
    talker.go_on()


def answering_by(said: Mapping[str, bytes | Pairs]) -> Speak:
    """A server that answers each method, by name, with a message in frames or with trailers."""
    paths: dict[int, str] = {}

    def answer(connection: Talker, event: Event) -> None:
        if isinstance(event, RequestReceived):
            paths[event.stream_id] = sent(event)[":path"].rpartition("/")[2]
        elif isinstance(event, StreamEnded):
            what = said[paths[event.stream_id]]
            if isinstance(what, bytes):
                send(connection, event.stream_id, what)
            else:
                send(connection, event.stream_id, b"", what)

    return hearing(answer)


def framed(*messages: bytes) -> bytes:
    """*messages* as gRPC sends them."""
    return b"".join(b"\0" + len(one).to_bytes(4, "big") + one for one in messages)


welcome = answering()
repeat = answering(b"", (("grpc-status", "2"),), repeat=True)
