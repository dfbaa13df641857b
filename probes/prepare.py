"""Fills the references of a `Request` in: everything that can be sent, and what of it is secret."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import idna

from probes.curl.order import Order
from probes.fields import Capture, Refused, Secret, Template
from probes.judge_json import filled
from probes.request import Request, sendable, templates
from probes.settings import Part, Value
from probes.url import check_url, telling, to_send
from probes.watch import Mask

_HIDDEN_FROM = 8
"""Characters; shorter ones, such as ``true``, would blacken ordinary words."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    A request with its references filled in.

    Attributes:
        headers: Lines by lower-case name.
        tied: Names of headers that must not leave the origin.
        body_tied: Whether the body holds something that must not.
        hidden: The secrets in it, also as they look when encoded.
        orders: What `probes.ask` made of it, so that it is made once.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    tied: frozenset[str]
    body: bytes | None
    body_tied: bool
    hidden: tuple[str, ...]
    orders: dict[tuple[bool, bool, str], Order] = field(
        default_factory=dict, compare=False, repr=False
    )
    _masks: list[tuple[Mask, Mask]] = field(default_factory=list, compare=False, repr=False)

    def mask(self, base: Mask) -> Mask:
        """*base*, hiding what is secret here too; kept, because *base* seldom changes."""
        if not self.hidden:
            return base
        if not self._masks or self._masks[0][0] is not base:
            self._masks[:] = [(base, base.also(*self.hidden))]
        return self._masks[0][1]


def _holds_secret(value: object) -> bool:
    return any(
        isinstance(part, Secret | Capture) for _, text in templates(value) for part in text.parts
    )


def _pairs(fields: Mapping[str, Any], captures: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        for each in value if isinstance(value, tuple) else (value,):
            yield name, each.render(captures)


def _multipart(parts: Mapping[str, Value | Part], captures: Mapping[str, str]) -> tuple[bytes, str]:
    boundary = f"synthetics-{secrets.token_hex(12)}"
    out = []
    for name, part in parts.items():
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        content = part
        if isinstance(part, Part):
            content = part.content
            if part.filename is not None:
                head += f'; filename="{_quoted(part.filename)}"'
            if part.type is not None:
                head += f"\r\nContent-Type: {part.type}"
        assert isinstance(content, Template)
        out.append(f"--{boundary}\r\n{head}\r\n\r\n{content.render(captures)}\r\n")
    out.append(f"--{boundary}--\r\n")
    return "".join(out).encode(), f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _body(request: Request, captures: Mapping[str, str]) -> tuple[bytes | None, str | None]:
    """The body, and its content type unless the user names one."""
    if request.form is not None:
        pairs = urlencode(list(_pairs(request.form, captures)))
        return pairs.encode(), "application/x-www-form-urlencoded"
    if request.json is not None:
        said = json.dumps(filled(request.json, captures), ensure_ascii=False)
        return said.encode(), "application/json"
    if request.multipart is not None:
        return _multipart(request.multipart, captures)
    if request.body is not None:
        return request.body.render(captures).encode(), "text/plain; charset=utf-8"
    return (b"", None) if request.method in {"POST", "PUT", "PATCH"} else (None, None)


def _written_out(request: Request) -> set[str]:
    """What stands in the open where a secret usually is: still nothing for others to read."""
    found = [
        each.render()
        for fields in (request.query, request.headers)
        for name, value in fields.items()
        if telling(name) or name.lower() == "cookie"
        for each in (value if isinstance(value, tuple) else (value,))
        if not each.captures
    ]
    if not request.url.captures:
        query = parse_qsl(urlsplit(request.url.render()).query)
        found += [value for name, value in query if telling(name)]
    return {value for value in found if len(value) >= _HIDDEN_FROM}


def hidden_values(request: Request) -> tuple[str, ...]:
    """The secrets of *request*, also as URLs, JSON and logins show them."""
    raw = {
        part.reveal()
        for _, text in templates(request)
        for part in text.parts
        if isinstance(part, Secret)
    }
    auth = request.auth
    if auth is not None and auth.bearer is not None and not auth.bearer.captures:
        raw.add(auth.bearer.render())
    raw |= _written_out(request)
    logins = [way for way in (auth.basic, auth.digest) if way] if auth else []
    for login in logins:
        raw.add(login.password.reveal())
    return tuple({form for value in raw for form in disguises(value)}) + tuple(
        base64.b64encode(f"{login.username.render()}:{login.password.reveal()}".encode()).decode()
        for login in logins
        if not login.username.captures
    )


def disguises(secret: str) -> set[str]:
    """The forms in which *secret* may be shown."""
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        urlencode({"": secret})[1:],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }


def prepare(request: Request, captures: Mapping[str, str]) -> Prepared:
    """
    Fill in the references of *request*.

    Raises:
        Refused: What came of it cannot be sent: a captured value is to blame.
    """
    try:
        query = urlencode(list(_pairs(request.query, captures)))
        url = to_send(check_url(request.url.render(captures)), query)
    except idna.IDNAError as error:
        raise Refused(str(error)) from None
    body, content_type = _body(request, captures)
    headers = {}
    tied = {"authorization", "cookie"}
    if content_type is not None:
        headers["content-type"] = f"Content-Type: {content_type}"
    for name, value in request.headers.items():
        text = value.render(captures)
        if not sendable(text):
            raise Refused(f"the value for header {name} has a line break in it")
        headers[name.lower()] = f"{name}: {text}" if text else f"{name};"
        if _holds_secret(value):
            tied.add(name.lower())
    if request.auth is not None and request.auth.digest is None:
        headers["authorization"] = f"Authorization: {_authorization(request, captures)}"
    return Prepared(
        method=request.method,
        url=url,
        headers=headers,
        tied=frozenset(tied),
        body=body,
        body_tied=any(
            _holds_secret(part)
            for part in (request.body, request.json, request.form, request.multipart)
        ),
        hidden=hidden_values(request),
    )


def _authorization(request: Request, captures: Mapping[str, str]) -> str:
    auth = request.auth
    assert auth is not None
    if auth.basic is not None:
        login = f"{auth.basic.username.render(captures)}:{auth.basic.password.reveal()}"
        return f"Basic {base64.b64encode(login.encode()).decode()}"
    assert auth.bearer is not None
    token = auth.bearer.render(captures)
    if not sendable(token):
        raise Refused("the bearer token has a line break in it")
    return f"Bearer {token}"


def prepared(request: Request, captures: Mapping[str, str]) -> Prepared:
    """
    As `prepare`, but done once for a *request* that captures cannot change.

    Raises:
        Refused: As `prepare`.
    """
    known: Prepared | None = request.__dict__.get("_prepared")
    if known is None:
        known = prepare(request, captures)
        if not any(text.captures for _, text in templates(request)):
            object.__setattr__(request, "_prepared", known)
    return known
