"""Receiver ``teams``: an Adaptive Card to a webhook of the Workflows app of Microsoft Teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict

from synthetics.config.model import Severity
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.chat import links, mark
from synthetics.receivers.facts import facts
from synthetics.receivers.fields import Url
from synthetics.receivers.post import judge, mask_of, post_json
from synthetics.receivers.text import shorten, utf8

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "Microsoft Teams, through a workflow"

PER_MINUTE = 60
"""Four a second are the limit of Teams, but a workflow has one of its owner's plan as well."""

_TOLD = frozenset({Event.TRIGGER, Event.RESOLVE})

_SUMMARY = 2000
_LABEL = 60
_FACT = 500
_FACTS = 20
_LINKS = 4
_HREF = 1000
# In bytes; the sum is below the 28 KB that Teams takes, with room for what JSON adds.

_COLOURS = {Severity.PAGE: "Attention", Severity.TICKET: "Warning", Severity.LOG: "Accent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: Of the workflow "Post to a channel when a webhook request is received".
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Url


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Post one card; only for what is worth one, since a card cannot be mended."""
    if message.event not in _TOLD:
        return Verdict.delivered()
    answer = await post_json(session, options.url, whole(message))
    if isinstance(answer, Verdict):
        return answer
    return judge(answer, detail=mask_of(options.url)(answer.body.decode(errors="replace")))


def whole(message: Message) -> dict[str, Any]:
    """*message* as a card.  Its texts are `TextRun`, which knows no Markdown and no mentions."""
    colour = "Good" if message.event is Event.RESOLVE else _COLOURS[message.severity]
    title = shorten(f"{mark(message)} {message.summary}", _SUMMARY, utf8)
    body = [_line(_run(title, weight="Bolder", size="Medium", color=colour))]
    for fact in facts(message)[:_FACTS]:
        label = _run(shorten(fact.label, _LABEL, utf8) + ": ", weight="Bolder")
        body.append(_line(label, _run(shorten(fact.text, _FACT, utf8))))
    actions = [
        {
            "type": "Action.OpenUrl",
            "title": shorten(link.text, _LABEL, utf8) or "link",
            "url": link.href,
        }
        for link in links(message, _LINKS)
        if utf8(link.href) <= _HREF
    ]
    card: dict[str, Any] = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": body,
        "msteams": {"width": "Full"},
    }
    content = card | ({"actions": actions} if actions else {})
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": content}]}


def _line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": list(runs)}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
