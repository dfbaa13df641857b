"""The kind ``tls``: what a handshake shows, and every expectation of it."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from pydantic import TypeAdapter

from probes import tls
from probes.net.chain import Chain
from probes.net.ocsp import judge_staple
from probes.net.tls import Presented
from probes.net.trip import Unmet
from probes.result import Outcome, Result
from tests.probes.support import Asker, look_up, refusal, speaking

OPTIONS: TypeAdapter[tls.Options] = TypeAdapter(tls.Options)
NOW = datetime(2026, 10, 1, tzinfo=UTC)


async def _wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def ask(asker: Asker, context: ssl.SSLContext, **written: Any) -> Result:
    async with speaking(_wait, tls=context) as port:
        asked = {"connect": f"127.0.0.1:{port}", **written}
        options = OPTIONS.validate_python(asked, context={"resolve": look_up})
        return await tls.run(options, asker.watch(2))


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ({"version": 1.3}, ""),
        ({"version": [1.2, 1.3]}, ""),
        ({"version": ["1.2"]}, "tls-version"),
        ({"cipher": "GCM|CHACHA20"}, ""),
        ({"cipher": "^RC4"}, "tls-cipher"),
        ({"alpn": "h2"}, ""),
        ({"alpn": "http/1.1"}, "tls-alpn"),
        ({"certificate": {"valid_for": "1d"}}, ""),
        ({"certificate": {"valid_for": "31d"}}, "certificate"),
        ({"certificate": {"names": ["localhost", "::1"]}}, ""),
        ({"certificate": {"names": ["other.example"]}}, "certificate"),
        ({"certificate": {"issuer": "trustme"}}, ""),
        ({"certificate": {"issuer": "Let's Encrypt"}}, "certificate"),
        ({"certificate": {"subject": "trustme"}}, ""),
        ({"certificate": {"subject": "shop"}}, "certificate"),
        ({"certificate": {"sha256": "00" * 32}}, "certificate"),
        ({"certificate": {"ocsp": "stapled"}}, "ocsp"),
    ],
)
async def test_each_expectation_holds_or_has_its_reason(
    asker: Asker, authority: trustme.CA, pem: str, expect: dict[str, Any], reason: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    ends = datetime.now(UTC) + timedelta(days=30)
    leaf = authority.issue_cert("127.0.0.1", "localhost", "::1", not_after=ends)
    leaf.configure_cert(context)

    result = await ask(asker, context, ca=pem, expect=expect)

    assert result.reason == reason, result.detail
    assert result.facts.protocol == "TLSv1.3"
    assert result.facts.certificate_expires_at is not None
    assert (result.evidence is None) == (reason == "")


async def test_a_fingerprint_is_of_the_servers_own(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    leaf = authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    own = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    written = own.fingerprint(hashes.SHA256()).hex(":").upper()

    result = await ask(asker, context, ca=pem, expect={"certificate": {"sha256": written}})

    assert result.outcome is Outcome.GOOD, result.detail


async def test_what_is_not_trusted_is_shown_all_the_same(
    asker: Asker, server_tls: ssl.SSLContext
) -> None:
    result = await ask(asker, server_tls)

    assert result.reason == "tls-unknown-ca"
    assert result.facts.certificate_expires_at is not None
    assert result.evidence is not None
    assert "issued by" in result.evidence.body
    assert "fault: the certificate's issuer is not known" in result.evidence.body


@pytest.mark.parametrize(
    ("expect", "what"),
    [
        ({"certificate": {"sha256": "abc"}}, "a SHA-256 is 64 hexadecimal digits"),
        ({"certificate": {"issuer": "("}}, None),
    ],
)
def test_mistakes_are_named(expect: dict[str, Any], what: str | None) -> None:
    refused = refusal(OPTIONS, {"connect": "a:1", "expect": expect})

    assert what is None or refused.what == what


class Issuer:
    """An authority, a certificate that it signed, and answers about it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certificate("issuer", self.key, "issuer")
        self.leaf = self._certificate("leaf", ec.generate_private_key(ec.SECP256R1()), "issuer")

    def _certificate(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        *usages: x509.ObjectIdentifier,
    ) -> x509.Certificate:
        def called(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        builder = x509.CertificateBuilder(
            called(issuer),
            called(name),
            key.public_key(),
            x509.random_serial_number(),
            NOW - timedelta(days=9),
            NOW + timedelta(days=90),
        )
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def deputy(
        self, *usages: x509.ObjectIdentifier
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        return self._certificate("deputy", key, "issuer", *usages), key

    def answer(
        self,
        *,
        about: x509.Certificate | None = None,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
        since: datetime = NOW - timedelta(hours=1),
        until: datetime = NOW + timedelta(hours=1),
    ) -> bytes:
        certificate, key = signer or (self.certificate, self.key)
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                about or self.leaf,
                self.certificate,
                hashes.SHA1(),
                status,
                since,
                until,
                NOW - timedelta(days=1) if revoked else None,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, certificate)
        )
        if signer:
            builder = builder.certificates([certificate])
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _judged(issuer: Issuer, staple: bytes) -> str:
    """The reason that *staple* gives, empty where it proves what it should."""
    chain = (issuer.leaf, issuer.certificate)
    shown = Chain(tuple(one.public_bytes(serialization.Encoding.DER) for one in chain))
    presented = Presented(
        version="TLSv1.3", cipher="", alpn="", shown=shown, built=chain, staple=staple, faults=()
    )
    try:
        judge_staple(presented, NOW)
    except Unmet as unmet:
        return unmet.reason
    return ""


def test_a_staple_proves_something_only_if_all_of_it_holds() -> None:
    issuer, stranger = Issuer(), Issuer()
    signing = x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING
    other = x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
    revoked, unknown = ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
    day = timedelta(days=1)

    assert _judged(issuer, issuer.answer()) == ""
    assert _judged(issuer, issuer.answer(signer=issuer.deputy(signing))) == ""
    assert _judged(issuer, issuer.answer(status=revoked)) == "tls-revoked"
    for staple in (
        b"",
        b"nonsense",
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            serialization.Encoding.DER
        ),
        issuer.answer(status=unknown),
        issuer.answer(about=stranger.leaf),
        issuer.answer(signer=(stranger.certificate, stranger.key)),
        issuer.answer(signer=issuer.deputy(other)),
        issuer.answer(signer=issuer.deputy()),
        issuer.answer(signer=stranger.deputy(signing)),
        issuer.answer(since=NOW - 2 * day, until=NOW - day),
        issuer.answer(since=NOW + day, until=NOW + 2 * day),
    ):
        assert _judged(issuer, staple) == "ocsp"
