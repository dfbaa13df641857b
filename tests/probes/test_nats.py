"""NATS: a real server, and some that only seem to be one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter

from probes import nats
from probes.result import Outcome, Result
from tests.probes.brokers import nats_server
from tests.probes.support import Asker, Speak, look_up, refusal, speaking

OPTIONS: TypeAdapter[nats.Options] = TypeAdapter(nats.Options)
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
LOGIN = {"username": "probe", "password": "${env:PASSWORD}"}


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 3) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await nats.run(options, asker.watch(timeout_s))


def at(port: int, **written: Any) -> dict[str, Any]:
    return {"connect": f"127.0.0.1:{port}", **written}


async def test_nats_takes_us_and_a_message_comes_back(asker: Asker, tmp_path: Path) -> None:
    with nats_server(tmp_path) as port:
        plain = await ask(asker, at(port))
        round_trip = await ask(asker, at(port, round_trip={"subject": "probe.us"}))

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
        good = await ask(asker, known | {"round_trip": {"subject": "probe.us"}})
        other = await ask(asker, known | {"round_trip": {"subject": "orders"}})
        nobody = await ask(asker, at(port))
        wrong = await ask(asker, at(port, token="${env:TOKEN}"))

    assert good.outcome is Outcome.GOOD, good.detail
    assert [one.reason for one in (other, nobody, wrong)] == ["not-permitted", "login", "login"]


async def test_over_tls_also_where_the_server_insists(
    asker: Asker, authority: trustme.CA, pem: str, tmp_path: Path
) -> None:
    leaf = authority.issue_cert("127.0.0.1")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    leaf.private_key_pem.write_to_path(key)
    cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    with nats_server(tmp_path, f'tls {{ cert_file: "{cert}", key_file: "{key}" }}') as port:
        result = await ask(asker, at(port, tls={"ca": pem}))
        unasked = await ask(asker, at(port))

    assert result.outcome is Outcome.GOOD, result.detail
    assert result.facts.certificate_expires_at is not None
    assert unasked.reason == "tls-unknown-ca"


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


@pytest.mark.parametrize(
    ("speak", "reason"),
    [
        (saying(b"220 hello\r\n"), "malformed"),
        (saying(b"INFO {nope\r\n"), "malformed"),
        (saying(b"INFO " + b"[" * 60_000 + b"\r\n"), "malformed"),
        (saying(b"INFO []\r\n"), "malformed"),
        (saying(b"x" * 100_000), "malformed"),
        (saying(INFO, b"-ERR 'Maximum Connections Exceeded'\r\n"), "refused"),
        (saying(INFO, b"what?\r\n"), "malformed"),
        (saying(INFO), "truncated"),
        (saying(INFO, b"PONG\r\n", b"MSG a 1 99999999999\r\n"), "malformed"),
        (saying(INFO, b"PONG\r\n", b"MSG a 1 99999999\r\n" + b"x" * 3_000_000),
         "body-too-large"),
        (saying(INFO, b"PONG\r\nPING\r\nMSG a 1 2\r\nhi\r\n"), "truncated"),
    ],
)  # fmt: skip
async def test_targets_that_only_seem_to_speak_it(asker: Asker, speak: Speak, reason: str) -> None:
    async with speaking(speak) as port:
        result = await ask(asker, at(port, round_trip={"subject": "a"}), 1)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize("length", [5, 14, 20, 25, 30])
async def test_half_a_password_is_not_told_either(asker: Asker, length: int) -> None:
    async def repeat(reader: Reader, writer: Writer) -> None:
        writer.write(INFO)
        writer.write(b"-ERR " + await reader.readline())

    login = {"username": "u" * length, "password": 'open & "sesame" 愛'}
    async with speaking(repeat) as port:
        result = await ask(asker, at(port, login=login))

    assert result.reason == "refused"
    assert "CONNECT" in repr(result.evidence)
    assert "open &" not in repr(result)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"round_trip": {"subject": "a.*"}}, "`a.*` is no subject to publish to"),
        ({"login": LOGIN, "token": "${env:TOKEN}"}, "login and token are two ways to log in"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, {"connect": "a:1", **written}).what == what
