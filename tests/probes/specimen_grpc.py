"""Servers of HTTP/2 by hand, for the kind ``grpc``: what is answered to whatever is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded

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

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        said = ""
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, RequestReceived):
                    # Text rather than bytes, for so the connection was asked to read them.
                    sent: dict[Any, Any] = dict(event.headers)
                    said = sent.get("authorization", "")
                elif isinstance(event, StreamEnded):
                    stream = event.stream_id
                    connection.send_headers(stream, headers)
                    if body:
                        connection.send_data(stream, body)
                    last = [*trailers, *([("grpc-message", said)] if repeat else [])]
                    connection.send_headers(stream, last, end_stream=True)
            writer.write(connection.data_to_send())
            await writer.drain()

    return speak


welcome = answering()
repeat = answering(b"", (("grpc-status", "2"),), repeat=True)
