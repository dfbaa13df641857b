"""NATS and MQTT: real servers, and some that only seem to be one."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter

from probes import mqtt, nats
from probes.result import Outcome, Result
from tests.probes.brokers import mosquitto, nats_server
from tests.probes.support import Asker, Speak, look_up, refusal, speaking

KINDS = {"nats": nats, "mqtt": mqtt}
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


async def ask(asker: Asker, kind: str, written: dict[str, Any], timeout_s: float = 3) -> Result:
    adapter: TypeAdapter[Any] = TypeAdapter(KINDS[kind].Options)
    options = adapter.validate_python(written, context={"resolve": look_up})
    result: Result = await KINDS[kind].run(options, asker.watch(timeout_s))
    return result


def at(port: int, **written: Any) -> dict[str, Any]:
    return {"connect": f"127.0.0.1:{port}", **written}


LOGIN = {"username": "probe", "password": "${env:PASSWORD}"}


async def test_nats_takes_us_and_a_message_comes_back(asker: Asker, tmp_path: Path) -> None:
    with nats_server(tmp_path) as port:
        plain = await ask(asker, "nats", at(port))
        round_trip = await ask(asker, "nats", at(port, round_trip={"subject": "probe.us"}))

    assert plain.outcome is Outcome.GOOD, plain.detail
    assert round_trip.outcome is Outcome.GOOD, round_trip.detail
    assert round_trip.phases.transfer_s is not None
    assert round_trip.facts.address == "127.0.0.1"


async def test_nats_says_who_may_come_in_and_what_for(asker: Asker, tmp_path: Path) -> None:
    more = (
        'authorization { users: [ {user: probe, password: "open & sesame", permissions: '
        '{publish: "probe.>", subscribe: "probe.>"}} ] }'
    )
    with nats_server(tmp_path, more) as port:
        known = at(port, login=LOGIN)
        good = await ask(asker, "nats", known | {"round_trip": {"subject": "probe.us"}})
        other = await ask(asker, "nats", known | {"round_trip": {"subject": "orders"}})
        nobody = await ask(asker, "nats", at(port))
        wrong = await ask(asker, "nats", at(port, token="${env:TOKEN}"))

    assert good.outcome is Outcome.GOOD, good.detail
    assert [one.reason for one in (other, nobody, wrong)] == ["not-permitted", "login", "login"]


async def test_both_speak_over_tls(
    asker: Asker, authority: trustme.CA, pem: str, tmp_path: Path
) -> None:
    leaf = authority.issue_cert("127.0.0.1")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    leaf.private_key_pem.write_to_path(key)
    cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    # Mosquitto gives up being root before it reads them.
    key.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    with nats_server(tmp_path, f'tls {{ cert_file: "{cert}", key_file: "{key}" }}') as port:
        over_nats = await ask(asker, "nats", at(port, tls={"ca": pem}))
        unasked = await ask(asker, "nats", at(port))
    more = f"allow_anonymous true\ncertfile {cert}\nkeyfile {key}"
    with mosquitto(tmp_path, more) as port:
        over_mqtt = await ask(asker, "mqtt", at(port, tls={"ca": pem}))

    assert over_nats.outcome is Outcome.GOOD, over_nats.detail
    assert over_nats.facts.certificate_expires_at is not None
    assert unasked.reason == "tls-unknown-ca"
    assert over_mqtt.outcome is Outcome.GOOD, over_mqtt.detail


@pytest.mark.parametrize("qos", [0, 1])
async def test_mqtt_takes_us_and_a_message_comes_back(
    asker: Asker, tmp_path: Path, qos: int
) -> None:
    with mosquitto(tmp_path) as port:
        plain = await ask(asker, "mqtt", at(port, client="probe-1"))
        trip = {"topic": "probe/us", "qos": qos}
        round_trip = await ask(asker, "mqtt", at(port, round_trip=trip))

    assert plain.outcome is Outcome.GOOD, plain.detail
    assert round_trip.outcome is Outcome.GOOD, round_trip.detail


async def test_mqtt_says_who_may_come_in_and_what_for(asker: Asker, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    passwords, rights = tmp_path / "passwords", tmp_path / "rights"
    rights.write_text("user probe\ntopic readwrite probe/#\n", encoding="utf-8")
    passwords.touch()
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), "probe", "open & sesame"], check=True)
    for file in (passwords, rights):
        file.chmod(0o644)
    with mosquitto(tmp_path, f"password_file {passwords}\nacl_file {rights}") as port:
        known = at(port, login=LOGIN)
        good = await ask(asker, "mqtt", known | {"round_trip": {"topic": "probe/us"}})
        nobody = await ask(asker, "mqtt", at(port))
        other = await ask(asker, "mqtt", known | {"round_trip": {"topic": "orders"}}, 0.5)

    assert good.outcome is Outcome.GOOD, good.detail
    assert nobody.reason == "login"
    # Mosquitto takes the subscription and lets nothing through.
    assert other.reason in {"not-permitted", "timeout"}


def saying(*pieces: bytes, reading: bool = True) -> Speak:
    async def speak(reader: Reader, writer: Writer) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if reading:
                await reader.read(65536)
        await asyncio.sleep(0)

    return speak


INFO = b'INFO {"server_id":"x"}\r\n'
CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x03\x00\x01\x00"


@pytest.mark.parametrize(
    ("kind", "speak", "reason"),
    [
        ("nats", saying(b"220 hello\r\n"), "malformed"),
        ("nats", saying(b"INFO {nope\r\n"), "malformed"),
        ("nats", saying(b"INFO " + b"[" * 60_000 + b"\r\n"), "malformed"),
        ("nats", saying(b"INFO []\r\n"), "malformed"),
        ("nats", saying(b"x" * 100_000), "malformed"),
        ("nats", saying(INFO, b"-ERR 'Maximum Connections Exceeded'\r\n"), "refused"),
        ("nats", saying(INFO, b"what?\r\n"), "malformed"),
        ("nats", saying(INFO), "truncated"),
        ("nats", saying(INFO, b"PONG\r\n", b"MSG a 1 99999999999\r\n"), "malformed"),
        ("nats", saying(INFO, b"PONG\r\n", b"MSG a 1 99999999\r\n" + b"x" * 3_000_000),
         "body-too-large"),
        ("nats", saying(INFO, b"PONG\r\nPING\r\nMSG a 1 2\r\nhi\r\n"), "truncated"),
        ("mqtt", saying(b"220 hello\r\n"), "malformed"),
        ("mqtt", saying(b""), "empty-reply"),
        ("mqtt", saying(b"\x20\x02\x00\x03"), "refused"),
        ("mqtt", saying(b"\x20\x02\x00\x63"), "refused"),
        ("mqtt", saying(b"\x20\xff\xff\xff\xff\xff"), "malformed"),
        ("mqtt", saying(b"\x20\xff\xff\xff\x7f"), "body-too-large"),
        ("mqtt", saying(CONNACK, b"\x90\x03\x00\x01\x80"), "not-permitted"),
        ("mqtt", saying(CONNACK, SUBACK, b"\x30\x02\xff\xff"), "malformed"),
        ("mqtt", saying(CONNACK, SUBACK, b"\xd0\x00"), "malformed"),
        ("mqtt", saying(CONNACK, SUBACK, b"\x30\x05\x00\x01ahi"), "timeout"),
    ],
)  # fmt: skip
async def test_targets_that_only_seem_to_speak_it(
    asker: Asker, kind: str, speak: Speak, reason: str
) -> None:
    trip = {"nats": {"subject": "a"}, "mqtt": {"topic": "a"}}[kind]
    async with speaking(speak) as port:
        result = await ask(asker, kind, at(port, round_trip=trip), 1)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("kind", "written", "what"),
    [
        ("nats", {"round_trip": {"subject": "a.*"}}, "`a.*` is no subject to publish to"),
        (
            "nats",
            {"login": LOGIN, "token": "${env:TOKEN}"},
            "login and token are two ways to log in",
        ),
        ("mqtt", {"round_trip": {"topic": "a/#"}}, "`a/#` is no topic to publish to"),
    ],
)
def test_mistakes_are_named(kind: str, written: dict[str, Any], what: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(KINDS[kind].Options)

    assert refusal(adapter, {"connect": "a:1", **written}).what == what
