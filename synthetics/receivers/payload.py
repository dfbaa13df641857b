"""A message as JSON for programs: what happened, when, and all that is known of it."""

from __future__ import annotations

from typing import Any

from synthetics.receivers.base import Event, Message
from synthetics.receivers.text import is_link, iso, shorten

_WORDS = {
    Event.TRIGGER: "triggered",
    Event.UPDATE: "updated",
    Event.ACKNOWLEDGE: "acknowledged",
    Event.RESOLVE: "resolved",
    Event.CHANGE: "changed",
}
_TEXT = 1024
_ALSO = 50
_LINKS = 10


def payload(message: Message) -> dict[str, Any]:
    """*message* as JSON: what happened, when, and what is known of it."""
    failing = message.failing
    return {
        "type": f"incident.{_WORDS[message.event]}",
        "timestamp": iso(message.detected_ms),
        "data": {
            "incident": message.incident,
            "dedup_key": message.dedup_key,
            "severity": message.severity.value,
            "summary": _text(message.summary),
            "service": message.service,
            "service_name": _text(message.service_name),
            "slo": message.slo,
            "tier": message.tier,
            "objective": message.objective,
            "probe": message.probe,
            "step": _text(message.step),
            "reason": _text(message.reason),
            "location": _text(message.location),
            "failing_since": iso(message.since_ms),
            "burn_rate": {"long": message.burn_long, "short": message.burn_short},
            "budget_left": message.budget_left,
            "budget_gone_at": iso(message.exhausted_ms),
            "in_words": {
                "objective": _text(message.said.objective),
                "failed": _text(message.said.failed),
                "burn_rate": _text(message.said.burn),
                "budget": _text(message.said.budget),
            },
            "last_failure": failing
            and {
                "at": iso(failing.at_ms),
                "detail": _text(failing.detail),
                "trace_id": _text(failing.trace_id),
                "request_id": _text(failing.request_id),
            },
            "changes": [
                {
                    "at": iso(change.at_ms),
                    "summary": _text(change.summary),
                    "author": _text(change.author),
                    "link": change.link,
                }
                for change in message.changes
            ],
            "tried": [_text(line) for line in message.tried],
            "owner": _text(message.owner),
            "drill": message.drill,
            "resolution": message.resolution,
            "also_failing": list(message.also[:_ALSO]),
            "links": [
                {"text": _text(link.text), "href": link.href}
                for link in message.links[:_LINKS]
                if is_link(link.href)
            ],
            "url": message.url,
        },
    }


def _text(text: str) -> str:
    return shorten(text, _TEXT)
