"""Receiver ``ntfy``: a push to phones through ntfy.sh or a server of one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, ConfigDict

from probes.fields import Refused, Secret, SecretText
from synthetics.config.model import Severity
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.chat import links
from synthetics.receivers.facts import facts
from synthetics.receivers.fields import NOT_LOOKED_UP, Key, Url
from synthetics.receivers.post import judge, mask_of, post_json, said_in
from synthetics.receivers.text import shorten, utf8

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "phones, through ntfy"

PER_MINUTE = 60
"""As many at once a server takes by default; what is above it is answered 429 and waits."""

SERVER = Secret("https://ntfy.sh")

_TOLD = frozenset({Event.TRIGGER, Event.ACKNOWLEDGE, Event.RESOLVE})
_TITLE = 250
_MESSAGE = 4000  # bytes; ntfy makes a file of what is longer than 4,096
_FACT = 500
_LINKS = 3
_PRIORITIES = {Severity.PAGE: 5, Severity.TICKET: 3, Severity.LOG: 2}
_TAGS = {Severity.PAGE: "rotating_light", Severity.TICKET: "warning", Severity.LOG: "mag"}


def _check_topic(value: Secret) -> Secret:
    text = value.reveal()
    if text != NOT_LOOKED_UP and not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", text):
        raise Refused(
            "a topic has 1 to 64 letters, digits, - and _",
            mend="write the topic alone, without the server",
        )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        topic: Who subscribes to it is told.  Whoever knows it can, so it is a secret.
        token: Access token, for a topic that is protected.
        url: The server.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    topic: Annotated[SecretText, AfterValidator(_check_topic)]
    token: Key | None = None
    url: Url = SERVER


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Publish once."""
    if message.event not in _TOLD:
        return Verdict.delivered()
    headers = {"Authorization": f"Bearer {options.token.reveal()}"} if options.token else {}
    answer = await post_json(session, options.url, whole(options, message), headers)
    if isinstance(answer, Verdict):
        return answer
    said = said_in(answer).get("error")
    mask = mask_of(options.url, options.topic, options.token)
    return judge(answer, detail=mask(said if isinstance(said, str) else ""))


def whole(options: Options, message: Message) -> dict[str, Any]:
    """*message* as ntfy takes it; all of an incident is one notification, on phones that can."""
    lines = [f"{fact.label}: {shorten(fact.text, _FACT, utf8)}" for fact in facts(message)]
    while utf8("\n".join(lines)) > _MESSAGE:
        lines.pop()
    found = links(message, _LINKS)
    body: dict[str, Any] = {
        "topic": options.topic.reveal(),
        "title": shorten(message.summary, _TITLE),
        "message": "\n".join(lines) or message.service,
        "priority": _PRIORITIES[message.severity],
        "tags": [_TAGS[message.severity]],
        "actions": [
            {"action": "view", "label": shorten(link.text, 60) or "link", "url": link.href}
            for link in found
        ],
        "sequence_id": sha256(message.dedup_key.encode(errors="replace")).hexdigest()[:32],
    }
    if message.event is Event.RESOLVE:
        body |= {"priority": min(3, body["priority"]), "tags": ["white_check_mark"]}
    elif message.event is Event.ACKNOWLEDGE:
        body |= {"priority": 2, "tags": ["eyes"]}
    return body | ({"click": found[-1].href} if found else {})
