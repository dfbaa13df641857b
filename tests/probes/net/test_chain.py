"""Chains of certificates: read once, and hostile ones to their end."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import TypeAdapter

from probes import tls
from probes.net.chain import Chain, chain_of
from tests.probes.support import Asker, speaking

OPTIONS: TypeAdapter[tls.Options] = TypeAdapter(tls.Options)

VERSION_3 = bytes.fromhex("a003020102")
VERSION_4 = bytes.fromhex("a003020103")


@pytest.fixture(scope="module")
def leaf() -> trustme.LeafCert:
    return trustme.CA().issue_cert("127.0.0.1", "shop.test")


def _der(leaf: trustme.LeafCert) -> bytes:
    pem = leaf.cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def test_the_same_chain_is_read_once(leaf: trustme.LeafCert) -> None:
    again = bytes(bytearray(_der(leaf)))

    assert chain_of((_der(leaf),)) is chain_of((again,))
    assert chain_of((_der(leaf),)) is not chain_of((_der(leaf), _der(leaf)))


def test_a_chain_beyond_all_measure_is_not_kept(leaf: trustme.LeafCert) -> None:
    """A target that sends another one each time would fill memory with them."""
    long = (_der(leaf),) * 40

    assert chain_of(long) is not chain_of(long)
    assert len(chain_of(long).certificates) == 40


def test_a_name_is_judged_by_the_first(leaf: trustme.LeafCert) -> None:
    chain = chain_of((_der(leaf), _der(trustme.CA().issue_cert("other.test"))))

    for _ in range(2):  # read, and remembered
        assert chain.is_for("127.0.0.1")
        assert chain.is_for("shop.test")
        assert not chain.is_for("other.test")
    assert not any(chain.is_for(f"{number}.test") for number in range(100))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(
            lambda der: der.replace(VERSION_3, VERSION_4), id="a version there is none of"
        ),
        pytest.param(lambda der: der[:-9], id="cut off"),
        pytest.param(lambda _: b"", id="nothing"),
        pytest.param(
            lambda der: der.replace(b"trustme v", b"\xff\xfe\xff\xfetme v"), id="no text for a name"
        ),
    ],
)
def test_what_cannot_be_read_ends_the_chain(
    leaf: trustme.LeafCert, broken: Callable[[bytes], bytes]
) -> None:
    chain = Chain((_der(leaf), broken(_der(leaf)), _der(leaf)))

    assert len(chain.certificates) == 1
    assert chain.unreadable.startswith("certificate 2 of the chain cannot be read")
    assert chain.expires_at == chain.certificates[0].not_valid_after_utc


async def _wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_certificate_that_only_openssl_can_read_is_a_fault(
    asker: Asker, tmp_path: Path, leaf: trustme.LeafCert
) -> None:
    file = tmp_path / "server.pem"
    encoded = base64.encodebytes(_der(leaf).replace(VERSION_3, VERSION_4)).decode()
    file.write_bytes(leaf.private_key_pem.bytes())
    with file.open("a") as more:
        more.write(f"-----BEGIN CERTIFICATE-----\n{encoded}-----END CERTIFICATE-----\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async with speaking(_wait, tls=context) as port:
        written = {"connect": f"127.0.0.1:{port}"}
        result = await tls.run(OPTIONS.validate_python(written), asker.watch(2))
        trusting = OPTIONS.validate_python({**written, "verify": False})
        unverified = await tls.run(trusting, asker.watch(2))

    assert result.reason == "tls-unknown-ca"
    assert result.evidence is not None
    assert "certificate 1 of the chain cannot be read: 3 is not" in result.evidence.body
    assert unverified.reason == "certificate"
