"""Receiver ``opsgenie``: alerts of Jira Service Management, and of Opsgenie while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict
from yarl import URL

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.receivers.base import Event, Fate, Message, Verdict
from synthetics.receivers.chat import links
from synthetics.receivers.facts import facts
from synthetics.receivers.fields import Key, Url
from synthetics.receivers.post import Answer, judge, mask_of, post_json, said_in
from synthetics.receivers.text import short_key, shorten, utf16

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "Jira Service Management, or Opsgenie"

API = Secret("https://api.atlassian.com/jsm/ops/integration")

_LIMITS = {"message": 130, "alias": 512, "description": 15_000, "source": 100, "entity": 512}
_FACT = 1000
_DETAIL = 400
_PRIORITIES = {Severity.PAGE: "P1", Severity.TICKET: "P3", Severity.LOG: "P5"}
_ACTIONS = {Event.ACKNOWLEDGE: "acknowledge", Event.RESOLVE: "close"}
# It shows HTML where there is some, and a phone shows what was escaped as it is.
_HARMLESS = str.maketrans({"<": "‹", ">": "›"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        api_key: Of an API integration.
        url: Where its API is: that of Opsgenie, another region, a proxy, a test.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    api_key: Key
    url: Url = API


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Create, acknowledge or close one alert; each is taken with 202 and done later."""
    if message.event is not Event.TRIGGER and message.event not in _ACTIONS:
        return Verdict.delivered()
    alerts = URL(options.url.reveal()) / "v2" / "alerts"
    alias = short_key(message.dedup_key, _LIMITS["alias"])
    one = alerts / alias
    if message.event is not Event.TRIGGER:
        action = (one / _ACTIONS[message.event]).with_query(identifierType="alias")
        said = {"source": "Synthetics", "note": _text(message.summary, _LIMITS["description"])}
        return await _call(options, action, said, session)
    priority = _PRIORITIES[message.severity]
    if message.handle not in {"", priority}:
        # An alert that is open already only counts a second one, however bad that is.
        raised = (one / "priority").with_query(identifierType="alias")
        verdict = await _call(options, raised, {"priority": priority}, session, method="PUT")
        if verdict.fate is not Fate.DELIVERED:
            return verdict
    verdict = await _call(options, alerts, alert(message), session)
    return Verdict.delivered(handle=priority) if verdict.fate is Fate.DELIVERED else verdict


async def _call(
    options: Options,
    url: URL,
    body: dict[str, Any],
    session: aiohttp.ClientSession,
    method: str = "POST",
) -> Verdict:
    headers = {"Authorization": f"GenieKey {options.api_key.reveal()}"}
    answer = await post_json(session, Secret(str(url)), body, headers, method=method)
    if isinstance(answer, Verdict):
        return answer
    return judge(answer, detail=mask_of(options.url, options.api_key)(_complaint(answer)))


def alert(message: Message) -> dict[str, Any]:
    """*message* as an alert, every limit kept by shortening."""
    lines = [f"{fact.label}: {_text(fact.text, _FACT)}" for fact in facts(message)]
    lines += [f"{_text(link.text, 80)}: {link.href}" for link in links(message, 10)]
    while utf16("\n".join(lines)) > _LIMITS["description"]:
        lines.pop()
    details = {
        "service": message.service,
        "slo": message.slo,
        "tier": message.tier,
        "probe": message.probe,
        "step": message.step,
        "reason": message.reason,
        "location": message.location,
        "incident": str(message.incident),
    }
    return {
        "message": _text(message.summary, _LIMITS["message"]) or message.slo,
        "alias": short_key(message.dedup_key, _LIMITS["alias"]),
        "description": "\n".join(lines),
        "details": {name: _text(value, _DETAIL) for name, value in details.items() if value},
        "tags": ["synthetics", message.severity.value],
        "entity": _text(message.service, _LIMITS["entity"]),
        "source": "Synthetics",
        "priority": _PRIORITIES[message.severity],
    }


def _text(text: str, limit: int) -> str:
    return shorten(text, limit, utf16).translate(_HARMLESS)


def _complaint(answer: Answer) -> str:
    """What it says is wrong, for each field if it names them."""
    said = said_in(answer)
    errors = said.get("errors")
    parts = [said.get("message"), *(errors.values() if isinstance(errors, dict) else ())]
    return "; ".join(part for part in parts if isinstance(part, str))
