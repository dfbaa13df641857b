"""Servers of gRPC that mean ill: in what they tell of their types, and in their answers."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto as Type
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto as File
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from h2.events import DataReceived, Event, RequestReceived, StreamEnded
from pydantic import TypeAdapter

from probes import grpc as kind
from probes.result import Outcome, Result
from synthetics.config.references import References
from tests.probes.orders import field, files, money, orders
from tests.probes.specimen_grpc import Talker, answering_by, framed, hearing, send, sent
from tests.probes.support import Asker, Speak, look_up, speaking

OPTIONS: TypeAdapter[kind.Asked] = TypeAdapter(kind.Options)
UNIMPLEMENTED = (("grpc-status", "12"),)


def lengthy(number: int, value: bytes) -> bytes:
    """A field of bytes."""
    size, out = len(value), bytearray([number << 3 | 2])
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes(out) + bytes([size]) + value


def told(*some: File | bytes) -> bytes:
    """What reflection answers."""
    raw = (one if isinstance(one, bytes) else one.SerializeToString() for one in some)
    return framed(lengthy(4, b"".join(lengthy(1, one) for one in raw)))


def complaint(code: int) -> bytes:
    return framed(lengthy(7, bytes([8, code]) + lengthy(2, b"no")))


async def ask(
    asker: Asker,
    speak: Speak,
    call: str = "shop.v1.Orders/Get",
    *,
    folder: Path = Path(),
    **more: Any,
) -> Result:
    """What comes of a call, which may take two seconds and no longer."""
    context = {"resolve": look_up, "read": References({}, folder).read}
    async with speaking(speak) as port:
        written = {"connect": f"127.0.0.1:{port}", "call": call, **more}
        options = OPTIONS.validate_python(written, context=context)
        began = time.monotonic()
        result = await kind.run(options, asker.watch(2))
        assert time.monotonic() - began < 2.1
        return result


def renamed(file: File, name: str, *imports: str) -> File:
    copy = File()
    copy.CopyFrom(file)
    copy.name = name
    del copy.dependency[:]
    copy.dependency.extend(imports)
    return copy


MANY = [File(name=f"{number}.proto") for number in range(1100)]
BAD_NAME = File(name="a", message_type=[Type(name="b c")])
CIRCLE = File(name="shop/v1/money.proto", dependency=["shop/v1/orders.proto"])


@pytest.mark.parametrize(
    ("reflection", "reason"),
    [
        pytest.param(UNIMPLEMENTED, "no-reflection", id="none at all"),
        pytest.param((("grpc-status", "14"),), "unavailable", id="away"),
        pytest.param((("grpc-status", "7"),), "login", id="not for us"),
        pytest.param((("grpc-status", "0"),), "types", id="nothing told"),
        pytest.param(complaint(5), "not-found", id="no such service"),
        pytest.param(complaint(13), "types", id="a complaint"),
        pytest.param(b"\0\0\0", "malformed", id="half a frame"),
        pytest.param(framed(b"\x0b"), "malformed", id="half a message"),
        pytest.param(framed(b"\xff" * 11), "malformed", id="no message"),
        pytest.param(told(b""), "malformed", id="a file without a name"),
        pytest.param(told(b"\x08\x01"), "malformed", id="a number for a name"),
        pytest.param(told(orders(), CIRCLE, files()[0]), "types", id="imports in a circle"),
        pytest.param(told(orders()), "types", id="an import that never comes"),
        pytest.param(told(*MANY), "types", id="too many files"),
        pytest.param(
            told(File(name="a", message_type=[Type(name="b c")])), "types", id="a bad name"
        ),
        pytest.param(told(renamed(orders(), "o")), "types", id="types that are missing"),
        pytest.param(told(money()), "method", id="another service"),
        pytest.param(framed(b"\x08\x01" * 150_000), "malformed", id="fields without end"),
        pytest.param(framed(*[b""] * 20_000), "malformed", id="messages without end"),
    ],
)
async def test_types_that_are_none(asker: Asker, reflection: Any, reason: str) -> None:
    result = await ask(asker, answering_by({"ServerReflectionInfo": reflection}))

    assert (result.outcome, result.reason) == (Outcome.BAD, reason), result.detail


async def test_a_server_may_tell_one_file_at_a_time(asker: Asker) -> None:
    """As that of Rust does; most tell all that a file imports along with it."""
    by_name = {file.name: file for file in files()}
    asked: list[str] = []
    path = ""

    def answer(connection: Talker, event: Event) -> None:
        nonlocal path
        if isinstance(event, RequestReceived):
            path = sent(event)[":path"]
        elif isinstance(event, DataReceived) and path.endswith("Info"):
            size = 0
            while size < len(event.data):
                end = size + 5 + int.from_bytes(event.data[size + 1 : size + 5], "big")
                request = ServerReflectionRequest.FromString(event.data[size + 5 : end])
                asked.append(request.file_by_filename or "shop/v1/orders.proto")
                size = end
        elif isinstance(event, StreamEnded):
            told_now = [told(by_name[name]) for name in asked[1:] or asked]
            body = b"".join(told_now) if path.endswith("Info") else framed(b"")
            send(connection, event.stream_id, body)

    result = await ask(asker, hearing(answer), expect={"json": {"$.state": "UNKNOWN"}})

    assert result.outcome is Outcome.GOOD, result.detail
    assert asked[1:] == ["google/protobuf/timestamp.proto", "shop/v1/money.proto"]


async def test_an_import_that_a_server_denies_is_named(asker: Asker) -> None:
    """As where a file is registered by another path than the one that it is imported by."""
    answers = [told(orders()), complaint(5)]

    def answer(connection: Talker, event: Event) -> None:
        if isinstance(event, StreamEnded):
            send(connection, event.stream_id, answers.pop(0))

    result = await ask(asker, hearing(answer))

    assert result.reason == "types"
    assert result.detail == (
        "reflection does not tell of google/protobuf/timestamp.proto, which is imported"
    )


async def test_imports_of_imports_without_end_are_given_up(asker: Asker) -> None:
    count = 0

    def answer(connection: Talker, event: Event) -> None:
        nonlocal count
        if isinstance(event, StreamEnded):
            count += 1
            file = File(name=f"{count}.proto", dependency=[f"{count + 1}.proto"])
            send(connection, event.stream_id, told(file))

    result = await ask(asker, hearing(answer))

    assert (result.reason, count) == ("types", 20)


async def test_an_answer_without_end_is_given_up(asker: Asker) -> None:
    """It is as long as the client has room for: more than what types may have."""
    result = await ask(asker, answering_by({"ServerReflectionInfo": framed(b"\0" * (9 << 20))}))

    assert result.reason == "body-too-large"


def recursive() -> File:
    """Messages in messages, large ones, and some that are not what their names say."""
    file = File(name="a.proto", package="a", syntax="proto3", dependency=["t.proto"])
    large = file.message_type.add(name="Large")
    for number in range(3000):
        large.field.append(field(f"f{number}", number + 1, Field.TYPE_INT64))
    file.message_type.add(
        name="Out",
        field=[
            field("large", 1, Field.TYPE_MESSAGE, ".a.Large", many=True),
            field("self", 2, Field.TYPE_MESSAGE, ".a.Out"),
            field("numbers", 3, Field.TYPE_INT32, many=True),
            field("any", 4, Field.TYPE_MESSAGE, ".google.protobuf.Any"),
            field("at", 5, Field.TYPE_MESSAGE, ".google.protobuf.Timestamp"),
            field("text", 6, Field.TYPE_STRING),
        ],
    )
    file.service.add(name="S").method.add(name="M", input_type=".a.Out", output_type=".a.Out")
    return file


def false() -> File:
    file = File(name="t.proto", package="google.protobuf", syntax="proto3")
    file.message_type.add(
        name="Any",
        field=[field("type_url", 1, Field.TYPE_STRING), field("value", 2, Field.TYPE_BYTES)],
    )
    file.message_type.add(name="Timestamp", field=[field("seconds", 1, Field.TYPE_STRING)])
    return file


def nested(depth: int) -> bytes:
    raw = b""
    for _ in range(depth):
        raw = lengthy(2, raw)
    return raw


A_URL = lengthy(1, b"type.example/a.Out")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(b"", "", id="an empty message"),
        pytest.param(nested(90), "", id="a deep one"),
        pytest.param(nested(5000), "malformed", id="one too deep"),
        pytest.param(lengthy(1, b"") * 500_000, "malformed", id="half a million large ones"),
        pytest.param(lengthy(3, b"\1" * 150_000), "malformed", id="numbers without end"),
        pytest.param(
            lengthy(4, A_URL + lengthy(2, lengthy(1, b"") * 300_000)),
            "malformed",
            id="half a million large ones in disguise",
        ),
        pytest.param(lengthy(4, A_URL + lengthy(2, lengthy(1, b""))), "", id="one in disguise"),
        pytest.param(lengthy(4, lengthy(1, b"x/y")), "types", id="a disguise of nothing known"),
        pytest.param(lengthy(5, b""), "malformed", id="a time that is none"),
        pytest.param(lengthy(6, b"\xff"), "malformed", id="text that is none"),
        pytest.param(b"\x0b", "malformed", id="a group"),
        pytest.param(b"\x0a\x7f", "malformed", id="half a message"),
    ],
)
async def test_answers_that_are_none(asker: Asker, answer: bytes, reason: str) -> None:
    by = {"ServerReflectionInfo": told(recursive(), false()), "M": framed(answer)}

    expect = {"json": {"$.text": {"exists": True}}}
    result = await ask(asker, answering_by(by), "a.S/M", expect=expect)

    assert result.reason == reason, result.detail


async def test_the_limit_and_the_rules_of_the_network_hold_for_reflection_too(
    asker: Asker,
) -> None:
    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with speaking(say_nothing) as port:
        options = OPTIONS.validate_python({"connect": f"127.0.0.1:{port}", "call": "a.B/C"})
        began = time.monotonic()
        late = await kind.run(options, asker.watch(0.3))
        took_s = time.monotonic() - began
        loopback = (ipaddress.ip_network("127.0.0.0/8"),)
        denied = await kind.run(options, asker.watch(denied=loopback))

    assert (late.reason, denied.reason) == ("timeout", "address-denied")
    assert took_s < 0.6
    assert late.facts.address == "127.0.0.1"
