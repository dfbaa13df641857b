"""A message as a mail: plain and HTML, under headers that make a thread of an incident."""

from __future__ import annotations

import html
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from synthetics.clock import instant
from synthetics.config.model import Severity
from synthetics.receivers.base import Event, Message
from synthetics.receivers.chat import links, mark
from synthetics.receivers.facts import facts
from synthetics.receivers.text import short_key, shorten

_SUBJECT = 200
_SUMMARY = 1024
_TEXT = 2000
_LINKS = 10
_COLOURS = {Severity.PAGE: "#d92d20", Severity.TICKET: "#f79009", Severity.LOG: "#2e90fa"}
_GREEN = "#2eb67d"
_CELL = "padding:2px 12px 2px 0;vertical-align:top"


def composed(message: Message, *, sender: str, to: Sequence[str]) -> tuple[str, bytes]:
    """
    The mail, ready to be sent, and its Message-ID.

    Whatever is told of an incident answers the mail that began it, and names as its root an
    identifier that the incident has from its key alone: so a thread holds together also where
    it is not known which of the mails arrived.
    """
    host = sender.rpartition("@")[2]
    own = f"<{short_key(message.id, 100)}@{host}>"
    root = f"<{short_key(message.dedup_key, 200)}@{host}>"
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Synthetics", addr_spec=sender)
    mail["To"] = [Address(addr_spec=one) for one in to]
    mail["Subject"] = shorten(f"{mark(message)} {message.summary}", _SUBJECT)
    # When it was detected: a mail that was tried for an hour tells of an hour ago.
    mail["Date"] = format_datetime(instant(message.detected_ms))
    mail["Message-ID"] = own
    if message.handle and message.handle != own:
        mail["In-Reply-To"] = message.handle
        mail["References"] = f"{root} {message.handle}"
    else:
        mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.severity is Severity.PAGE and message.event is Event.TRIGGER:
        mail["Importance"] = "high"
    mail.set_content(_plain(message))
    mail.add_alternative(_html(message), subtype="html")
    return own, mail.as_bytes()


def _plain(message: Message) -> str:
    lines = [shorten(message.summary, _SUMMARY), ""]
    lines += [f"{fact.label}: {shorten(fact.text, _TEXT)}" for fact in facts(message)]
    lines += ["", *(f"{shorten(one.text, 80)}: {one.href}" for one in links(message, _LINKS))]
    return "\n".join(lines).rstrip() + "\n"


def _html(message: Message) -> str:
    over = message.event is Event.RESOLVE
    colour = _GREEN if over else _COLOURS[message.severity]
    rows = "".join(
        f'<tr><th align="left" style="{_CELL}">{_escaped(fact.label, 80)}</th>'
        f'<td style="{_CELL}">{_escaped(fact.text, _TEXT)}</td></tr>'
        for fact in facts(message)
    )
    named = " · ".join(
        f'<a href="{html.escape(link.href)}">{_escaped(link.text, 80) or "link"}</a>'
        for link in links(message, _LINKS)
    )
    return (
        f'<html lang="{message.language.value}"><body style="font-family:sans-serif">'
        f'<p style="border-left:6px solid {colour};padding-left:10px;font-size:1.15em">'
        f"<b>{_escaped(message.summary, _SUMMARY)}</b></p>"
        f"<table>{rows}</table><p>{named}</p></body></html>\n"
    )


def _escaped(text: str, limit: int) -> str:
    return html.escape(shorten(text, limit))
