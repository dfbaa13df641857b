"""Receiver ``slack``: Block Kit, through an incoming webhook or as a bot that mends its message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict
from yarl import URL

from probes.fields import Refused, Secret
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.chat import links, mark
from synthetics.receivers.facts import facts
from synthetics.receivers.fields import Key, Url
from synthetics.receivers.post import Answer, judge, mask_of, post_json, said_in
from synthetics.receivers.text import shorten, utf16

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "Slack, by incoming webhook or as a bot"

PER_MINUTE = 60
"""Slack takes about one message a second for each channel."""

UPDATES = True
"""A bot mends what it wrote, which makes no sound."""

API = Secret("https://slack.com/api")

_SUMMARY = 1000
_SECTION = 2900
_FACT = 500
_LINKS = 8
_READ = 1 << 18  # the answer repeats the message
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HREF_ESCAPES = str.maketrans({"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C"})
_PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
    }
)
_CANNOT_BE_MENDED = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
_HANDLE = re.compile(r"([A-Z0-9]{1,32}):([0-9]{1,16}\.[0-9]{1,16})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: The incoming webhook; with a token, where the API is: a proxy or a test.
        token: Of a bot that may `chat:write`; it mends its own message when the incident ends.
        channel: Where the bot writes, by its ID, such as `C0123456789`, or its name.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Url | None = None
    token: Key | None = None
    channel: str = ""

    def __post_init__(self) -> None:
        """A webhook knows its channel, a bot must be told."""
        if self.token is None and self.url is None:
            raise Refused(
                "neither `url` nor `token` says how to reach Slack",
                mend="write the url of an incoming webhook, or token and channel of a bot",
            )
        if self.token is not None and not self.channel:
            raise Refused("a bot must know its channel", mend="add channel")
        if self.token is None and self.channel:
            raise Refused(
                "an incoming webhook has its own channel", mend="leave channel out, or add token"
            )


def account(options: Options) -> tuple[Secret | None, Secret | None, str]:
    """What `PER_MINUTE` holds for: one channel."""
    return options.url, options.token, options.channel


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Write or mend one message."""
    if options.token is None and options.url is not None:
        if message.event not in {Event.TRIGGER, Event.RESOLVE}:
            return Verdict.delivered()
        answer = await post_json(session, options.url, _whole(message))
        if isinstance(answer, Verdict):
            return answer
        return judge(answer, detail=mask_of(options.url)(_word(answer)))
    known = _HANDLE.fullmatch(message.handle)
    if message.event is Event.CHANGE or (message.event is Event.UPDATE and known is None):
        return Verdict.delivered()
    if known is None:
        return await _call(options, "chat.postMessage", _posted(options, message), session)
    channel, ts = known.groups()
    if message.event is Event.TRIGGER:
        # It got worse: that must be heard, and a message that is mended makes no sound.
        reply = _whole(message) | {"channel": channel, "thread_ts": ts, "reply_broadcast": True}
        verdict = await _call(options, "chat.postMessage", reply, session)
        return Verdict.delivered(handle=message.handle) if verdict.handle else verdict
    mended = _whole(message) | {"channel": channel, "ts": ts}
    verdict = await _call(options, "chat.update", mended, session)
    if verdict.reason.removeprefix("slack-") in _CANNOT_BE_MENDED:
        return await _call(options, "chat.postMessage", _posted(options, message), session)
    return verdict


async def _call(
    options: Options, method: str, body: dict[str, Any], session: aiohttp.ClientSession
) -> Verdict:
    api = options.url or API
    url = Secret(str(URL(api.reveal()) / method))
    token = options.token.reveal() if options.token else ""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json; charset=utf-8",
    }
    answer = await post_json(session, url, body, headers, at_most=_READ)
    if isinstance(answer, Verdict):
        return answer
    if answer.status != 200:
        return judge(answer, accepts=range(200, 201))
    said = said_in(answer)
    if said.get("ok") is True:
        return Verdict.delivered(handle=f"{said.get('channel', '')}:{said.get('ts', '')}")
    error = said.get("error")
    if not isinstance(error, str) or not re.fullmatch(r"[a-z_]{1,60}", error):
        return Verdict.retry("malformed", "the answer is not that of Slack")
    if error in _PASSING:
        return Verdict.retry(f"slack-{error}", f"Slack says {error}")
    return Verdict.refused(f"slack-{error}", f"Slack says {error}")


def _posted(options: Options, message: Message) -> dict[str, Any]:
    return _whole(message) | {"channel": options.channel}


def _whole(message: Message) -> dict[str, Any]:
    return {
        "text": f"{mark(message)} {_escaped(message.summary, _SUMMARY)}",
        "blocks": blocks(message),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def blocks(message: Message) -> list[dict[str, Any]]:
    """*message* in Block Kit: its summary, what is known, and where to look next."""
    found = [_section(f"{mark(message)} *{_escaped(message.summary, _SUMMARY)}*")]
    lines: list[str] = []
    for fact in facts(message):
        lines.append(f"*{_escaped(fact.label, 75)}* {_escaped(fact.text, _FACT)}")
        if utf16("\n".join(lines)) > _SECTION:
            lines.pop()
            break
    if lines:
        found.append(_section("\n".join(lines)))
    named = [
        f"<{link.href.translate(_HREF_ESCAPES)}|{_escaped(link.text, 75) or 'link'}>"
        for link in links(message, _LINKS)
    ]
    if named:
        found.append({"type": "context", "elements": [_text(one) for one in named]})
    return found


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _escaped(text: str, limit: int) -> str:
    """*text* in at most *limit*, with nothing in it that Slack would take for a command."""
    return shorten(text, limit, lambda part: utf16(part.translate(_ESCAPES))).translate(_ESCAPES)


def _word(answer: Answer) -> str:
    """What a webhook says is wrong: one word, such as ``no_service``."""
    return answer.body.decode(errors="replace")
