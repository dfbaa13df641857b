"""Receiver ``pagerduty``: Events API v2: trigger, acknowledge, resolve, and change events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict
from yarl import URL

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.language.speech import speech
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.facts import changed
from synthetics.receivers.fields import RoutingKey, Url
from synthetics.receivers.post import Answer, judge, mask_of, post_json, said_in
from synthetics.receivers.text import is_link, iso, short_key, shorten

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "PagerDuty, through Events API v2"

PER_MINUTE = 120
"""What PagerDuty takes per routing key, about."""

CHANGES = True

ENQUEUE = Secret("https://events.pagerduty.com/v2/enqueue")

_LIMITS = {"summary": 1024, "dedup_key": 255, "text": 1024, "links": 10, "also": 50}
# The sum of these is far below the 512 KB that PagerDuty takes, four bytes a character.

_SEVERITIES = {Severity.PAGE: "critical", Severity.TICKET: "warning", Severity.LOG: "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        routing_key: Integration key of the service, 32 letters and digits.
        changes: Whether to send changes, such as deploys, as change events too.
        url: Where events go; another region, a proxy or a test.  Change events go beside it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    routing_key: RoutingKey
    changes: bool = False
    url: Url = ENQUEUE


def account(options: Options) -> tuple[Secret, Secret]:
    """What `PER_MINUTE` holds for: receivers with one routing key share it."""
    return options.url, options.routing_key


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Send one event; 202 is the only answer that means "taken"."""
    if message.event is Event.UPDATE:
        return Verdict.delivered()
    if message.event is Event.CHANGE:
        changes = URL(options.url.reveal()).parent / "change" / "enqueue"
        answer = await post_json(session, Secret(str(changes)), change(options, message))
    else:
        answer = await post_json(session, options.url, event(options, message))
    if isinstance(answer, Verdict):
        return answer
    if 200 <= answer.status < 300 and answer.status != 202:
        return Verdict.retry(
            f"status-{answer.status}", f"answered {answer.status}, which PagerDuty never does"
        )
    mask = mask_of(options.url, options.routing_key)
    return judge(answer, accepts=range(202, 203), detail=mask(_complaint(answer)))


def event(options: Options, message: Message) -> dict[str, Any]:
    """*message* as an event, every limit kept by shortening."""
    head = {
        "routing_key": options.routing_key.reveal(),
        "event_action": message.event.value,
        "dedup_key": short_key(message.dedup_key, _LIMITS["dedup_key"]),
    }
    if message.event in {Event.ACKNOWLEDGE, Event.RESOLVE}:
        return head
    payload = {
        "summary": shorten(message.summary, _LIMITS["summary"]) or message.slo,
        "source": _text(message.location) or message.service,
        "severity": _SEVERITIES[message.severity],
        "timestamp": iso(message.detected_ms),
        "component": _text(message.probe),
        "group": _text(message.service),
        "class": _text(message.reason),
        "custom_details": _details(message),
    }
    client = {"client": "Synthetics", "client_url": message.url or None}
    return {
        **head,
        **_present(client),
        "payload": _present(payload),
        "links": _links(message),
    }


def change(options: Options, message: Message) -> dict[str, Any]:
    """*message*, of something that was changed, as a change event."""
    payload = {
        "summary": shorten(message.summary, _LIMITS["summary"]) or message.service,
        "source": _text(message.location),
        "timestamp": iso(message.detected_ms),
        "custom_details": _present(
            {
                "service": _text(message.service_name),
                "author": _text(message.changes[0].author) if message.changes else "",
            }
        ),
    }
    return {
        "routing_key": options.routing_key.reveal(),
        "payload": _present(payload),
        "links": _links(message),
    }


def _links(message: Message) -> list[dict[str, str]]:
    return [
        {"href": link.href, "text": _text(link.text) or link.href}
        for link in message.links[: _LIMITS["links"]]
        if is_link(link.href)
    ]


def _details(message: Message) -> dict[str, Any]:
    failing = message.failing
    said = speech(message.language, message.zone)
    return _present(
        {
            "service": _text(message.service_name),
            "probe": _text(message.probe),
            "step": _text(message.step),
            "reason": _text(message.reason),
            "failing_since": iso(message.since_ms),
            "slo": _text(message.slo),
            "objective": _text(message.said.objective),
            "tier": _text(message.tier),
            "burn_rate": _text(message.said.burn),
            "budget": _text(message.said.budget),
            "budget_gone_at": iso(message.exhausted_ms),
            "last_failure": failing
            and _present(
                {
                    "at": iso(failing.at_ms),
                    "detail": _text(failing.detail),
                    "trace_id": _text(failing.trace_id),
                    "request_id": _text(failing.request_id),
                }
            ),
            "how_bad": _text(message.said.failed),
            "changed_lately": [_text(changed(said, message, one)) for one in message.changes]
            or None,
            "tried_already": [_text(line) for line in message.tried] or None,
            "owner": _text(message.owner),
            "also_failing": [_text(slo) for slo in message.also[: _LIMITS["also"]]] or None,
            "incident": message.incident,
        }
    )


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _text(text: str) -> str:
    return shorten(text, _LIMITS["text"])


def _complaint(answer: Answer) -> str:
    """What PagerDuty says is wrong with an event, on one line; empty if it does not say."""
    said = said_in(answer)
    errors = said.get("errors")
    parts = errors if isinstance(errors, list) else [said.get("message")]
    return "; ".join(part for part in parts if isinstance(part, str))
