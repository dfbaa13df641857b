"""Servers whose certificate is wrong, one of each sort."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "127.0.0.1"
_NOW = datetime.now(UTC)
_PAST = datetime(2020, 1, 1, tzinfo=UTC)
Make = Callable[[trustme.CA], ssl.SSLContext]


def server(*names: str, **spans: datetime) -> Make:
    """A server with a certificate of the authority."""

    def make(authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # One of its arguments is no date; these all are.
        authority.issue_cert(*names, **spans).configure_cert(context)  # type: ignore[arg-type]
        return context

    return make


def _unknown(_: trustme.CA) -> ssl.SSLContext:
    return server(HOST)(trustme.CA())


def _own(_: trustme.CA) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    return _made(key, name, key, ExtendedKeyUsageOID.SERVER_AUTH)


def _of_a_client(authority: trustme.CA) -> ssl.SSLContext:
    """Signed by the authority, but not for servers."""
    signing = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).subject
    key = ec.generate_private_key(ec.SECP256R1())
    return _made(key, issuer, signing, ExtendedKeyUsageOID.CLIENT_AUTH)


def _made(
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signing: ec.EllipticCurvePrivateKey,
    use: x509.ObjectIdentifier,
) -> ssl.SSLContext:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    start, end = _NOW - timedelta(days=1), _NOW + timedelta(days=99)
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    certificate = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), 7, start, end)
        .add_extension(host, critical=False)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as both:
        Path(both.name).write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(both.name)
    return context


def _wanting_ours(authority: trustme.CA) -> ssl.SSLContext:
    context = server(HOST)(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context


def wanting_ours_early(authority: trustme.CA) -> ssl.SSLContext:
    """As it was before TLS 1.3: the handshake is not over before ours was looked at."""
    context = _wanting_ours(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def stranger() -> dict[str, str]:
    """A client's certificate that nobody knows, as it is written below ``tls``."""
    ours = trustme.CA().issue_cert("probe@shop.example")
    chain = "".join(one.bytes().decode() for one in ours.cert_chain_pems)
    return {"certificate": chain, "key": ours.private_key_pem.bytes().decode()}


def _old(authority: trustme.CA) -> ssl.SSLContext:
    context = server(HOST)(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


WRONG: Mapping[str, Make] = {
    "tls-expired": server(HOST, not_before=_PAST, not_after=_PAST + timedelta(days=1)),
    "tls-not-yet-valid": server(HOST, not_before=_NOW + timedelta(days=2)),
    "tls-wrong-host": server("other.example"),
    "tls-unknown-ca": _unknown,
    "tls-self-signed": _own,
    "tls-untrusted": _of_a_client,
    "tls-handshake": _old,
    "tls-client-certificate": _wanting_ours,
}
"""By the reason that it gives; of TLS 1.2 at most is the one for ``tls-handshake``."""
