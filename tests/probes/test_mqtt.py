"""MQTT: a real broker, and some that only seem to be one."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter

from probes import mqtt
from probes.result import Outcome, Result
from tests.probes.brokers import mosquitto
from tests.probes.support import Asker, Speak, look_up, refusal, speaking

OPTIONS: TypeAdapter[mqtt.Options] = TypeAdapter(mqtt.Options)
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
LOGIN = {"username": "probe", "password": "${env:PASSWORD}"}


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 3) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await mqtt.run(options, asker.watch(timeout_s))


def at(port: int, **written: Any) -> dict[str, Any]:
    return {"connect": f"127.0.0.1:{port}", **written}


@pytest.mark.parametrize("qos", [0, 1])
async def test_mqtt_takes_us_and_a_message_comes_back(
    asker: Asker, tmp_path: Path, qos: int
) -> None:
    with mosquitto(tmp_path) as port:
        plain = await ask(asker, at(port, client="probe-1"))
        trip = {"topic": "probe/us", "qos": qos}
        round_trip = await ask(asker, at(port, round_trip=trip))

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
        good = await ask(asker, known | {"round_trip": {"topic": "probe/us"}})
        nobody = await ask(asker, at(port))
        other = await ask(asker, known | {"round_trip": {"topic": "orders"}}, 0.5)

    assert good.outcome is Outcome.GOOD, good.detail
    assert nobody.reason == "login"
    # Mosquitto takes the subscription and lets nothing through.
    assert other.reason in {"not-permitted", "timeout"}


async def test_over_tls(asker: Asker, authority: trustme.CA, pem: str, tmp_path: Path) -> None:
    leaf = authority.issue_cert("127.0.0.1")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    leaf.private_key_pem.write_to_path(key)
    cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    # Mosquitto gives up being root before it reads them.
    key.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    more = f"allow_anonymous true\ncertfile {cert}\nkeyfile {key}"
    with mosquitto(tmp_path, more) as port:
        result = await ask(asker, at(port, tls={"ca": pem}))

    assert result.outcome is Outcome.GOOD, result.detail


def saying(*pieces: bytes, reading: bool = True) -> Speak:
    async def speak(reader: Reader, writer: Writer) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if reading:
                await reader.read(65536)
        await asyncio.sleep(0)

    return speak


CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x03\x00\x01\x00"


@pytest.mark.parametrize(
    ("speak", "reason"),
    [
        (saying(b"220 hello\r\n"), "malformed"),
        (saying(b""), "empty-reply"),
        (saying(b"\x20\x02\x00\x03"), "refused"),
        (saying(b"\x20\x02\x00\x63"), "refused"),
        (saying(b"\x20\xff\xff\xff\xff\xff"), "malformed"),
        (saying(b"\x20\xff\xff\xff\x7f"), "body-too-large"),
        (saying(CONNACK, b"\x90\x03\x00\x01\x80"), "not-permitted"),
        (saying(CONNACK, b"\x90\x02\x00\x01"), "malformed"),
        (saying(CONNACK, b"\x90\x03\x00\x07\x00"), "malformed"),
        (saying(CONNACK, SUBACK, b"\x40\x02\x00\x07"), "malformed"),
        (saying(CONNACK, SUBACK, b"\x30\x02\xff\xff"), "malformed"),
        (saying(CONNACK, SUBACK, b"\xd0\x00"), "malformed"),
        (saying(CONNACK, SUBACK, b"\x30\x05\x00\x01ahi"), "timeout"),
    ],
)  # fmt: skip
async def test_targets_that_only_seem_to_speak_it(asker: Asker, speak: Speak, reason: str) -> None:
    async with speaking(speak) as port:
        result = await ask(asker, at(port, round_trip={"topic": "a"}), 1)

    assert result.reason == reason, result.detail


def test_a_topic_for_many_is_none_to_publish_to() -> None:
    refused = refusal(OPTIONS, {"connect": "a:1", "round_trip": {"topic": "a/#"}})

    assert refused.what == "`a/#` is no topic to publish to"


@pytest.mark.parametrize("which", ["username", "password"])
def test_a_login_that_no_packet_holds(which: str) -> None:
    login = {"username": "probe", "password": "secret"} | {which: "x" * 65_536}

    assert refusal(OPTIONS, {"connect": "a:1", "login": login}).at == ("login", which)
