"""How a request is written: what `probes.http` and each step of `probes.journey` have in common."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from urllib.parse import urlsplit

from pydantic import ConfigDict

from probes.expect import Expect
from probes.fields import Capture, Refused, Template, Text
from probes.settings import (
    Auth,
    Family,
    JsonTemplate,
    Limits,
    Part,
    Redirects,
    Tls,
    Value,
    Version,
    exactly_one,
)
from probes.url import check_url

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
DEFAULT_REDIRECTS = 10

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_YOURS = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te"})


def sendable(value: str) -> bool:
    """Whether *value* can stand in a header: a line break in it would begin another header."""
    return _CONTROL.search(value) is None


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
            "oneOf": exactly_one(METHODS),
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

    @property
    def host(self) -> str:
        """The host that is asked; empty where a captured value names it."""
        return "" if self.url.captures else urlsplit(self.url.render()).hostname or ""

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
        check_header(name, value)
        if name.lower() == "authorization" and request.auth is not None:
            raise Refused("auth sets this header too", mend="keep one", at=("headers", name))
    for host, address in request.resolve.items():
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise Refused(f"{address!r} is not an IP address", at=("resolve", host)) from None
    if method == "head" and request.expect.needs_body:
        raise Refused("head has no body to look at", mend="use get", at=("expect",))


def check_header(name: str, value: Template) -> None:
    """
    Refuse a header that is none, or that only the connection can know.

    Raises:
        Refused: With its path below ``headers``.
    """
    if not _HEADER_NAME.fullmatch(name):
        raise Refused(f"{name!r} is not a header name", at=("headers", name))
    if name.lower() in _NOT_YOURS:
        raise Refused(f"{name} is set by the connection itself", at=("headers", name))
    if not sendable("".join(part for part in value.parts if isinstance(part, str))):
        raise Refused("a header is one line", mend="drop the line break", at=("headers", name))


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


def captures_used(value: object) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The names of captures that *value*, such as a `Request`, needs, each with its path."""
    for at, template in templates(value):
        for part in template.parts:
            if isinstance(part, Capture):
                yield at, part.name
