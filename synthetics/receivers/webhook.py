"""Receiver ``webhook``: JSON to a URL, signed as Standard Webhooks describes."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, ConfigDict

from probes.fields import Refused, Secret, SecretText
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.fields import SigningSecret, Url, signing_key
from synthetics.receivers.post import judge, post
from synthetics.receivers.text import is_link, iso, shorten

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "any HTTP endpoint, as signed JSON"

_TYPES = {Event.TRIGGER: "incident.triggered", Event.RESOLVE: "incident.resolved"}
_TEXT = 1024
_ALSO = 50
_LINKS = 10
_OURS = frozenset({"content-type", "content-length", "host", "transfer-encoding"})
_TOKEN = frozenset("!#$%&'*+-.^_`|~")


def _check_headers(headers: Mapping[str, Secret]) -> Mapping[str, Secret]:
    for name, value in headers.items():
        if not name or not all(c in _TOKEN or (c.isascii() and c.isalnum()) for c in name):
            raise Refused(f"{name!r} is not a header's name", at=(name,))
        if name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise Refused(f"{name} is set by the receiver itself", mend="leave it out", at=(name,))
        if any(not c.isprintable() for c in value.reveal()):
            raise Refused("a header's value is one line without control characters", at=(name,))
    return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: Where to POST.
        secret: ``whsec_`` and 24 to 64 bytes in base64; without one nothing is signed.
        headers: Sent as well, for a gateway that wants a token.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Url
    secret: SigningSecret | None = None
    headers: Annotated[Mapping[str, SecretText], AfterValidator(_check_headers)] = field(
        default_factory=dict
    )


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """POST once; 2xx means "taken"."""
    body = json.dumps(payload(message), ensure_ascii=False, allow_nan=False).encode()
    headers = {name: value.reveal() for name, value in options.headers.items()}
    headers |= {"Content-Type": "application/json", **signed(options, message.id, body)}
    answer = await post(session, options.url, body, headers)
    return answer if isinstance(answer, Verdict) else judge(answer)


def signed(options: Options, message_id: str, body: bytes) -> dict[str, str]:
    """The headers that name a message and, where there is a secret, vouch for it."""
    at = str(int(time.time()))
    headers = {"webhook-id": message_id, "webhook-timestamp": at}
    if options.secret is not None:
        text = b".".join([message_id.encode(), at.encode(), body])
        digest = hmac.digest(signing_key(options.secret), text, sha256)
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def payload(message: Message) -> dict[str, Any]:
    """*message* as JSON: what happened, when, and what is known of it."""
    failing = message.failing
    return {
        "type": _TYPES[message.event],
        "timestamp": iso(message.detected_ms),
        "data": {
            "incident": message.incident,
            "dedup_key": message.dedup_key,
            "severity": message.severity.value,
            "summary": _text(message.summary),
            "service": message.service,
            "service_name": _text(message.service_name),
            "slo": message.slo,
            "tier": message.tier,
            "objective": message.objective,
            "probe": message.probe,
            "step": _text(message.step),
            "reason": _text(message.reason),
            "location": _text(message.location),
            "failing_since": iso(message.since_ms),
            "burn_rate": {"long": message.burn_long, "short": message.burn_short},
            "budget_left": message.budget_left,
            "budget_gone_at": iso(message.exhausted_ms),
            "in_words": {
                "objective": _text(message.said.objective),
                "failed": _text(message.said.failed),
                "burn_rate": _text(message.said.burn),
                "budget": _text(message.said.budget),
            },
            "last_failure": failing
            and {
                "at": iso(failing.at_ms),
                "detail": _text(failing.detail),
                "trace_id": _text(failing.trace_id),
                "request_id": _text(failing.request_id),
            },
            "changes": [
                {
                    "at": iso(change.at_ms),
                    "summary": _text(change.summary),
                    "author": _text(change.author),
                    "link": change.link,
                }
                for change in message.changes
            ],
            "tried": [_text(line) for line in message.tried],
            "owner": _text(message.owner),
            "drill": message.drill,
            "resolution": message.resolution,
            "also_firing": list(message.also[:_ALSO]),
            "links": [
                {"text": _text(link.text), "href": link.href}
                for link in message.links[:_LINKS]
                if is_link(link.href)
            ],
            "url": message.url,
        },
    }


def _text(text: str) -> str:
    return shorten(text, _TEXT)
