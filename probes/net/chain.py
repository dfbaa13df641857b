"""Chains of certificates as servers send them, read once: nearly always it is the same again."""

from __future__ import annotations

import functools
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import load_der_x509_certificate
from service_identity import CertificateError, VerificationError
from service_identity import cryptography as identity

_KEPT = 2048
"""Chains; more than there are probes with TLS in most configurations."""

_LARGEST = 8192
"""Bytes of a chain that is kept, so that what hostile targets send takes 16 MiB at most."""

_NAMES = 64
"""Verdicts kept of one chain."""

_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class Chain:
    """
    What can be read of certificates in DER, the server's own first.

    Args:
        encoded: The certificates as they were sent.

    Attributes:
        certificates: Up to the first that cannot be read.
        unreadable: Why that one cannot; empty if all can.
        expires_at: The earliest end of any, in UTC; ``None`` without any.
    """

    def __init__(self, encoded: tuple[bytes, ...]) -> None:
        read: list[x509.Certificate] = []
        self.unreadable = ""
        for number, one in enumerate(encoded, start=1):
            try:
                read.append(_whole(one))
            except _UNREADABLE as error:
                said = " ".join(str(error).split())[:80]
                self.unreadable = f"certificate {number} of the chain cannot be read: {said}"
                break
        self.certificates = tuple(read)
        self.expires_at: datetime | None = min(
            (one.not_valid_after_utc for one in read), default=None
        )
        self._is_for: dict[str, bool] = {}

    def is_for(self, name: str) -> bool:
        """Whether the server's own certificate, which there must be, is for host *name*."""
        known = self._is_for.get(name)
        if known is None:
            if len(self._is_for) >= _NAMES:
                self._is_for.clear()
            known = self._is_for[name] = _is_for(self.certificates[0], name)
        return known


def chain_of(encoded: tuple[bytes, ...]) -> Chain:
    """The chain of the certificates *encoded* in DER; those of usual size are kept."""
    if sum(map(len, encoded)) > _LARGEST:
        return Chain(encoded)
    return _kept(encoded)


_kept = functools.lru_cache(maxsize=_KEPT)(Chain)


def is_address(name: str) -> bool:
    """Whether *name* is an IP address rather than the name of a host."""
    return ":" in name or name.replace(".", "").isdigit()


def _whole(encoded: bytes) -> x509.Certificate:
    """Nothing of it fails later: its parts are read where they are first asked for."""
    read = load_der_x509_certificate(encoded)
    for part in ("not_valid_before_utc", "not_valid_after_utc", "extensions"):
        getattr(read, part)
    for name in (read.subject, read.issuer):
        name.rfc4514_string()
    return read


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    try:
        if is_address(name):
            identity.verify_certificate_ip_address(certificate, name)
        else:
            identity.verify_certificate_hostname(certificate, name)
    except (VerificationError, CertificateError, ValueError):
        return False
    return True
