"""A message as the judge would write it."""

from __future__ import annotations

from typing import Any

from synthetics.config.model import Severity
from synthetics.receivers.base import Event, Failing, Link, Message

DETECTED_MS = 1_791_209_100_000
"""2026-10-05T14:05:00Z"""


def trigger(**changes: Any) -> Message:
    known: dict[str, Any] = {
        "id": "msg_5f3a9c",
        "event": Event.TRIGGER,
        "dedup_key": "synthetics-shop-9b1c2d3e4f506172",
        "incident": 7,
        "severity": Severity.PAGE,
        "summary": "本店: checkout fails at step order (status 500) since 14:03 UTC",
        "location": "tokyo",
        "service": "shop",
        "service_name": "本店",
        "slo": "checkout-availability",
        "tier": "fast",
        "probe": "checkout",
        "step": "order",
        "reason": "status",
        "detected_ms": DETECTED_MS,
        "since_ms": DETECTED_MS - 120_000,
        "objective": 0.999,
        "burn_long": 50.0,
        "burn_short": 600.0,
        "budget_left": 0.87,
        "exhausted_ms": DETECTED_MS + 45_000_000,
        "failing": Failing(
            at_ms=DETECTED_MS - 5_000,
            detail="answered 500 Internal Server Error, 201 expected",
            trace_id="0af7651916cd43dd8448eb211c80319c",
            request_id="b7ad6b71-6920-3331",
        ),
        "also": ("home-fast",),
        "links": (Link(text="Runbook", href="https://wiki.example/oncall/shop"),),
        "url": "https://synthetics.example/",
    }
    return Message(**(known | changes))


def resolve(**changes: Any) -> Message:
    told: dict[str, Any] = {
        "id": "msg_5f3a9d",
        "event": Event.RESOLVE,
        "summary": "Resolved after 12m: 本店: checkout fails at step order (status 500)",
        "resolution": "short-within",
        "detected_ms": DETECTED_MS + 600_000,
        "also": (),
    }
    return trigger(**(told | changes))
