"""How a request is written: what `probes.http` and each step of `probes.journey` have in common."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
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

from probes.expect import Expect
from probes.expect_json import parse_json
from probes.fields import (
    Capture,
    JsonValue,
    Refused,
    Secret,
    SecretText,
    Size,
    Template,
    Text,
    parse_template,
)
from probes.url import check_url

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
MEBIBYTE = 1024**2
DEFAULT_REDIRECTS = 10


def _exactly_one(names: tuple[str, ...]) -> list[JsonValue]:
    return [{"required": [name]} for name in names]


def _plain(value: object, info: ValidationInfo) -> Template:
    """Text, or a whole number that is sent as it is written."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Template((str(value),))
    return parse_template(value, info)


Value = Annotated[Template, PlainValidator(_plain), WithJsonSchema({"type": ["string", "integer"]})]
"""A `Template`, written as text or as a whole number."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_YOURS = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te"})


def sendable(value: str) -> bool:
    """Whether *value* can stand in a header: a line break in it would begin another header."""
    return _CONTROL.search(value) is None


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
        extra="forbid", json_schema_extra={"oneOf": _exactly_one(("basic", "bearer", "digest"))}
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


@dataclass(frozen=True, kw_only=True)
class Request:
    """
    One request and what is expected of its answer.

    Exactly one of the methods is given, with the URL; at most one of *body*,
    *json*, *form* and *multipart*.

    Attributes:
        get: URL to GET.
        head: URL to HEAD.
        post: URL to POST to.
        put: URL to PUT to.
        patch: URL to PATCH.
        delete: URL to DELETE.
        options: URL to ask OPTIONS of.
        headers: Sent as well, by name.
        body: Text to send as it is.
        json: Data to send as JSON.
        form: Fields to send as an HTML form does; a list repeats the name.
        multipart: Fields and files to send as ``multipart/form-data``.
        auth: How to log in.
        tls: How to meet the server over TLS.
        ip: The version of the Internet Protocol to use.
        version: The version of HTTP to use; *auto* is the best that both speak.
        redirects: Whether to follow redirects, and how many.
        limits: What an answer may cost.
        expect: What the answer must be.
        query: Added to the URL's own query; a list repeats the name.
        proxy: ``http://``, ``https://``, ``socks5://`` or ``socks5h://``; the
            environment's proxy variables are not read.
        resolve: Host names and the address to connect to instead of asking DNS.
        decompress: Whether to accept and undo compression.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": _exactly_one(METHODS),
            "not": {
                "anyOf": [
                    {"required": [one, other]}
                    for one, other in (
                        ("body", "json"),
                        ("body", "form"),
                        ("body", "multipart"),
                        ("json", "form"),
                        ("json", "multipart"),
                        ("form", "multipart"),
                    )
                ]
            },
        },
    )

    get: Text | None = None
    head: Text | None = None
    post: Text | None = None
    put: Text | None = None
    patch: Text | None = None
    delete: Text | None = None
    options: Text | None = None
    headers: Mapping[str, Value] = field(default_factory=dict)
    query: Mapping[str, Value | tuple[Value, ...]] = field(default_factory=dict)
    body: Text | None = None
    json: JsonTemplate = None
    form: Mapping[str, Value | tuple[Value, ...]] | None = None
    multipart: Mapping[str, Value | Part] | None = None
    auth: Auth | None = None
    tls: Tls = field(default_factory=Tls)
    proxy: Text | None = None
    resolve: Mapping[str, str] = field(default_factory=dict)
    ip: Family = "any"
    version: Version = "auto"
    redirects: Redirects | None = None
    limits: Limits = field(default_factory=Limits)
    decompress: bool = True
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        given = [name for name in METHODS if getattr(self, name) is not None]
        if len(given) != 1:
            raise Refused(
                "no method" if not given else f"{' and '.join(given)} are two requests",
                mend="write exactly one of get, head, post, put, patch, delete, options",
            )
        check_request(self)

    @property
    def method(self) -> str:
        """``GET`` and the like."""
        return next(name for name in METHODS if getattr(self, name) is not None).upper()

    @property
    def url(self) -> Template:
        """The URL as written."""
        url: Template = getattr(self, self.method.lower())
        return url

    @cached_property
    def redirect_limit(self) -> int:
        """How many redirects to follow."""
        if self.redirects is None:
            return 0 if self.expect.status.wants_redirect else DEFAULT_REDIRECTS
        if isinstance(self.redirects.follow, bool):
            return DEFAULT_REDIRECTS if self.redirects.follow else 0
        return self.redirects.follow


def check_request(request: Request) -> None:
    """
    Refuse what can be seen to be wrong before anything is sent.

    Raises:
        Refused: With the path of the first mistake.
    """
    method = request.method.lower()
    if not request.url.captures:
        try:
            check_url(request.url.render())
        except Refused as refused:
            raise Refused(refused.what, mend=refused.mend, at=(method,)) from None
    bodies = [
        name for name in ("body", "json", "form", "multipart") if getattr(request, name) is not None
    ]
    if len(bodies) > 1:
        raise Refused(f"{' and '.join(bodies)} are two bodies", mend="keep one", at=(bodies[1],))
    if bodies and method in {"get", "head"}:
        raise Refused(f"{method} sends no body", mend=f"drop {bodies[0]}, or post", at=(bodies[0],))
    for name, value in request.headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise Refused(f"{name!r} is not a header name", at=("headers", name))
        if name.lower() in _NOT_YOURS:
            raise Refused(f"{name} is set by the connection itself", at=("headers", name))
        if not sendable("".join(part for part in value.parts if isinstance(part, str))):
            raise Refused("a header is one line", mend="drop the line break", at=("headers", name))
        if name.lower() == "authorization" and request.auth is not None:
            raise Refused("auth sets this header too", mend="keep one", at=("headers", name))
    for host, address in request.resolve.items():
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise Refused(f"{address!r} is not an IP address", at=("resolve", host)) from None
    if method == "head" and request.expect.needs_body:
        raise Refused("head has no body to look at", mend="use get", at=("expect",))


def templates(
    value: object, at: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Template]]:
    """Every `Template` inside *value*, with its path."""
    if isinstance(value, Template):
        yield at, value
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from templates(getattr(value, each.name), (*at, each.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from templates(inner, (*at, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from templates(inner, (*at, index))


def captures_used(request: Request) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The names of captures that *request* needs, each with its path."""
    for at, template in templates(request):
        for part in template.parts:
            if isinstance(part, Capture):
                yield at, part.name
