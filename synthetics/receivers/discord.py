"""Receiver ``discord``: embeds through a webhook, which mends its own messages at the end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict
from yarl import URL

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.receivers.base import Event, Fate, Message, Verdict
from synthetics.receivers.chat import links, mark
from synthetics.receivers.facts import facts
from synthetics.receivers.fields import Url
from synthetics.receivers.post import Answer, judge, mask_of, post_json, said_in
from synthetics.receivers.text import iso, shorten, utf16

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "Discord, through a webhook"

PER_MINUTE = 30
"""What Discord takes for each channel."""

UPDATES = True
"""What it wrote it mends, which makes no sound."""

_CONTENT = 1900
_NAME = 250
_VALUE = 1000
_FIELDS = 25
_EMBED = 5500
_LINKS = 5
_MENDED = 5
"""How many messages of one incident are mended at its end; each is a request of its own."""
_READ = 1 << 16  # the answer repeats the message
_GREEN, _GREY = 0x2EB67D, 0x97A0AF
_COLOURS = {Severity.PAGE: 0xD92D20, Severity.TICKET: 0xF79009, Severity.LOG: 0x2E90FA}
_MARKUP = re.compile(r"([\\*_~`|<>\[\]#@])")
_HREF_ESCAPES = str.maketrans({"(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: The webhook, with `?thread_id=` for a thread.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Url


def account(options: Options) -> Secret:
    """What `PER_MINUTE` holds for: a webhook is one channel."""
    return options.url


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Write one message, or mend those of the incident."""
    if message.event is Event.CHANGE or (message.event is Event.UPDATE and not message.handle):
        return Verdict.delivered()
    body = whole(message)
    known = [one for one in message.handle.split(",") if one.isascii() and one.isdigit()]
    if message.event is Event.TRIGGER or not known:
        url = URL(options.url.reveal()).update_query(wait="true")
        verdict = await _request(options, "POST", url, body, session)
        if verdict.fate is Fate.DELIVERED:
            # What it said before is mended at the end too, so that none says it still fails.
            known = [*known, verdict.handle][-_MENDED:]
            return Verdict.delivered(handle=",".join(filter(None, known)))
        return verdict
    for message_id in known:
        base = URL(options.url.reveal())
        url = (base / "messages" / message_id).with_query(base.query)
        verdict = await _request(options, "PATCH", url, body, session)
        # One that somebody deleted needs no mending.
        if verdict.fate is not Fate.DELIVERED and verdict.reason != "status-404":
            return verdict
    return Verdict.delivered()


async def _request(
    options: Options, method: str, url: URL, body: dict[str, Any], session: aiohttp.ClientSession
) -> Verdict:
    answer = await post_json(session, Secret(str(url)), body, method=method, at_most=_READ)
    if isinstance(answer, Verdict):
        return answer
    verdict = judge(answer, detail=mask_of(options.url)(_complaint(answer)))
    message_id = said_in(answer).get("id")
    if verdict.fate is Fate.DELIVERED and isinstance(message_id, str):
        return Verdict.delivered(handle=message_id)
    return verdict


def whole(message: Message) -> dict[str, Any]:
    """*message* as Discord takes it; nobody is mentioned, whatever stands in it."""
    fields: list[dict[str, Any]] = []
    used = 0
    for fact in facts(message)[:_FIELDS]:
        field = {"name": _escaped(fact.label, _NAME), "value": _escaped(fact.text, _VALUE)}
        used += sum(map(utf16, field.values()))
        if used > _EMBED - _VALUE:
            break
        fields.append(field | {"inline": False})
    named: list[str] = []
    for link in links(message, _LINKS):
        one = f"[{_escaped(link.text, 80) or 'link'}]({link.href.translate(_HREF_ESCAPES)})"
        if sum(map(len, named)) + len(one) + 3 * len(named) <= _VALUE:
            named.append(one)
    if named:
        fields = [*fields[: _FIELDS - 1], {"name": "🔗", "value": " · ".join(named)}]
    return {
        "content": f"{mark(message)} **{_escaped(message.summary, _CONTENT)}**",
        "embeds": [
            {
                "color": _colour(message),
                "fields": fields,
                "timestamp": iso(message.detected_ms),
            }
        ],
        "allowed_mentions": {"parse": []},
    }


def _colour(message: Message) -> int:
    if message.event is Event.RESOLVE:
        return _GREEN
    return _GREY if message.event is Event.ACKNOWLEDGE else _COLOURS[message.severity]


def _escaped(text: str, limit: int) -> str:
    """*text* in at most *limit*, shown as it is and not as Markdown."""
    return _as_is(shorten(text, limit, lambda part: utf16(_as_is(part))))


def _as_is(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _complaint(answer: Answer) -> str:
    said = said_in(answer).get("message")
    return said if isinstance(said, str) else ""
