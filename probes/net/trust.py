"""Whom to trust, and what to show of ourselves."""

from __future__ import annotations

import functools
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import certifi

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


OLD_TOO = "ALL:@SECLEVEL=0"
"""Ciphers with which 1.0 and 1.1 can be spoken: OpenSSL takes their signatures at level 0 only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOrder:
    """Certificates in PEM; *min_version* and *max_version* such as ``1.2``."""

    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None
    verify: bool = True
    min_version: str | None = None
    max_version: str | None = None

    @property
    def takes_old(self) -> bool:
        """Whether versions are permitted that OpenSSL takes with `OLD_TOO` only."""
        return self.min_version in ("1.0", "1.1")


@functools.cache
def authorities_file() -> str:
    """
    The bundle to verify against: ``SSL_CERT_FILE``, the system's, or certifi's.

    One file for all handles, because libcurl then parses it once for its multi
    handle and keeps it for a day; a parse costs milliseconds.
    """
    named = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    for candidate in (named, *_BUNDLES):
        if candidate and Path(candidate).is_file():
            return candidate
    return certifi.where()
