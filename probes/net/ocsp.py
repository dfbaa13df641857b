"""OCSP answers that come along with a handshake (RFC 6066, section 8; RFC 6960)."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp

from probes.net.tls import Presented
from probes.net.trip import Unmet

SKEW = timedelta(minutes=5)
"""How far the clock of whoever signed the answer may be ahead of ours."""


def judge_staple(presented: Presented, now: datetime) -> None:
    """
    An OCSP answer came along that is for the server's certificate, signed by its issuer or by
    whom that has named, current, and good.

    Raises:
        Unmet: ``ocsp``; ``tls-revoked`` if it says so.
    """
    wanted = "a stapled OCSP answer"
    if not presented.staple:
        raise Unmet("ocsp", wanted, "none")
    try:
        answer = ocsp.load_der_ocsp_response(presented.staple)
    except ValueError:
        raise Unmet("ocsp", wanted, "something that is not OCSP") from None
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise Unmet("ocsp", wanted, f"the status {answer.response_status.name.lower()}")
    own = presented.chain[0]
    if answer.serial_number != own.serial_number:
        raise Unmet("ocsp", f"{wanted} for this certificate", "one for another")
    if not _signed(answer, presented.built or presented.chain):
        raise Unmet("ocsp", f"{wanted} signed by the issuer", "one that is not")
    if answer.this_update_utc > now + SKEW:
        raise Unmet("ocsp", f"a current {wanted[2:]}", f"one from {answer.this_update_utc:%F %R}")
    ends = answer.next_update_utc
    if ends is not None and ends < now:
        raise Unmet("ocsp", f"a current {wanted[2:]}", f"one until {ends:%Y-%m-%d %H:%M} UTC")
    if answer.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        raise Unmet("tls-revoked", "a certificate that is good", "one that is revoked")
    if answer.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise Unmet("ocsp", "the status good", answer.certificate_status.name.lower())


def _signed(answer: ocsp.OCSPResponse, chain: tuple[x509.Certificate, ...]) -> bool:
    """Whether the issuer signed it, or somebody whose certificate the issuer signed for that."""
    issuers = [one for one in chain[1:] if one.subject == chain[0].issuer]
    return any(
        _verifies(answer, issuer)
        or any(_may_sign(one, issuer) and _verifies(answer, one) for one in answer.certificates)
        for issuer in issuers
    )


def _may_sign(named: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        named.verify_directly_issued_by(issuer)
        usage = named.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, UnsupportedAlgorithm):
        return False
    return x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _verifies(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, digest = signer.public_key(), answer.signature_hash_algorithm
    signature, data = answer.signature, answer.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(signature, data, ec.ECDSA(digest))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
