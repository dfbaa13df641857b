"""SCRAM: by the examples of its RFC, and against servers that only seem to know it."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from probes.net.scram import Scram
from probes.net.trip import Trouble

NONCE = base64.b64decode("rOprNGfwEbeRWgbNEkqO")


async def test_scram_is_that_of_rfc_7677(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda _: NONCE)
    scram = Scram("pencil", username="user")
    server = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

    assert scram.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    answer = await scram.answer(f"r={server},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode())
    assert answer.decode() == (f"c=biws,r={server},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    scram.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    with pytest.raises(Trouble):
        scram.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")


def test_a_server_that_skips_its_proof_has_proved_nothing() -> None:
    with pytest.raises(Trouble):
        Scram("pencil").verify(b"v=")


def test_a_name_is_escaped() -> None:
    assert b"n=a=3Db=2Cc," in Scram("pencil", username="a=b,c").first()


async def test_sha_512_is_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_bytes", bytes)
    scram = Scram("pencil", username="user", digest="sha512")
    nonce = base64.b64encode(bytes(18)).decode()
    first = f"r={nonce}x,s=c2FsdA==,i=4096"
    await scram.answer(first.encode())
    salted = hashlib.pbkdf2_hmac("sha512", b"pencil", b"salt", 4096)
    spoken = f"n=user,r={nonce},{first},c=biws,r={nonce}x".encode()
    key = hmac.digest(salted, b"Server Key", "sha512")

    scram.verify(b"v=" + base64.b64encode(hmac.digest(key, spoken, "sha512")))


@pytest.mark.parametrize(
    "rounds",
    ["0", "-1", "", "many", "200001", "10000000000", "0000000010000000000", "1" + "0" * 5000],
)
async def test_nobody_makes_us_hash_for_ever(monkeypatch: pytest.MonkeyPatch, rounds: str) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda _: NONCE)
    challenge = f"r=rOprNGfwEbeRWgbNEkqOx,s=c2FsdA==,i={rounds}"

    with pytest.raises(Trouble) as caught:
        await Scram("pencil").answer(challenge.encode())
    assert caught.value.reason == "login"


@pytest.mark.parametrize(
    "challenge", ["", "r=another,s=c2FsdA==,i=1", "r=rOprNGfwEbeRWgbNEkqOx,s=\xfc,i=1", "\udcff"]
)
async def test_a_challenge_that_is_none(monkeypatch: pytest.MonkeyPatch, challenge: str) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda _: NONCE)

    with pytest.raises(Trouble):
        await Scram("pencil").answer(challenge.encode("utf-8", "surrogateescape"))
