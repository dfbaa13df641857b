"""What receivers share that people read: a mark to see from afar, and links to follow."""

from __future__ import annotations

from synthetics.config.model import Severity
from synthetics.language.speech import speech
from synthetics.receivers.base import Event, Link, Message
from synthetics.receivers.text import is_link

_MARKS = {Event.ACKNOWLEDGE: "👀", Event.RESOLVE: "✅"}
_BY_SEVERITY = {Severity.PAGE: "🔴", Severity.TICKET: "🟠", Severity.LOG: "🔵"}


def mark(message: Message) -> str:
    """One emoji: how bad it is, that somebody is on it, or that it is over."""
    return _MARKS.get(message.event) or _BY_SEVERITY[message.severity]


def links(message: Message, most: int) -> list[Link]:
    """Where to look next: at most *most* that can be followed, our own page among them."""
    status = speech(message.language, message.zone).phrases.links.status
    known = {link.href: link for link in message.links if is_link(link.href)}
    found = list(known.values())[: most - 1]
    if is_link(message.url) and message.url not in known:
        found.append(Link(text=status, href=message.url))
    return found
