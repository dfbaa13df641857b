"""What only seems to be Kafka: whatever it says is a sample, in time and in bounded memory."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any

import pytest

from probes.kafka_parts.records import Record, batch, crc32c, holds
from tests.probes.kafka_broker import (
    AUTHENTICATE,
    FETCH,
    FIND_COORDINATOR,
    METADATA,
    OFFSET_FETCH,
    PRODUCE,
    VERSIONS,
    Broker,
    Kept,
    blob,
    broker_on_loopback,
    text,
    versions,
)
from tests.probes.support import Asker, Speak, speaking
from tests.probes.test_kafka import ask, at, login

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
GRACE_S = 0.1
PROBE = {"topic": "probe"}
RECORD = Record(b"key", b"value", 1_700_000_000_000)


def in_partition(body: bytes, *, before: bytes = b"", topic: str = "probe") -> bytes:
    """An answer to Produce or Fetch about one partition."""
    return before + struct.pack(">i", 1) + text(topic) + struct.pack(">ii", 1, 0) + body


def produced(offset: int = 5, code: int = 0) -> bytes:
    return in_partition(struct.pack(">hqq", code, offset, -1)) + bytes(4)


def fetched(stored: bytes) -> bytes:
    return in_partition(struct.pack(">hqqi", 0, 9, 9, -1) + blob(stored), before=bytes(4))


def saying(*pieces: bytes) -> Speak:
    async def speak(reader: Reader, writer: Writer) -> None:
        for piece in pieces:
            await reader.read(65536)
            writer.write(piece)
            await writer.drain()

    return speak


def framed(content: bytes, number: int = 1) -> bytes:
    return blob(struct.pack(">i", number) + content)


@pytest.mark.parametrize(
    ("speak", "reason"),
    [
        pytest.param(saying(b""), "empty-reply", id="nothing"),
        pytest.param(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "body-too-large", id="HTTP"),
        pytest.param(saying(b"\x15\x03\x03\x00\x02\x02\x28"), "malformed", id="TLS"),
        pytest.param(saying(b"\xff" * 9), "malformed", id="a length below zero"),
        pytest.param(saying(b"\0\0\0\2\0\0"), "malformed", id="a length of nothing"),
        pytest.param(saying(b"\x7f\xff\xff\xff" + b"x" * 3_000_000), "body-too-large", id="2 GiB"),
        pytest.param(saying(b"\0\0\1\0abc"), "truncated", id="cut short"),
        pytest.param(saying(framed(versions(), 7)), "malformed", id="an answer to another"),
        pytest.param(saying(framed(b"\0\0")), "malformed", id="an answer too short"),
        pytest.param(saying(framed(b"\0\x23\0\0\0\0")), "refused", id="an error"),
        pytest.param(saying(framed(b"\0\0\x7f\xff\xff\xff")), "malformed", id="a list too long"),
        pytest.param(saying(framed(versions({3: (0, 2)}))), "refused", id="Kafka 0.10"),
        pytest.param(saying(framed(versions({3: (9, 20)}))), "refused", id="Kafka to come"),
    ],
)  # fmt: skip
async def test_targets_that_only_seem_to_speak_it(asker: Asker, speak: Speak, reason: str) -> None:
    async with speaking(speak) as port:
        result = await ask(asker, at(port, round_trip=PROBE), 1)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("key", "answer", "reason"),
    [
        pytest.param(METADATA, bytes(4) + b"\x7f\xff\xff\xff", "malformed", id="too many brokers"),
        pytest.param(
            METADATA,
            bytes(4) + struct.pack(">ii", 1, 1) + text("") + bytes(6),
            "malformed",
            id="a broker nowhere",
        ),
        pytest.param(
            METADATA,
            bytes(4) + struct.pack(">ii", 1, 1) + text("a") + struct.pack(">ih", 70000, -1),
            "malformed",
            id="a port that is none",
        ),
        pytest.param(METADATA, bytes(18), "malformed", id="another topic"),
        pytest.param(PRODUCE, bytes(8), "malformed", id="nothing of our partition"),
        pytest.param(PRODUCE, in_partition(b"\0"), "malformed", id="less than an offset"),
        pytest.param(PRODUCE, produced(-1), "malformed", id="an offset below zero"),
        pytest.param(PRODUCE, produced(code=999), "refused", id="an unknown error"),
        pytest.param(FETCH, fetched(b"x" * 200), "message", id="no batch"),
        pytest.param(FETCH, fetched(b"x"), "message", id="less than a batch"),
        pytest.param(FETCH, fetched(bytes(100_000)), "message", id="batches of nothing"),
        pytest.param(FETCH, fetched(batch(RECORD)), "message", id="the message of another"),
        pytest.param(
            FETCH, in_partition(bytes(18) + b"\x7f\0\0\0" * 2, before=bytes(4)), "malformed",
            id="too many transactions",
        ),
    ],
)  # fmt: skip
async def test_brokers_that_answer_what_makes_no_sense(
    asker: Asker, key: int, answer: bytes, reason: str
) -> None:
    broker = Broker(topics={"probe": (Kept(),)}, answers={PRODUCE: produced(), key: answer})
    async with broker_on_loopback(broker) as port:
        result = await ask(asker, at(port, round_trip=PROBE), 1)

    assert result.reason == reason, result.detail
    assert result.evidence is not None


@pytest.mark.parametrize("rounds", ["0", "10000000000"])
async def test_no_broker_makes_us_hash_for_ever(asker: Asker, rounds: str) -> None:
    began = time.monotonic()
    async with broker_on_loopback(Broker(rounds=rounds)) as port:
        result = await ask(asker, at(port, login=login("SCRAM-SHA-512")), 1)

    assert result.reason == "login"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("key", [VERSIONS, AUTHENTICATE, METADATA, PRODUCE, FETCH])
async def test_a_broker_whose_answer_drips_is_a_timeout_in_time(asker: Asker, key: int) -> None:
    class Dripping(Broker):
        async def reply(self, key_: int, answer: bytes, writer: Writer) -> None:
            if key_ == key:
                writer.write(struct.pack(">i", 1000))
                for _ in range(900):
                    writer.write(b"\0")
                    await asyncio.sleep(0.05)
            await super().reply(key_, answer, writer)

    broker = Dripping(topics={"probe": (Kept(),)}, answers={PRODUCE: produced(), FETCH: b""})
    async with broker_on_loopback(broker) as port:
        began = time.monotonic()
        written = at(port, round_trip=PROBE, login=login("PLAIN"))
        result = await ask(asker, written, 0.3)
        took_s = time.monotonic() - began

    assert (result.reason, result.duration_s) == ("timeout", 0.3)
    assert took_s <= 0.3 + GRACE_S


async def test_a_message_that_never_comes_back_is_a_timeout(asker: Asker) -> None:
    answers = {PRODUCE: produced(), FETCH: fetched(b"")}
    broker = Broker(topics={"probe": (Kept(),)}, answers=answers)
    async with broker_on_loopback(broker) as port:
        result = await ask(asker, at(port, round_trip=PROBE), 0.3)

    assert result.reason == "timeout"
    assert result.detail.endswith(
        f"waiting for the broker 127.0.0.1:{port} to give our message back"
    )
    assert 2 < broker.asked.count(FETCH) < 40


@pytest.mark.parametrize("name", ["\udcff" * 20_000, "a b", ""])
async def test_a_coordinator_that_makes_up_topics(asker: Asker, name: str) -> None:
    """Undecodable bytes are thrice as long once they are replaced: longer than a name can be."""
    raw = name.encode("utf-8", "surrogateescape")
    broker = Broker()
    async with broker_on_loopback(broker) as port:
        at_home = struct.pack(">hi", 0, 1) + text("127.0.0.1") + struct.pack(">i", port)
        told = struct.pack(">ih", 1, len(raw)) + raw
        told += struct.pack(">iiqhh", 1, 0, 5, 0, 0) + bytes(2)
        broker.answers = {FIND_COORDINATOR: at_home, OFFSET_FETCH: told}
        groups = {"billing": {"lag": 0}}
        result = await ask(asker, at(port, expect={"groups": groups}), 1)

    assert result.reason == "malformed", result.detail


async def test_connections_of_one_run_are_bounded(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.kafka_parts.cluster.MOST_BROKERS", 1)
    broker = Broker(topics={"probe": (Kept(),)})
    async with speaking(broker.speak) as other, broker_on_loopback(broker) as port:
        broker.where = {1: ("127.0.0.1", other)}
        result = await ask(asker, at(port, round_trip=PROBE), 1)

    assert result.detail == "more than 1 brokers would have to be asked"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda own: own, True),
        (lambda own: batch(RECORD)[:-1] + own, False),
        (lambda own: at_offset(batch(RECORD), 3) + own, True),
        (lambda own: at_offset(batch(Record(b"key", b"other", 1)), 5), False),
        (lambda own: own[:-1] + b"\x02", False),
        (lambda own: own[:-2], False),
        (lambda own: with_attributes(own, 0b0001), True),
        (lambda own: with_attributes(own, 0b1000), True),
        (lambda own: own[:16] + b"\1" + own[17:], False),
        (lambda own: own + b"\xff" * 300, True),
    ],
    ids=["ours", "a cut one first", "an earlier one first", "another's", "a flipped bit", "cut",
         "compressed", "stamped by the broker", "an older format", "something behind it"],
)  # fmt: skip
def test_a_batch_is_ours_or_not(change: Any, found: bool) -> None:
    assert holds(change(at_offset(batch(RECORD), 5)), 5, RECORD) is found


def at_offset(stored: bytes, offset: int) -> bytes:
    """*stored*, as a broker numbers it."""
    return struct.pack(">q", offset) + stored[8:]


def with_attributes(stored: bytes, attributes: int) -> bytes:
    after = struct.pack(">h", attributes) + stored[23:]
    return stored[:17] + struct.pack(">I", crc32c(after)) + after


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
)
def test_the_checksum_is_that_of_rfc_3720(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum
