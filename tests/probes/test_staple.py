"""A server that brings an OCSP answer along with its certificate, by OpenSSL's own hand."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from OpenSSL import SSL
from pydantic import TypeAdapter

from probes import tls
from tests.probes.lone_server import alone
from tests.probes.reached import Act
from tests.probes.support import Asker

OPTIONS: TypeAdapter[tls.Options] = TypeAdapter(tls.Options)
GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED


def stapling(authority: trustme.CA, status: ocsp.OCSPCertStatus) -> Act:
    """A handshake with a certificate of which its authority says *status*."""
    leaf = authority.issue_cert("127.0.0.1")
    own = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    signing: Any = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    key: Any = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now, hour = datetime.now(UTC), timedelta(hours=1)
    revoked_at = now - hour if status is REVOKED else None
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(own, issuer, hashes.SHA1(), status, now - hour, now + hour, revoked_at, None)
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
        .sign(signing, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(own)
    context.add_extra_chain_cert(issuer)
    context.use_privatekey(key)
    context.set_ocsp_server_callback(lambda *_: answer)

    def act(peer: socket.socket) -> None:
        peer.settimeout(None)  # or OpenSSL is told to try again
        connection = SSL.Connection(context, peer)
        connection.set_accept_state()
        try:
            connection.do_handshake()
            connection.recv(1)
        except SSL.Error:  # whoever shook hands has gone
            pass

    return act


@pytest.mark.parametrize(("status", "reason"), [(GOOD, ""), (REVOKED, "tls-revoked")])
async def test_what_the_authority_says_of_a_certificate_decides(
    asker: Asker, authority: trustme.CA, pem: str, status: ocsp.OCSPCertStatus, reason: str
) -> None:
    with alone(stapling(authority, status)) as port:
        written = {"connect": f"127.0.0.1:{port}", "ca": pem}
        expect = {"certificate": {"ocsp": "stapled"}}
        options = OPTIONS.validate_python({**written, "expect": expect})
        result = await tls.run(options, asker.watch(5))

    assert result.reason == reason, result.detail
