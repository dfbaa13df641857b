"""Calls of gRPC over HTTP/2 that is not as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from h2.errors import ErrorCodes
from h2.events import Event, RequestReceived, StreamEnded

from probes.result import Outcome
from tests.probes.orders import descriptor_set
from tests.probes.specimen_grpc import Talker, answering, framed, hearing, send, sent
from tests.probes.support import Asker, Speak
from tests.probes.test_grpc_hostile import ask


def cancelled(connection: Talker, event: Event) -> None:
    if isinstance(event, StreamEnded):
        connection.reset_stream(event.stream_id, ErrorCodes.CANCEL)


def refused(connection: Talker, event: Event) -> None:
    if isinstance(event, StreamEnded):
        connection.reset_stream(event.stream_id, ErrorCodes.REFUSED_STREAM)


def goaway(connection: Talker, event: Event) -> None:
    if isinstance(event, StreamEnded):
        connection.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)


def no_trailers(connection: Talker, event: Event) -> None:
    if isinstance(event, StreamEnded):
        connection.send_headers(event.stream_id, ((":status", "200"),))
        connection.send_data(event.stream_id, framed(b""), end_stream=True)


def trailers_only(connection: Talker, event: Event) -> None:
    if isinstance(event, StreamEnded):
        head = ((":status", "200"), ("grpc-status", "8"), ("grpc-message", "slow%20down"))
        connection.send_headers(event.stream_id, head, end_stream=True)


def compressed(connection: Talker, event: Event) -> None:
    if isinstance(event, RequestReceived):
        assert "grpc-accept-encoding" not in sent(event)
    elif isinstance(event, StreamEnded):
        send(connection, event.stream_id, b"\1" + framed(b"\x1f\x8b bomb")[1:])


@pytest.mark.parametrize(
    ("speak", "reason", "said"),
    [
        (hearing(cancelled), "reset", "CANCEL"),
        (hearing(refused), "reset", "Connection died"),
        (hearing(no_trailers), "malformed", "the answer has no status of gRPC"),
        (hearing(trailers_only), "call", "expected OK, got RESOURCE_EXHAUSTED: slow down"),
        (hearing(compressed), "malformed", "a message is compressed"),
        (answering(framed(b"", b"")), "malformed", "the answer has 2 messages instead of one"),
        (answering(b""), "malformed", "the answer has no message"),
    ],
)
async def test_http_2_that_is_not_as_it_should_be(
    asker: Asker, tmp_path: Path, speak: Speak, reason: str, said: str
) -> None:
    (tmp_path / "orders.binpb").write_bytes(descriptor_set())
    result = await ask(asker, speak, folder=tmp_path, descriptor="orders.binpb")

    assert result.outcome is Outcome.BAD
    assert result.reason == reason, result.detail
    assert said in result.detail


async def test_a_server_that_says_goodbye_instead(asker: Asker, tmp_path: Path) -> None:
    """What libcurl makes of it depends on what it reads first, the goodbye or the end."""
    (tmp_path / "orders.binpb").write_bytes(descriptor_set())
    result = await ask(asker, hearing(goaway), folder=tmp_path, descriptor="orders.binpb")

    assert result.reason in {"reset", "malformed"}, result.detail
