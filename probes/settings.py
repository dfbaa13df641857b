"""The values that settings of a request are written as: login, TLS, redirects, limits, parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from probes.expect_json import parse_json
from probes.fields import (
    JsonValue,
    Refused,
    Secret,
    SecretText,
    Size,
    Template,
    Text,
    parse_template,
)
from probes.net.trust import TlsOrder

MEBIBYTE = 1024**2


def exactly_one(names: tuple[str, ...]) -> list[JsonValue]:
    """What a JSON schema says for it."""
    return [{"required": [name]} for name in names]


def _plain(value: object, info: ValidationInfo) -> Template:
    """Text, or a whole number that is sent as it is written."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Template((str(value),))
    return parse_template(value, info)


Value = Annotated[Template, PlainValidator(_plain), WithJsonSchema({"type": ["string", "integer"]})]
"""A `Template`, written as text or as a whole number."""

JsonTemplate = Annotated[Any, PlainValidator(parse_json), WithJsonSchema({})]
"""Anything that JSON can say, its texts being `Template`."""


def _pem(value: object, info: ValidationInfo) -> Secret:
    template = parse_template(value, info)
    if template.captures:
        raise Refused("a certificate cannot be captured", mend="write ${file:/path/to/it.pem}")
    text = template.render()
    if "-----BEGIN " not in text and text != "***":
        raise Refused("this is not PEM", mend="write ${file:/path/to/it.pem}")
    return Secret(text)


Pem = Annotated[Secret, PlainValidator(_pem), WithJsonSchema({"type": "string", "writeOnly": True})]
"""Certificates or a key in PEM, usually ``${file:…}``."""


def _version(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Version = Annotated[
    Literal["auto", "1.1", "2", "3"],
    BeforeValidator(_version),
    WithJsonSchema({"enum": ["auto", "1.1", 1.1, "2", 2, "3", 3]}),
]
TlsVersion = Annotated[
    Literal["1.0", "1.1", "1.2", "1.3"],
    BeforeValidator(_version),
    WithJsonSchema({"enum": ["1.0", 1.0, "1.1", 1.1, "1.2", 1.2, "1.3", 1.3]}),
]
Family = Annotated[
    Literal["any", "4", "6"],
    BeforeValidator(_version),
    WithJsonSchema({"enum": ["any", "4", 4, "6", 6]}),
]


@dataclass(frozen=True, kw_only=True)
class Login:
    """
    A user name and a password.

    Attributes:
        username: The name.
        password: The password.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    username: Text
    password: SecretText


@dataclass(frozen=True, kw_only=True)
class Auth:
    """
    How to say who we are: one of the three; never sent to another origin.

    Attributes:
        basic: By name and password, sent as they are.
        bearer: By a token.
        digest: By name and a password that is proved and not sent.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": exactly_one(("basic", "bearer", "digest"))}
    )

    basic: Login | None = None
    bearer: Text | None = None
    digest: Login | None = None

    def __post_init__(self) -> None:
        if sum(way is not None for way in (self.basic, self.bearer, self.digest)) != 1:
            raise Refused("auth is one way of logging in", mend="write basic, bearer or digest")


@dataclass(frozen=True, kw_only=True)
class Tls:
    """
    Attributes:
        ca: Certificates to trust instead of the machine's.
        certificate: The client's own certificate, with its chain.
        key: The key of *certificate*.
        verify: Whether a certificate that cannot be verified is a failure.
        server_name: Asked for and verified instead of the URL's host.
        min_version: Oldest version of TLS to accept; libcurl's default is 1.2.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    ca: Pem | None = None
    certificate: Pem | None = None
    key: Pem | None = None
    verify: bool = True
    server_name: str | None = None
    min_version: TlsVersion | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise Refused("a client certificate and its key go together", mend="write both")

    @cached_property
    def at_home(self) -> TlsOrder:
        """For the origin that the request is written for."""
        return self._order(self.certificate, self.key)

    @cached_property
    def abroad(self) -> TlsOrder:
        """For another origin, which does not see the client's certificate."""
        return self._order(None, None)

    def _order(self, certificate: Secret | None, key: Secret | None) -> TlsOrder:
        return TlsOrder(
            ca=self.ca.reveal().encode() if self.ca else None,
            certificate=certificate.reveal().encode() if certificate else None,
            key=key.reveal().encode() if key else None,
            verify=self.verify,
            min_version=self.min_version,
        )


Encryption = Literal[True] | Tls
"""How to encrypt: ``true`` as it is usual, or as it is written."""


@dataclass(frozen=True, kw_only=True)
class Redirects:
    """
    Attributes:
        follow: How many to follow; ``true`` is 10, ``false`` none.  Left out,
            they are followed unless ``expect.status`` names a 3xx.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    follow: bool | Annotated[int, Field(ge=0, le=50)]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    Attributes:
        body: Most bytes of an answer, counted after decompression.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    body: Size = MEBIBYTE


@dataclass(frozen=True, kw_only=True)
class Part:
    """
    One part of a multipart body that is more than a value.

    Attributes:
        content: What it holds.
        filename: The name of a file that it stands for.
        type: Its media type.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    content: Text
    filename: str | None = None
    type: str | None = None
