"""AMQP, against RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter

from probes import amqp
from probes.amqp_parts import wire
from probes.amqp_parts.session import Session
from probes.net.conversation import Conversation
from probes.net.target import Target
from probes.result import Outcome, Result
from tests.probes.rabbitmq import Rabbit, rabbitmq
from tests.probes.support import Asker, look_up, refusal

OPTIONS: TypeAdapter[amqp.Options] = TypeAdapter(amqp.Options)
LOGIN = {"username": "probe", "password": "${env:PASSWORD}"}


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Rabbit]:
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq"), authority) as one:
        yield one


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 5) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await amqp.run(options, asker.watch(timeout_s))


def at(port: int, **written: Any) -> dict[str, Any]:
    return {"connect": f"127.0.0.1:{port}", "login": LOGIN, **written}


async def test_rabbitmq_sees_us_leave(asker: Asker, rabbit: Rabbit) -> None:
    """
    A connection that breaks off stands in the log of the broker as a warning, each time.  This
    comes first: those that the broker refuses are in its log too, and some time later.
    """
    await ask(asker, at(rabbit.port, round_trip=True))
    await ask(asker, at(rabbit.port))

    assert "unexpectedly" not in rabbit.log.read_text()


async def test_rabbitmq_takes_us_and_messages_come_back(asker: Asker, rabbit: Rabbit) -> None:
    plain = await ask(asker, at(rabbit.port))
    there_and_back = await ask(asker, at(rabbit.port, round_trip=True))
    by_exchange = {"exchange": "events", "routing_key": "probe.注文"}
    through = await ask(asker, at(rabbit.port, round_trip=by_exchange))

    for result in (plain, there_and_back, through):
        assert result.outcome is Outcome.GOOD, result.detail
    assert plain.phases.transfer_s is None
    assert there_and_back.phases.transfer_s is not None
    assert through.facts.address == "127.0.0.1"


async def test_what_the_page_says_that_a_user_needs_is_enough(asker: Asker, rabbit: Rabbit) -> None:
    sender = at(rabbit.port, login=LOGIN | {"username": "sender"})
    reader = at(rabbit.port, login=LOGIN | {"username": "reader"})
    around = await ask(asker, sender | {"round_trip": True})
    through = await ask(asker, sender | {"round_trip": {"exchange": "events"}})
    looked = await ask(asker, reader | {"queue": "orders"})

    for result in (around, through, looked):
        assert result.outcome is Outcome.GOOD, result.detail


async def test_over_tls(asker: Asker, rabbit: Rabbit, pem: str) -> None:
    written = at(rabbit.tls_port, tls={"ca": pem}, round_trip=True)
    good = await ask(asker, written | {"expect": {"certificate": {"valid_for": "1d"}}})
    plain = await ask(asker, at(rabbit.tls_port))
    astray = await ask(asker, at(rabbit.port, tls={"ca": pem}))

    assert good.outcome is Outcome.GOOD, good.detail
    assert good.facts.certificate_expires_at is not None
    assert plain.outcome is Outcome.BAD
    assert plain.reason in {"malformed", "empty-reply", "reset"}
    assert astray.reason == "tls-handshake"


async def _put(asker: Asker, rabbit: Rabbit, queue: str, count: int) -> None:
    talk = Conversation("put", asker.watch(5))
    async with talk.stream(Target("127.0.0.1", rabbit.port), limit=1 << 20) as stream:
        session = Session(stream, talk.transcript)
        await session.log_in("probe", "open & sesame", "/")
        await stream.write(wire.message(1, "", queue, b"a" * 100) * count)
        while (await session.count(queue))[0] < count:
            pass
        await session.leave()


async def test_what_waits_in_a_queue_is_held_against_what_is_expected(
    asker: Asker, rabbit: Rabbit
) -> None:
    await _put(asker, rabbit, "orders", 3)
    orders = at(rabbit.port, queue="orders")
    good = await ask(asker, orders | {"expect": {"messages": {"at_most": 3}, "consumers": 0}})
    many = await ask(asker, orders | {"expect": {"messages": {"under": 3}}})
    alone = await ask(asker, orders | {"expect": {"consumers": {"at_least": 1}}})
    missing = await ask(asker, at(rabbit.port, queue="nope"))

    assert good.outcome is Outcome.GOOD, good.detail
    assert (many.reason, many.detail) == (
        "messages",
        "expected the messages in orders under 3, got 3",
    )
    assert alone.reason == "consumers"
    assert missing.reason == "not-found"
    assert missing.detail == "the broker says 404: NOT_FOUND - no queue 'nope' in vhost '/'"


@pytest.mark.parametrize(
    ("written", "reason", "said"),
    [
        ({"login": {"username": "probe", "password": "wrong"}}, "login", "403: ACCESS_REFUSED"),
        ({"login": None}, "login", "403: ACCESS_REFUSED"),
        ({"vhost": "nope"}, "not-permitted", "530: NOT_ALLOWED - vhost nope not found"),
        ({"vhost": "closed"}, "not-permitted", "access to vhost 'closed' refused"),
        ({"round_trip": {"exchange": "nope"}}, "not-found", "no exchange 'nope'"),
        ({"round_trip": {"exchange": "nobody"}}, "not-permitted", "internal exchange"),
        (
            {"login": LOGIN | {"username": "reader"}, "round_trip": True},
            "not-permitted",
            "access to queue 'synthetics-",
        ),
    ],
)
async def test_why_rabbitmq_refuses_us(
    asker: Asker, rabbit: Rabbit, written: dict[str, Any], reason: str, said: str
) -> None:
    result = await ask(asker, at(rabbit.port) | written)

    assert (result.outcome, result.reason) == (Outcome.BAD, reason)
    assert said in result.detail
    assert result.evidence is not None
    assert "open & sesame" not in str(result)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"expect": {"messages": 0}}, "nothing says of which queue"),
        ({"expect": {"certificate": {"valid_for": "1d"}}}, "without TLS there is no certificate"),
        ({"vhost": "名" * 86}, "this is longer than 255 bytes"),
        ({"queue": "${x}"}, "nothing is captured here to fill ${x}"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, {"connect": "a:1"} | written).what == what
