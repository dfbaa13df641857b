"""What only seems to be an AMQP broker: whatever it says is a sample, in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import pytest

from probes.amqp_parts.wire import CONTENT_BODY, HEARTBEAT, Method, call, frame, number, short_text
from probes.result import Outcome
from tests.probes.amqp_broker import ANSWERS, broker, closing, delivery, start
from tests.probes.support import Asker, Speak, speaking
from tests.probes.test_amqp import ask, at

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
GRACE_S = 0.1
AROUND = {"round_trip": {"exchange": "events"}, "queue": "orders"}
BEAT = frame(HEARTBEAT, 0, b"")


async def test_one_that_is_as_it_should_be(asker: Asker) -> None:
    async with speaking(broker()) as port:
        result = await ask(asker, at(port, **AROUND))

    assert result.outcome is Outcome.GOOD, result.detail


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        pytest.param({Method.START: b"HTTP/1.1 400 Bad\r\n\r\n"}, "malformed", id="HTTP"),
        pytest.param({Method.START: b"\x15\x03\x03\0\x02\x02\x28\0\0"}, "malformed", id="TLS"),
        pytest.param({Method.START: b"AMQP\0\x01\0\0"}, "protocol", id="AMQP 1.0"),
        pytest.param({Method.START: start("EXTERNAL")}, "login", id="another way to log in"),
        pytest.param({Method.START: start("")}, "login", id="no way to log in"),
        pytest.param(
            {Method.START: call(0, Method.START, b"\0\x09\xff\xff\xff\xff")}, "malformed",
            id="a table longer than its frame",
        ),
        pytest.param({Method.START: b"\x01\0\0\xff\xff\xff\xff"}, "body-too-large", id="huge"),
        pytest.param({Method.START: frame(1, 0, b"")}, "malformed", id="a method without a name"),
        pytest.param({Method.START: ANSWERS[Method.OPEN]}, "malformed", id="out of turn"),
        pytest.param({Method.START: start()[:-1] + b"\0"}, "malformed", id="an end that is none"),
        pytest.param({Method.START_OK: b""}, "truncated", id="hangs up at the login"),
        pytest.param({Method.START_OK: closing(403, "no")}, "login", id="no such user"),
        pytest.param({Method.START_OK: closing(541, "no")}, "refused", id="broken at the login"),
        pytest.param({Method.START_OK: call(0, Method.TUNE)}, "malformed", id="tunes nothing"),
        pytest.param({Method.OPEN: closing(530, "no")}, "not-permitted", id="no such host"),
        pytest.param({Method.OPEN: closing(541, "no")}, "refused", id="a host that is down"),
        pytest.param(
            {Method.CHANNEL_OPEN: closing(504, "no")}, "refused", id="no channel to be had"
        ),
        pytest.param(
            {Method.QUEUE_DECLARE: closing(405, "no", channel=1)}, "refused", id="a locked queue"
        ),
        pytest.param(
            {Method.QUEUE_DECLARE: closing(404, "no", channel=1)}, "not-found", id="no queue"
        ),
        pytest.param(
            {Method.QUEUE_BIND: closing(403, "no", channel=1)}, "not-permitted", id="no binding"
        ),
        pytest.param(
            {Method.CONSUME: closing(320, "CONNECTION_FORCED")}, "refused", id="is shut down"
        ),
        pytest.param(
            {Method.PUBLISH: call(0, Method.BLOCKED, short_text("low on memory"))}, "blocked",
            id="out of memory",
        ),
        pytest.param(
            {Method.PUBLISH: call(1, Method.RETURN, number(312, 2), short_text("NO_ROUTE"))},
            "unroutable", id="nobody is bound",
        ),
        pytest.param(
            {Method.PUBLISH: call(1, Method.DELIVER) + BEAT + frame(CONTENT_BODY, 1, b"x")},
            "malformed", id="a message without a header",
        ),
        pytest.param(
            {Method.PUBLISH: call(1, Method.DELIVER) + frame(2, 1, b"x")}, "malformed",
            id="a header cut short",
        ),
        pytest.param(
            {Method.PUBLISH: delivery(b"x", size=2) + call(1, Method.DELIVER)}, "malformed",
            id="a message cut short",
        ),
        pytest.param({Method.PUBLISH: delivery(b"x") + BEAT}, "timeout", id="those of others"),
        pytest.param({Method.PUBLISH: delivery()}, "timeout", id="an empty one"),
        pytest.param(
            {Method.PUBLISH: delivery(b"x", size=1 << 60) + frame(CONTENT_BODY, 1, b"") * 9000},
            "body-too-large", id="a flood of nothing",
        ),
        pytest.param(
            {Method.PUBLISH: delivery(*[b"x" * 65_000] * 40, size=1 << 60)}, "body-too-large",
            id="one without an end",
        ),
        pytest.param({Method.PUBLISH: BEAT * 9000}, "body-too-large", id="only heartbeats"),
        pytest.param({Method.CLOSE: b""}, "truncated", id="hangs up when we go"),
    ],
)  # fmt: skip
async def test_what_a_broker_may_do_instead(
    asker: Asker, instead: Mapping[Method, bytes], reason: str
) -> None:
    async with speaking(broker(instead)) as port:
        began = time.monotonic()
        result = await ask(asker, at(port, **AROUND), 0.5)
        took_s = time.monotonic() - began

    assert (result.outcome, result.reason) == (Outcome.BAD, reason), result.detail
    assert took_s < 0.5 + GRACE_S
    assert result.evidence is not None


async def test_one_that_does_not_let_us_go(asker: Asker) -> None:
    async with speaking(broker({Method.CLOSE: BEAT})) as port:
        result = await ask(asker, at(port), 0.3)

    assert result.reason == "timeout"
    assert result.detail == "not done after 0.3 s: waiting for the broker to let us go"


def _dripping(piece: bytes) -> Speak:
    async def speak(_: Reader, writer: Writer) -> None:
        for byte in piece:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    return speak


async def test_one_that_drips_ends_with_the_time_of_the_run(asker: Asker) -> None:
    async with speaking(_dripping(start() * 10)) as port:
        result = await ask(asker, at(port), 0.3)

    assert result.reason == "timeout"
    assert result.detail == "not done after 0.3 s: logging in"


async def test_a_login_that_is_said_back_is_not_shown(asker: Asker) -> None:
    async with speaking(broker({Method.START_OK: closing(403, "open & sesame")})) as port:
        result = await ask(asker, at(port))

    assert result.reason == "login"
    assert "open & sesame" not in str(result)
