"""What HTTP and WebSocket probes write alike: logins, proxies, TLS and headers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from probes.fields import Refused
from probes.url import check_url
from synthetics.exporter.written_fields import TlsVersion, Written, at_most_one

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class TlsConfig(Written):
    """``tls_config``."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in ("ca", "cert", "key"):
            at_most_one(self, name, f"{name}_file")
        if bool(self.cert or self.cert_file) != bool(self.key or self.key_file):
            raise Refused(
                "a client certificate needs its key, and a key its certificate",
                mend="write cert_file and key_file",
            )
        return self


class BasicAuth(Written):
    """``basic_auth``."""

    username: str = ""
    username_file: str = ""
    password: str = ""
    password_file: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        at_most_one(self, "username", "username_file")
        at_most_one(self, "password", "password_file")
        return self


class Authorization(Written):
    """``authorization``."""

    type: str = "Bearer"
    credentials: str = ""
    credentials_file: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        at_most_one(self, "credentials", "credentials_file")
        if self.type.strip().lower() == "basic":
            raise Refused("the type cannot be Basic", mend="write basic_auth instead", at=("type",))
        return self


_PROXIES = ("http", "https", "socks5", "socks5h")


def _proxy(url: str) -> str:
    try:
        parts = urlsplit(url)
        there = not url or (parts.scheme in _PROXIES and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        there = False
    if not there:
        raise Refused("this is no URL of a proxy", mend="write http://host:port")
    return url


class Proxied(Written):
    """By which proxy something is asked."""

    proxy_url: Annotated[str, AfterValidator(_proxy)] = ""
    no_proxy: str = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def is_proxied(self) -> bool:
        """Whether there may be a proxy."""
        return bool(self.proxy_url) or self.proxy_from_environment

    @model_validator(mode="after")
    def _proxy_fits(self) -> Self:
        at_most_one(self, "proxy_from_environment", "proxy_url")
        at_most_one(self, "proxy_from_environment", "no_proxy")
        for name in ("no_proxy", "proxy_connect_header"):
            if getattr(self, name) and not (self.proxy_url or self.proxy_from_environment):
                raise Refused(f"`{name}` is for a proxy, and there is none", mend="write proxy_url")
        return self


class OAuth2(Proxied):
    """``oauth2``."""

    client_id: Annotated[str, Field(min_length=1)]
    client_secret: str = ""
    client_secret_file: str = ""
    client_certificate_key_id: str = ""
    client_certificate_key: str = ""
    client_certificate_key_file: str = ""
    grant_type: Literal["", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"] = (
        ""
    )
    signature_algorithm: Literal["", "RS256", "RS384", "RS512"] = ""
    iss: str = ""
    audience: str = ""
    claims: dict[str, Any] = Field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    token_url: Annotated[str, Field(min_length=1)]
    endpoint_params: dict[str, str] = Field(default_factory=dict)
    tls_config: TlsConfig = TlsConfig()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        at_most_one(self, "client_secret", "client_secret_file")
        at_most_one(self, "client_certificate_key", "client_certificate_key_file")
        try:
            check_url(self.token_url)
        except Refused as refused:
            raise Refused(refused.what, mend=refused.mend, at=("token_url",)) from None
        return self


class Header(Written):
    """One of ``http_headers``; the last of all values is sent."""

    values: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def _header(value: object) -> object:
    """The exporter's own example writes a text where its documentation has lists."""
    return {"values": [value]} if isinstance(value, str) else value


Headers = dict[str, Annotated[Header, BeforeValidator(_header)]]


_RESERVED = frozenset(
    {
        "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent",
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate",
        "accept-encoding", "x-prometheus-remote-write-version", "x-prometheus-remote-read-version",
        "x-prometheus-scrape-timeout-seconds", "x-amz-date", "x-amz-security-token",
        "x-amz-content-sha256",
    }
)  # fmt: skip
"""What the exporter does not take there."""


class Client(Proxied):
    """What HTTP probes share with WebSocket ones."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    bearer_token: str = ""
    bearer_token_file: str = ""
    oauth2: OAuth2 | None = None
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    http_headers: Headers = Field(default_factory=dict)

    @model_validator(mode="after")
    def _login_fits(self) -> Self:
        for name in self.http_headers:
            if name.lower() in _RESERVED:
                raise Refused(
                    f"{name} is none of `http_headers`",
                    mend="write it into headers, or what it is for into a key of its own",
                    at=("http_headers", name),
                )
        at_most_one(self, "bearer_token", "bearer_token_file")
        for bearer in ("bearer_token", "bearer_token_file"):
            at_most_one(self, "basic_auth", "oauth2", "authorization", bearer)
        return self
