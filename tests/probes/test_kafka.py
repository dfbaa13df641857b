"""Kafka: librdkafka's cluster, whose protocol is the real one, and brokers with logins."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from pydantic import TypeAdapter

from probes import kafka
from probes.net.target import Target
from probes.result import Outcome, Result
from probes.watch import METADATA_AND_LINK_LOCAL
from tests.probes.kafka_broker import Broker, Kept, broker_on_loopback
from tests.probes.kafka_mock import MockCluster, mock_cluster
from tests.probes.support import Asker, look_up, refusal

OPTIONS: TypeAdapter[kafka.Options] = TypeAdapter(kafka.Options)
PRODUCE, FETCH, METADATA, COORDINATOR = 0, 1, 3, 10


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 5) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await kafka.run(options, asker.watch(timeout_s))


def at(port: int, **written: Any) -> dict[str, Any]:
    return {"connect": f"127.0.0.1:{port}", **written}


def login(mechanism: str, password: str = "${env:PASSWORD}") -> dict[str, str]:
    return {"username": "probe", "password": password, "mechanism": mechanism}


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    with mock_cluster({"orders": 3, "probe": 3}) as it:
        for number in range(3):
            it.lead("probe", number, number + 1)
        yield it


def reader(cluster: MockCluster, group: str = "reader") -> Consumer:
    """Somebody else's client, which verifies checksums."""
    return Consumer(
        {
            "bootstrap.servers": cluster.servers[0],
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "check.crcs": True,
        }
    )


async def test_it_takes_us_and_a_message_comes_back_by_each_leader(
    asker: Asker, cluster: MockCluster
) -> None:
    whole = {
        "connect": cluster.servers[0],
        "expect": {"brokers": 3, "topics": {"orders": {"partitions": 3, "in_sync": "all"}}},
    }
    results = [await ask(asker, whole)]
    for number in range(3):
        through = {"topic": "probe", "partition": number}
        results.append(await ask(asker, whole | {"round_trip": through}))

    assert [one.outcome for one in results] == [Outcome.GOOD] * 4, results
    assert results[1].phases.transfer_s is not None
    assert results[2].facts.address == "127.0.0.1"


async def test_another_client_reads_what_we_put_there(asker: Asker, cluster: MockCluster) -> None:
    cluster.create("read")
    for _ in range(2):
        written = {"connect": cluster.servers[0], "round_trip": {"topic": "read"}}
        assert (await ask(asker, written)).outcome is Outcome.GOOD
    other = reader(cluster)
    try:
        other.assign([TopicPartition("read", 0, 0)])
        first, second = other.consume(2, timeout=5)
    finally:
        other.close()

    assert [first.error(), first.key(), first.offset()] == [None, b"synthetics", 0]
    assert second.offset() == 1
    assert first.value() != second.value()
    assert len(first.value() or b"") == 32


async def test_a_topic_that_is_not_there_is_not_made(asker: Asker, cluster: MockCluster) -> None:
    missing = {"connect": cluster.servers[0], "round_trip": {"topic": "missing"}}
    results = [await ask(asker, missing) for _ in range(2)]
    beyond = await ask(asker, missing | {"round_trip": {"topic": "probe", "partition": 9}})

    assert [one.reason for one in results] == ["no-topic"] * 2
    assert results[0].detail == "topic missing: UNKNOWN_TOPIC_OR_PARTITION"
    assert (beyond.reason, beyond.detail) == ("no-topic", "topic probe has no partition 9")


@pytest.mark.parametrize(
    ("api", "code", "reason"),
    [
        (PRODUCE, 19, "in-sync"),
        (PRODUCE, 6, "no-leader"),
        (PRODUCE, 29, "not-permitted"),
        (PRODUCE, 56, "refused"),
        (FETCH, 29, "not-permitted"),
        (FETCH, 1, "refused"),
    ],
)
async def test_a_broker_that_refuses_our_message(
    asker: Asker, cluster: MockCluster, api: int, code: int, reason: str
) -> None:
    cluster.refuse_once(api, code)
    written = {"connect": cluster.servers[0], "round_trip": {"topic": "probe"}}
    result = await ask(asker, written)

    assert result.reason == reason, result.detail


async def test_a_leader_that_is_away_and_one_that_is_nobody(asker: Asker) -> None:
    broker = Broker(
        where={1: ("127.0.0.1", 1)}, topics={"probe": (Kept(), Kept(leader=-1), Kept(leader=7))}
    )
    async with broker_on_loopback(broker) as port:
        away = await ask(asker, at(port, round_trip={"topic": "probe"}))
        nobody = await ask(asker, at(port, round_trip={"topic": "probe", "partition": 1}))
        whole = await ask(asker, at(port, expect={"topics": {"probe": {}}}))

    assert [one.reason for one in (away, nobody, whole)] == ["connect", "no-leader", "no-leader"]
    assert away.detail.startswith("the broker advertised as 127.0.0.1:1: 127.0.0.1:1: ")
    assert nobody.detail == "partition 1 of probe has no leader"
    assert whole.detail == (
        "expected a leader for each partition of probe, got none for partitions 1, 2"
    )


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "::ffff:169.254.169.254", "2852039166", "127.0.0.2"]
)
async def test_no_broker_sends_us_where_we_must_not_go(asker: Asker, host: str) -> None:
    denied = (*METADATA_AND_LINK_LOCAL, ip_network("127.0.0.2/32"))
    broker = Broker(where={1: (host, 80)}, topics={"probe": (Kept(),)})
    async with broker_on_loopback(broker) as port:
        options = OPTIONS.validate_python(at(port, round_trip={"topic": "probe"}))
        result = await kafka.run(options, asker.watch(denied=denied))

    assert result.reason == "address-denied", result.detail
    assert result.detail.startswith(f"the broker advertised as {Target(host, 80)}: ")


@pytest.mark.parametrize("name", ["a" * 64, "a\0b", "x" * 300, "name.invalid", "ü" * 80])
async def test_a_broker_whose_name_is_none_is_a_sample_too(asker: Asker, name: str) -> None:
    broker = Broker(topics={"probe": (Kept(),)}, where={1: (name, 9092)})
    async with broker_on_loopback(broker) as port:
        result = await ask(asker, at(port, round_trip={"topic": "probe"}))

    assert result.reason == "dns", result.detail


async def test_how_far_a_group_is_behind(asker: Asker, cluster: MockCluster) -> None:
    producer = Producer({"bootstrap.servers": cluster.servers[0]})
    for number in range(9):
        producer.produce("orders", b"order", partition=number % 3)
    producer.flush(5)
    consumer = reader(cluster, "billing")
    try:
        places = [TopicPartition("orders", number, 1 + number) for number in range(3)]
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()

    def behind(lag: object, group: str = "billing") -> dict[str, Any]:
        wanted = {"lag": lag, "topics": ["orders"]}
        return {"connect": cluster.servers[0], "expect": {"groups": {group: wanted}}}

    exact = await ask(asker, behind(3))
    less = await ask(asker, behind({"under": 3}))
    unknown = await ask(asker, behind(0, "nobody"))
    cluster.refuse_once(COORDINATOR, 30)
    refused = await ask(asker, behind(0))

    assert exact.outcome is Outcome.GOOD, exact.detail
    assert (less.reason, less.detail) == ("lag", "expected the lag of billing under 3, got 3")
    assert (unknown.reason, refused.reason) == ("no-group", "not-permitted")


async def test_replicas_that_have_fallen_behind(asker: Asker) -> None:
    kept = Kept(replicas=(1, 2, 3), in_sync=(1, 2))
    topics = {"orders": (Kept(replicas=(1, 2, 3), in_sync=(1, 2, 3)), *(kept,) * 7)}
    async with broker_on_loopback(Broker(topics=topics)) as port:
        enough, strict, more, fewer = [
            await ask(asker, at(port, expect=expect))
            for expect in (
                {"topics": {"orders": {"in_sync": 2}}},
                {"topics": {"orders": {"in_sync": "all"}}},
                {"topics": {"orders": {"partitions": {"at_least": 12}}}},
                {"brokers": {"at_least": 3}},
            )
        ]

    assert enough.outcome is Outcome.GOOD, enough.detail
    assert strict.reason == "in-sync"
    assert strict.detail == (
        "expected all replicas in sync for each partition of orders, "
        "got fewer for partitions 1, 2, 3, 4, 5 and 2 more"
    )
    assert (more.reason, fewer.reason) == ("partitions", "brokers")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_we_log_in_over_tls_and_without(
    asker: Asker, server_tls: ssl.SSLContext, pem: str, mechanism: str
) -> None:
    over = {"tls": {"ca": pem}, "expect": {"certificate": {"valid_for": "1d"}}}
    async with broker_on_loopback(Broker(wants_login=True)) as port:
        known = await ask(asker, at(port, login=login(mechanism)))
        wrong = await ask(asker, at(port, login=login(mechanism, "${env:TOKEN}")))
    async with broker_on_loopback(Broker(wants_login=True), tls=server_tls) as port:
        hidden = await ask(asker, at(port, login=login(mechanism), **over))

    assert known.outcome is hidden.outcome is Outcome.GOOD, (known.detail, hidden.detail)
    assert hidden.facts.certificate_expires_at is not None
    assert (wrong.reason, wrong.phases.transfer_s) == ("login", None)
    assert "does not take our login: Authentication failed" in wrong.detail


async def test_each_broker_is_logged_in_at_and_verified_by_its_own_name(
    asker: Asker, server_tls: ssl.SSLContext, pem: str
) -> None:
    """The server name that is written is that of the first broker."""
    second = Broker(wants_login=True, topics={"probe": (Kept(),)})
    first = Broker(wants_login=True, topics={"probe": (Kept(),)})
    async with (
        broker_on_loopback(second, tls=server_tls) as far,
        broker_on_loopback(first, tls=server_tls) as near,
    ):
        first.where = {1: ("127.0.0.1", far)}
        second.answers[PRODUCE] = b""
        written = at(near, round_trip={"topic": "probe"}, login=login("SCRAM-SHA-512"))
        there = await ask(asker, written | {"tls": {"ca": pem, "server_name": "localhost"}})
        first.where = {1: ("127.0.0.2", far)}
        other = await ask(asker, written | {"tls": {"ca": pem, "server_name": "localhost"}})

    assert second.asked == [17, 36, 36, PRODUCE]
    assert there.reason == "malformed"
    assert other.reason in {"tls-wrong-host", "connect"}


async def test_logins_that_lead_nowhere(asker: Asker) -> None:
    plain = login("PLAIN")
    handshake = b"\0\x21\0\0\0\1\0\6GSSAPI"
    async with (
        broker_on_loopback(Broker(wants_login=True)) as closed,
        broker_on_loopback(Broker(answers={17: handshake})) as kerberos,
        broker_on_loopback(Broker(answers={17: b"\0\x22\0\0\0\0"})) as open_to_all,
        broker_on_loopback(Broker(honest=False)) as impostor,
    ):
        nobody = await ask(asker, at(closed))
        other = await ask(asker, at(kerberos, login=plain))
        needless = await ask(asker, at(open_to_all, login=plain))
        false = await ask(asker, at(impostor, login=login("SCRAM-SHA-256")))

    assert {one.reason for one in (nobody, other, needless, false)} == {"login"}
    assert nobody.detail.endswith("hangs up on who does not log in")
    assert other.detail.endswith("takes GSSAPI, and not PLAIN")
    assert needless.detail.endswith("ILLEGAL_SASL_STATE")
    assert false.detail == "the server does not prove that it knows the password"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"round_trip": {"topic": "a b"}}, "`a b` is no name of a topic"),
        ({"expect": {"topics": {"..": {}}}}, "`..` is no name of a topic"),
        ({"expect": {"brokers": "three"}}, "`three` is not a number"),
        ({"expect": {"brokers": {"length": 3}}}, "a number has no `length`"),
        ({"expect": {"topics": {"a": {"in_sync": 0}}}}, "the number 0 is no number of replicas"),
        ({"expect": {"groups": {"": {"lag": 1}}}}, "a name of a group has 1 to 255 bytes"),
        ({"expect": {"certificate": {"valid_for": "1d"}}}, "without TLS there is no certificate"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, {"connect": "a:1", **written}).what == what
