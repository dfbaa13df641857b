"""Receiver ``webhook``: JSON to a URL, signed as Standard Webhooks describes."""

from __future__ import annotations

import base64
import hmac
import json
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import ConfigDict

from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.body import Body
from synthetics.receivers.fields import Headers, SigningSecret, Url, signing_key
from synthetics.receivers.payload import payload
from synthetics.receivers.post import judge, post

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "any HTTP endpoint, as signed JSON"

_TOLD = frozenset({Event.TRIGGER, Event.ACKNOWLEDGE, Event.RESOLVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: Where to POST.
        secret: ``whsec_`` and 24 to 64 bytes in base64; without one nothing is signed.
        previous_secret: Signs as well, while those who check change over from it to `secret`.
        headers: Sent as well, for a gateway that wants a token.
        body: JSON to send instead of everything; ``${summary}`` and the like stand for parts
            of the message.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Url
    secret: SigningSecret | None = None
    previous_secret: SigningSecret | None = None
    headers: Headers = field(default_factory=dict)
    body: Body | None = None


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """POST once; 2xx means "taken"."""
    if message.event not in _TOLD:
        return Verdict.delivered()
    said = payload(message)
    value = said if options.body is None else options.body.fill(message.id, said)
    body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    headers = {name: value.reveal() for name, value in options.headers.items()}
    headers |= {"Content-Type": "application/json", **signed(options, message.id, body)}
    answer = await post(session, options.url, body, headers)
    return answer if isinstance(answer, Verdict) else judge(answer)


def signed(options: Options, message_id: str, body: bytes) -> dict[str, str]:
    """The headers that name a message and, where there is a secret, vouch for it."""
    at = str(int(time.time()))
    headers = {"webhook-id": message_id, "webhook-timestamp": at}
    text = b".".join([message_id.encode(), at.encode(), body])
    signatures = [
        f"v1,{base64.b64encode(hmac.digest(signing_key(secret), text, sha256)).decode()}"
        for secret in (options.secret, options.previous_secret)
        if secret is not None
    ]
    return headers | ({"webhook-signature": " ".join(signatures)} if signatures else {})
