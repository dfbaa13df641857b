"""A message of our own, through a topic and back."""

from __future__ import annotations

import asyncio
import secrets
import struct
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field

from probes.kafka_parts.cluster import Cluster, View
from probes.kafka_parts.errors import refusal
from probes.kafka_parts.names import Topic
from probes.kafka_parts.records import Record, batch, holds
from probes.kafka_parts.wire import FETCH, PRODUCE, Answer, Line, blob, items, text
from probes.net.conversation import Conversation
from probes.net.trip import Trouble

KEY = b"synthetics"
"""Of every message, so that a topic that is compacted keeps the last one only."""

_ALL_REPLICAS = -1
_MOST_BYTES = 1 << 16
_WAIT_MS = 500
_PAUSE_S = 0.01
"""Between two questions for a message that is not there yet, should a broker not wait itself."""


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """
    A message that we put into a topic and read back.

    Attributes:
        topic: Where it goes; everybody who reads it gets the message.
        partition: The number of the partition.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    topic: Topic
    partition: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    async def make(self, cluster: Cluster, view: View, talk: Conversation) -> None:
        """
        There and back, by the leader of the partition.

        Raises:
            Trouble: ``no-topic``, ``no-leader``, ``in-sync``, ``not-permitted``, ``message``,
                ``refused``; as `Cluster.at`.
        """
        topic = self.topic.render()
        line = await cluster.at(view.leader(topic, self.partition))
        trip = talk.trip
        time_ms = int(trip.watch.started_at.timestamp() * 1000)
        record = Record(KEY, secrets.token_hex(16).encode(), time_ms)
        place = f"{topic}, partition {self.partition}"
        with trip.phase("transfer", f"waiting for {line.name} to take our message"):
            talk.transcript.said(f"Produce to {place}")
            limit_ms = int(trip.watch.remaining_s() * 1000) + 1
            offset = await _produce(line, topic, self.partition, record, limit_ms)
            talk.transcript.heard(f"offset {offset}\n")
        with trip.phase("transfer", f"waiting for {line.name} to give our message back"):
            talk.transcript.said(f"Fetch from {place}, offset {offset}")
            stored = await _fetch(line, topic, self.partition, offset)
        if not holds(stored, offset, record):
            raise Trouble("message", f"at offset {offset} of {place} is not what we put there")


async def _produce(line: Line, topic: str, partition: int, record: Record, limit_ms: int) -> int:
    sent = struct.pack(">i", partition) + blob(batch(record))
    body = struct.pack(">hhi", -1, _ALL_REPLICAS, limit_ms)
    answer = await line.ask(PRODUCE, body + items(text(topic) + items(sent)))
    code = _of_our_partition(answer, 22)
    if code:
        raise refusal(code, f"{line.name} to our message")
    offset = answer.number(8)
    if offset < 0:
        raise Trouble("malformed", f"{line.name} has put our message at offset {offset}")
    return offset


async def _fetch(line: Line, topic: str, partition: int, offset: int) -> bytes:
    wanted = struct.pack(">iqi", partition, offset, _MOST_BYTES)
    body = struct.pack(">iiiib", -1, _WAIT_MS, 1, _MOST_BYTES, 0)
    body += items(text(topic) + items(wanted))
    while True:
        answer = await line.ask(FETCH, body)
        answer.number(4)
        code = _of_our_partition(answer, 30)
        if code:
            raise refusal(code, f"{line.name} asked for our message")
        answer.take(16)
        answer.skip(16)
        stored = answer.blob()
        if stored:
            return stored
        await asyncio.sleep(_PAUSE_S)


def _of_our_partition(answer: Answer, size: int) -> int:
    """The error code of the only partition in *answer*, which takes *size* bytes at least."""
    for _ in answer.items(6 + size):
        answer.text()
        for _ in answer.items(size):
            answer.number(4)
            return answer.number(2)
    raise Trouble("malformed", "the broker says nothing of the partition that it was asked for")
