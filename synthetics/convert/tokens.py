"""A token that a client gets for its credentials (OAuth 2.0), as the first step of a journey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SAID = "the token is got anew each time, in a first step of a journey, whose failure counts too"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """
    Who asks for a token, and where.

    Attributes:
        url: Where.
        client: The name of the client.
        secret: What it proves itself by, as a reference.
        scopes: What the token is to be good for.
        audience: Whom it is for, if that is said.
        in_header: Whether the credentials go into a header rather than into the form.
    """

    url: str
    client: str
    secret: str
    scopes: tuple[str, ...] = ()
    audience: str = ""
    in_header: bool = False


def steps(grant: Grant, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a journey that gets a token by *grant*, and makes *request* with it."""
    form = {"grant_type": "client_credentials"}
    if grant.scopes:
        form["scope"] = " ".join(grant.scopes)
    if grant.audience:
        form["audience"] = grant.audience
    first: dict[str, Any] = {"name": "token", "post": grant.url}
    if grant.in_header:
        first["auth"] = {"basic": {"username": grant.client, "password": grant.secret}}
    else:
        form |= {"client_id": grant.client, "client_secret": grant.secret}
    first |= {"form": form, "capture": {"token": {"json": "$.access_token", "secret": True}}}
    return [first, {"name": "request"} | request | {"auth": {"bearer": "${token}"}}]
