"""What the metrics say of TLS: versions, certificates, and the chain that was verified."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import crypto

from probes.net.trust import TlsOrder, authorities_file
from synthetics.exporter.gauges import Gauges

_UNVERIFIED = -62_135_596_800
"""What the exporter says of a chain that nobody verified: the year 1, Go's zero time."""

_SHORT = {
    "2.5.4.6": "C", "2.5.4.8": "ST", "2.5.4.7": "L", "2.5.4.9": "STREET", "2.5.4.17": "POSTALCODE",
    "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN", "2.5.4.5": "SERIALNUMBER",
}  # fmt: skip
_CIPHERS = {
    "ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
}


def show(
    gauges: Gauges,
    *,
    version: str,
    cipher: str,
    chain: Sequence[x509.Certificate],
    tls: TlsOrder,
) -> None:
    """
    Write what a target showed.

    Args:
        gauges: Written to.
        version: Such as ``TLSv1.3``.
        cipher: OpenSSL's name of it.
        chain: As presented, the target's own certificate first.
        tls: By whom it was verified.
    """
    show_presented(gauges, version, chain)
    gauges.set("probe_tls_cipher_info", 1, cipher=_CIPHERS.get(cipher, cipher))
    gauges.set(
        "probe_ssl_last_chain_expiry_timestamp_seconds",
        _verified_until(tuple(chain), tls.ca) if tls.verify else _UNVERIFIED,
    )


def show_presented(gauges: Gauges, version: str, chain: Sequence[x509.Certificate]) -> None:
    """Write only *version* and *chain*, as in `show`."""
    said = version.removeprefix("TLSv")
    version = (
        f"TLS {said if '.' in said else said + '.0'}" if version.startswith("TLSv") else version
    )
    gauges.set("probe_tls_version_info", 1, version=version)
    gauges.set(
        "probe_ssl_earliest_cert_expiry", _stamp(min(one.not_valid_after_utc for one in chain))
    )
    gauges.set("probe_ssl_last_chain_info", 1, **_described(chain[0]))


@functools.lru_cache(maxsize=4096)
def read(pem: str) -> x509.Certificate:
    """The certificate in *pem*; kept, since a target shows the same again and again."""
    return x509.load_pem_x509_certificate(pem.encode())


def _stamp(at: datetime) -> int:
    return int(at.timestamp())


@functools.lru_cache(maxsize=4096)
def _described(leaf: x509.Certificate) -> dict[str, str]:
    serial = leaf.serial_number
    return {
        "fingerprint_sha256": leaf.fingerprint(hashes.SHA256()).hex(),
        "subject": _name(leaf.subject),
        "issuer": _name(leaf.issuer),
        "subjectalternative": ",".join(_dns_names(leaf)),
        "serialnumber": serial.to_bytes((serial.bit_length() + 7) // 8, "big").hex(),
    }


def _dns_names(leaf: x509.Certificate) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return names.value.get_values_for_type(x509.DNSName)


def _name(name: x509.Name) -> str:
    """By RFC 2253, the last part first, as the exporter writes it."""
    return name.rfc4514_string(
        {attribute.oid: _SHORT.get(attribute.oid.dotted_string, attribute.oid.dotted_string)
         for attribute in name}
    )  # fmt: skip


@functools.lru_cache(maxsize=8)
def _store(ca: bytes | None) -> crypto.X509Store:
    store = crypto.X509Store()
    if ca is None:
        store.load_locations(authorities_file())
    else:
        for one in x509.load_pem_x509_certificates(ca):
            store.add_cert(crypto.X509.from_cryptography(one))
    return store


@functools.lru_cache(maxsize=4096)
def _verified_until(chain: tuple[x509.Certificate, ...], ca: bytes | None) -> int:
    """When the first certificate of the chain up to an authority expires, in Unix time."""
    leaf, *others = (crypto.X509.from_cryptography(one) for one in chain)
    try:
        verified = crypto.X509StoreContext(_store(ca), leaf, others).get_verified_chain()
    except crypto.X509StoreContextError:
        return _UNVERIFIED
    return min(_stamp(one.to_cryptography().not_valid_after_utc) for one in verified)
