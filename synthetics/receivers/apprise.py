"""Receiver ``apprise``: one of the hundred services that the library Apprise knows."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, ConfigDict

from probes.fields import Refused, Secret, SecretText
from synthetics.config.model import Severity
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.chat import links
from synthetics.receivers.facts import facts
from synthetics.receivers.fields import NOT_LOOKED_UP
from synthetics.receivers.text import shorten

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "over a hundred other services, through Apprise"

_TOLD = frozenset({Event.TRIGGER, Event.RESOLVE})
_TITLE = 250
_FACT = 500
_LINKS = 4
_KINDS = {Severity.PAGE: "failure", Severity.TICKET: "warning", Severity.LOG: "info"}


def _check_url(value: Secret) -> Secret:
    if NOT_LOOKED_UP in value.reveal():
        return value
    if find_spec("apprise") is None:
        raise Refused(
            "the library Apprise is not installed", mend="pip install 'synthetics[apprise]'"
        )
    if _service(value) is None:
        raise Refused(
            "Apprise does not know this URL",
            mend="see https://appriseit.com/services/ for how each service is written",
        )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: The service, as Apprise writes it: `tgram://token/chat`.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Annotated[SecretText, AfterValidator(_check_url)]


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """
    Tell it once.

    Apprise says yes or no and not why, so a no is always worth another attempt; and its
    threads cannot be called back, so one that the caller gave up may still deliver.
    """
    del session
    if message.event not in _TOLD:
        return Verdict.delivered()
    kind = "success" if message.event is Event.RESOLVE else _KINDS[message.severity]
    lines = [f"{fact.label}: {shorten(fact.text, _FACT)}" for fact in facts(message)]
    lines += [f"{shorten(link.text, 80)}: {link.href}" for link in links(message, _LINKS)]
    body = "\n".join(lines) or message.service
    title = shorten(message.summary, _TITLE)
    if await asyncio.to_thread(_notify, options.url, title, body, kind):
        return Verdict.delivered()
    return Verdict.retry("apprise", "Apprise could not deliver it, and does not say why")


def _service(url: Secret) -> Any:
    """What Apprise makes of *url*; ``None`` if it makes nothing of it."""
    import apprise

    # Their log lines hold URLs, which hold secrets.
    for name in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(name).disabled = True
    return apprise.Apprise.instantiate(url.reveal(), suppress_exceptions=True)


def _notify(url: Secret, title: str, body: str, kind: str) -> bool:
    service = _service(url)
    if service is None:
        return False
    return bool(service.notify(body=body, title=title, notify_type=kind, body_format="text"))
