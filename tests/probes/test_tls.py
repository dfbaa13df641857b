"""TLS: each kind of wrong by its name, and what a certificate tells."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pycurl
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from probes.curl.order import Answer
from probes.curl.reasons import verdict
from probes.result import Outcome, Phases
from tests.probes.support import Asker, ok, refusing, saying, speaking

Context = Callable[[trustme.CA], ssl.SSLContext]


def _serving_with(cert: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    return context


def _expired(authority: trustme.CA) -> ssl.SSLContext:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    return _serving_with(
        authority.issue_cert("127.0.0.1", not_before=past, not_after=past + timedelta(days=1))
    )


def _not_yet(authority: trustme.CA) -> ssl.SSLContext:
    future = datetime(2900, 1, 1, tzinfo=UTC)
    return _serving_with(authority.issue_cert("127.0.0.1", not_before=future))


def _wrong_host(authority: trustme.CA) -> ssl.SSLContext:
    return _serving_with(authority.issue_cert("other.example"))


def _unknown(_: trustme.CA) -> ssl.SSLContext:
    return _serving_with(trustme.CA().issue_cert("127.0.0.1"))


def _old(authority: trustme.CA) -> ssl.SSLContext:
    context = _serving_with(authority.issue_cert("127.0.0.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.mark.parametrize(
    ("context", "options", "reason"),
    [
        pytest.param(_expired, {}, "tls-expired", id="expired"),
        pytest.param(_not_yet, {}, "tls-not-yet-valid", id="not valid yet"),
        pytest.param(_wrong_host, {}, "tls-wrong-host", id="another host's"),
        pytest.param(_unknown, {}, "tls-unknown-ca", id="an unknown authority's"),
        pytest.param(_old, {"min_version": 1.3}, "tls-handshake", id="no version in common"),
    ],
)
async def test_each_wrong_has_its_reason(
    asker: Asker,
    authority: trustme.CA,
    pem: str,
    context: Context,
    options: dict[str, object],
    reason: str,
) -> None:
    async with speaking(saying(ok()), tls=context(authority)) as port:
        written = {"get": f"https://127.0.0.1:{port}/", "tls": {"ca": pem, **options}}
        result = await asker.http(written)

    assert (result.outcome, result.reason) == (Outcome.BAD, reason), result.detail


async def test_self_signed_is_told_apart_and_can_be_accepted(asker: Asker, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    both = tmp_path / "own.pem"
    both.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    async with speaking(saying(ok()), tls=context) as port:
        url = f"https://127.0.0.1:{port}/"
        refused = await asker.http({"get": url})
        accepted = await asker.http({"get": url, "tls": {"verify": False}})

    assert refused.reason == "tls-self-signed"
    assert accepted.outcome is Outcome.GOOD


async def test_plain_text_where_tls_was_asked_for(asker: Asker) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(ok())

    async with speaking(plain) as port:
        result = await asker.http({"get": f"https://127.0.0.1:{port}/"})

    assert result.reason == "tls-handshake"


async def test_the_certificate_s_end_is_measured_and_can_be_expected(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    context = _serving_with(authority.issue_cert("127.0.0.1", not_after=end))
    async with speaking(saying(ok()), tls=context) as port:
        written = {"get": f"https://127.0.0.1:{port}/", "tls": {"ca": pem}}
        week = await asker.http({**written, "expect": {"certificate": {"valid_for": "7d"}}})
        fortnight = await asker.http({**written, "expect": {"certificate": {"valid_for": "14d"}}})

    assert week.outcome is Outcome.GOOD
    assert week.facts.certificate_expires_at == end
    assert week.phases.tls_s is not None
    assert fortnight.reason == "certificate"


async def test_a_handshake_that_hangs_says_how_far_it_came(asker: Asker) -> None:
    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with speaking(hang) as port:
        result = await asker.http({"get": f"https://127.0.0.1:{port}/"}, timeout_s=0.3)

    assert (result.reason, result.phases.tls_s) == ("timeout", None)
    assert result.phases.connect_s is not None


async def test_every_sample_shakes_hands_in_full(
    asker: Asker, server_tls: ssl.SSLContext, pem: str
) -> None:
    """A resumed session would skip the certificate, and look faster than a new user is served."""
    resumed = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        resumed.append(writer.get_extra_info("ssl_object").session_reused)
        await saying(ok())(reader, writer)

    async with speaking(speak, tls=server_tls) as port:
        for _ in range(3):
            await asker.http({"get": f"https://127.0.0.1:{port}/", "tls": {"ca": pem}})

    assert resumed == [False] * 3


def _asking_for_certificates(authority: trustme.CA) -> ssl.SSLContext:
    context = _serving_with(authority.issue_cert("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context


def _as_client(cert: trustme.LeafCert) -> dict[str, str]:
    return {
        "certificate": "".join(each.bytes().decode() for each in cert.cert_chain_pems),
        "key": cert.private_key_pem.bytes().decode(),
    }


async def test_a_client_certificate_is_shown(asker: Asker, authority: trustme.CA, pem: str) -> None:
    mine = _as_client(authority.issue_cert("probe@example.org"))
    async with speaking(saying(ok()), tls=_asking_for_certificates(authority)) as port:
        result = await asker.http({"get": f"https://127.0.0.1:{port}/", "tls": {"ca": pem, **mine}})

    assert result.outcome is Outcome.GOOD, result.detail


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate_that_is_refused_is_told_apart(
    asker: Asker, authority: trustme.CA, pem: str, newest: ssl.TLSVersion
) -> None:
    context = _asking_for_certificates(authority)
    context.maximum_version = newest
    stranger = _as_client(trustme.CA().issue_cert("probe@example.org"))
    async with speaking(refusing(context)) as port:
        url = f"https://127.0.0.1:{port}/"
        result = await asker.http({"get": url, "tls": {"ca": pem, **stranger}})

    assert (result.outcome, result.reason) == (Outcome.BAD, "tls-client-certificate")
    assert "alert unknown ca" in result.detail


async def test_a_client_certificate_that_is_missing_is_told_apart(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    async with speaking(refusing(_asking_for_certificates(authority))) as port:
        result = await asker.http({"get": f"https://127.0.0.1:{port}/", "tls": {"ca": pem}})

    assert (result.outcome, result.reason) == (Outcome.BAD, "tls-client-certificate")
    assert "alert certificate required" in result.detail


@pytest.mark.parametrize(
    "said",
    [
        "Send failure: Broken pipe",
        "Recv failure: Connection reset by peer",
        "OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0",
    ],
)
def test_a_target_that_hangs_up_is_a_reset_however_libcurl_learns_of_it(said: str) -> None:
    """Which of them it is depends on who was first: all have one code, as broken framing has."""
    answer = Answer(
        failure=pycurl.E_RECV_ERROR, message=said, errno=0, verify=0, proxy_error=0, denied="",
        too_large=False, status=0, head=(), body=b"", body_bytes=0, protocol=None,
        address="127.0.0.1", phases=Phases(), total_s=0.1, certificate_expires_at=None,
    )  # fmt: skip

    assert verdict(answer, timeout_s=1, proxy=False)[:2] == (Outcome.BAD, "reset")


async def test_another_server_name_is_asked_for_and_verified(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    asked = []
    seen = []
    context = _serving_with(authority.issue_cert("shop.example"))
    context.sni_callback = lambda _, name, __: asked.append(name)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ok())

    async with speaking(speak, tls=context) as port:
        written = {"ca": pem, "server_name": "shop.example"}
        result = await asker.http({"get": f"https://127.0.0.1:{port}/", "tls": written})

    assert result.outcome is Outcome.GOOD, result.detail
    assert asked == ["shop.example"]
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in seen[0]
    assert result.facts.url == f"https://127.0.0.1:{port}/"
