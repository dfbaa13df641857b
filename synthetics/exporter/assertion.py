"""Signed tokens by which a client asks for others (RFC 7523)."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from synthetics.exporter.written_client import OAuth2

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}
_HOLDS_S = 600


def read_key(pem: bytes) -> RSAPrivateKey | None:
    """The key in *pem*; ``None`` if it is no RSA key, or one with a pass phrase."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def signed(written: OAuth2, key: RSAPrivateKey) -> str:
    """The assertion that *written* asks for, signed now; it holds for ten minutes."""
    now_s = int(time.time())
    algorithm = written.signature_algorithm or "RS256"
    head = {"alg": algorithm, "typ": "JWT"}
    if written.client_certificate_key_id:
        head["kid"] = written.client_certificate_key_id
    claims: dict[str, object] = {
        "iss": written.iss or written.client_id,
        "sub": written.client_id,
        "jti": str(uuid.uuid4()),
        "aud": written.audience or written.token_url,
        "iat": now_s,
        "exp": now_s + _HOLDS_S,
    }
    if written.scopes:
        claims["scope"] = " ".join(written.scopes)
    text = f"{_part(head)}.{_part(claims | written.claims)}"
    signature = key.sign(text.encode(), padding.PKCS1v15(), _HASHES[algorithm])
    return f"{text}.{_plain(signature)}"


def _part(value: Mapping[str, object]) -> str:
    text = json.dumps(value, separators=(",", ":"), default=str, skipkeys=True)
    return _plain(text.encode())


def _plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
