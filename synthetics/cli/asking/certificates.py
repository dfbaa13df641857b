"""Certificates in the words that people know them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """
    One certificate.

    Attributes:
        subject, issuer: The common name where there is one, else all of it.
        names: For which hosts and addresses it is.
        begins_at, expires_at: In UTC.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins_at: datetime
    expires_at: datetime


def read(chain: Sequence[str]) -> list[Certificate]:
    """The certificates of *chain*, in PEM; one that cannot be read ends it."""
    found: list[Certificate] = []
    for pem in chain:
        try:
            one = x509.load_pem_x509_certificate(pem.encode())
            found.append(
                Certificate(
                    subject=_named(one.subject),
                    issuer=_named(one.issuer),
                    names=_names(one),
                    begins_at=one.not_valid_before_utc,
                    expires_at=one.not_valid_after_utc,
                )
            )
        except ValueError:
            break
    return found


def _named(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return ()
    return tuple(
        str(each.value)
        for each in extension.value
        if isinstance(each, x509.DNSName | x509.IPAddress)
    )
