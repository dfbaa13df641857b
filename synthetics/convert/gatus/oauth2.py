"""Credentials of OAuth 2.0 as a first step that gets a token."""

from __future__ import annotations

from typing import Any

from synthetics.convert import tokens
from synthetics.convert.draft import Draft
from synthetics.convert.gatus.fill import filled
from synthetics.convert.tree import Item


def journey(item: Item, draft: Draft, request: dict[str, Any]) -> dict[str, Any]:
    """*request* as kind ``http``, or behind a token as a journey, if *item* says so."""
    config = item["client"]["oauth2"]
    if not config:
        return {"http": request}
    secret = config["client-secret"]
    text = filled(secret.text(), draft, secret.line)
    if "${env:" not in text:
        text = draft.secret(secret, text, f"{item['name'].text()}_CLIENT_SECRET")
    grant = tokens.Grant(
        url=filled(config["token-url"].text(), draft, config.line),
        client=filled(config["client-id"].text(), draft, config.line),
        secret=text,
        scopes=tuple(each.text() for each in config["scopes"].items()),
    )
    draft.note(config["token-url"], tokens.SAID)
    return {"journey": tokens.steps(grant, request)}
