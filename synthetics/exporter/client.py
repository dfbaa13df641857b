"""What a module sends of itself: headers, logins, certificates, and by which proxy."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from probes.net.trust import TlsOrder
from synthetics.exporter.assertion import read_key
from synthetics.exporter.written import Http, WebSocket
from synthetics.exporter.written_client import JWT_GRANT, Client, Header, OAuth2, TlsConfig

_VERSIONS = {"TLS10": "1.0", "TLS11": "1.1", "TLS12": "1.2", "TLS13": "1.3"}

Cannot = list[str]
"""Where it is written what of a module cannot be done, for people."""


@dataclass(frozen=True, eq=False)
class Sent:
    """
    The headers of a module.

    Attributes:
        lines: By lower-case name, `Host` not among them.
        secrets: Names of those that only the target's own origin may see.
        host: The ``Host`` header; empty if none.
    """

    lines: Mapping[str, str]
    secrets: frozenset[str]
    host: str = ""


NOTHING = Sent({}, frozenset())


@dataclass(frozen=True, eq=False)
class Tokens:
    """
    Where a token for ``Authorization`` comes from.

    Attributes:
        written: As in the file.
        secret: The client's.
        key: Signs what is asked, instead of the secret.
        tls: For the server that gives tokens.
    """

    written: OAuth2
    secret: str
    key: RSAPrivateKey | None
    tls: TlsOrder


def read(file: str, cannot: Cannot) -> bytes:
    """What is in *file*, a path from the working directory, as the exporter has it."""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        cannot.append(f"{file} cannot be read: {error.strerror}")
        return b""


def _secret(text: str, file: str, cannot: Cannot) -> str:
    return text or (read(file, cannot).decode("utf-8", "replace").strip() if file else "")


def tls_of(written: TlsConfig, cannot: Cannot) -> TlsOrder:
    """Whom to trust, and what to show."""

    def pem(text: str, file: str) -> bytes | None:
        return text.encode() if text else read(file, cannot) if file else None

    return TlsOrder(
        ca=pem(written.ca, written.ca_file),
        certificate=pem(written.cert, written.cert_file),
        key=pem(written.key, written.key_file),
        verify=not written.insecure_skip_verify,
        min_version=_VERSIONS[written.min_version] if written.min_version else None,
        max_version=_VERSIONS[written.max_version] if written.max_version else None,
    )


def tokens_of(written: OAuth2 | None, cannot: Cannot) -> Tokens | None:
    """Where tokens come from, if any are wanted."""
    if written is None:
        return None
    key = None
    if written.grant_type == JWT_GRANT:
        file = written.client_certificate_key_file
        key = read_key(_secret(written.client_certificate_key, file, cannot).encode())
        if key is None:
            cannot.append("`client_certificate_key` is no RSA key in PEM without a pass phrase")
    secret = _secret(written.client_secret, written.client_secret_file, cannot)
    return Tokens(written, secret, key, tls_of(written.tls_config, cannot))


def sent_by_http(kind: Http, cannot: Cannot) -> Sent:
    """The headers of an ``http`` probe."""
    lines: dict[str, str] = {}
    secrets = {"authorization", "cookie"}
    host = ""
    for name, value in kind.headers.items():
        if name.lower() == "host":
            host = value
        else:
            lines[name.lower()] = line(name, value, cannot)
    for name, header in kind.http_headers.items():
        if values := _values(header, cannot):
            lines[name.lower()] = line(name, values[-1], cannot)
        if header.secrets or header.files:
            secrets.add(name.lower())
    if kind.compression not in ("", "identity"):
        lines.setdefault("accept-encoding", f"Accept-Encoding: {kind.compression}")
    if authorization := _authorization(kind, cannot):
        lines.setdefault("authorization", line("Authorization", authorization, cannot))
    return Sent(lines, frozenset(secrets), host)


def sent_by_websocket(kind: WebSocket, cannot: Cannot) -> Mapping[str, str]:
    """The headers of a ``websocket`` probe by name, all values of one in one line."""
    headers: dict[str, str] = {}
    if authorization := _authorization(kind.http_config, cannot):
        headers["Authorization"] = authorization
    for name, header in kind.headers.items():
        if values := _values(header, cannot):
            headers[name] = ", ".join(values)
    for name, value in headers.items():
        line(name, value, cannot)
    return headers


def _values(header: Header, cannot: Cannot) -> list[str]:
    from_files = [read(file, cannot).decode("utf-8", "replace") for file in header.files]
    return [*header.values, *header.secrets, *(text.strip() for text in from_files)]


def line(name: str, value: str, cannot: Cannot) -> str:
    """A header as libcurl takes it."""
    if any(character in name + value for character in "\r\n\0"):
        cannot.append(f"the header {name!r} has a line break in it")
        return ""
    return f"{name}: {value}" if value else f"{name};"


def _authorization(kind: Client, cannot: Cannot) -> str:
    if kind.basic_auth is not None:
        basic = kind.basic_auth
        name = _secret(basic.username, basic.username_file, cannot)
        login = f"{name}:{_secret(basic.password, basic.password_file, cannot)}"
        return f"Basic {base64.b64encode(login.encode()).decode()}"
    if kind.authorization is not None:
        said = kind.authorization
        credentials = _secret(said.credentials, said.credentials_file, cannot)
        return f"{said.type.strip() or 'Bearer'} {credentials}"
    token = _secret(kind.bearer_token, kind.bearer_token_file, cannot)
    return f"Bearer {token}" if token else ""


def body_of(kind: Http, cannot: Cannot) -> bytes | None:
    """What is sent after the headers, if anything."""
    if kind.body:
        return kind.body.encode()
    if kind.body_file:
        return read(kind.body_file, cannot)
    return b"" if kind.method in {"POST", "PUT", "PATCH"} else None
