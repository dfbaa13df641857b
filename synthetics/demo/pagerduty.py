"""
A local stand-in for PagerDuty Events API v2: accepts and refuses as the real one does.

It shares no code with the receiver that talks to it, because it is that receiver's judge.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

EVENT_LIMIT_BYTES = 512 * 1024
CALLS_A_MINUTE = 120
_ACTIONS = ("trigger", "acknowledge", "resolve")
_SEVERITIES = ("critical", "warning", "error", "info")
_LONGEST_SUMMARY = 1024
_LONGEST_DEDUP_KEY = 255
_TIMESTAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One event that was accepted.

    Attributes:
        received_at: Seconds since the epoch.
        action: ``trigger``, ``acknowledge`` or ``resolve``.
        dedup_key: What joins the events of one incident; made up here if none was sent.
        body: The whole event as it was sent.
    """

    received_at: float
    action: str
    dedup_key: str
    body: dict[str, Any]


class PagerDuty:
    """
    The stand-in: ``POST /v2/enqueue``, and what it has accepted.

    Args:
        monotonic: Clock of the rate limit, in seconds.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.events: list[Event] = []
        self.refused: list[tuple[str, ...]] = []
        """The errors of each event that was refused, in order."""
        self._monotonic = monotonic
        self._calls: dict[str, deque[float]] = {}
        self._changed = asyncio.Condition()

    def app(self) -> web.Application:
        """The stand-in as an application, for `serving`."""
        # The limit is checked here, not by aiohttp, so that the answer has PagerDuty's shape.
        app = web.Application(client_max_size=64 * EVENT_LIMIT_BYTES)
        app.router.add_post("/v2/enqueue", self._enqueue)
        app.router.add_get("/", self._list)
        return app

    async def wait_for(self, action: str, *, dedup_key: str = "") -> Event:
        """
        The first event of *action*, once it is here; the caller brings the timeout.

        Args:
            action: ``trigger``, ``acknowledge`` or ``resolve``.
            dedup_key: Only of this incident, unless empty.
        """
        async with self._changed:
            while True:
                for event in self.events:
                    if event.action == action and dedup_key in {"", event.dedup_key}:
                        return event
                await self._changed.wait()

    async def _enqueue(self, request: web.Request) -> web.Response:
        raw = await request.read()
        event, errors = judge(request.content_type, raw)
        if errors:
            self.refused.append(errors)
            return web.json_response(
                {
                    "status": "invalid event",
                    "message": "Event object is invalid",
                    "errors": list(errors),
                },
                status=400,
            )
        if self._too_many(event["routing_key"]):
            return web.json_response(
                {"status": "throttle exceeded", "message": "Too many events; try again later"},
                status=429,
            )
        accepted = Event(
            received_at=time.time(),
            action=event["event_action"],
            dedup_key=event.get("dedup_key") or secrets.token_hex(16),
            body=event,
        )
        async with self._changed:
            self.events.append(accepted)
            self._changed.notify_all()
        return web.json_response(
            {
                "status": "success",
                "message": "Event processed",
                "dedup_key": accepted.dedup_key,
            },
            status=202,
        )

    async def _list(self, _request: web.Request) -> web.Response:
        """What was accepted, newest first, with the routing keys left out."""
        shown = [
            {key: value for key, value in event.body.items() if key != "routing_key"}
            for event in reversed(self.events)
        ]
        text = json.dumps(shown, ensure_ascii=False, indent=2)
        return web.Response(text=text, content_type="application/json")

    def _too_many(self, routing_key: str) -> bool:
        now = self._monotonic()
        calls = self._calls.setdefault(routing_key, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= CALLS_A_MINUTE:
            return True
        calls.append(now)
        return False


def judge(content_type: str, raw: bytes) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The event in *raw*, and everything PagerDuty would hold against it."""
    if content_type != "application/json":
        return {}, (f"Content-Type must be application/json, not {content_type}",)
    if len(raw) > EVENT_LIMIT_BYTES:
        return {}, (f"Event is {len(raw)} bytes long (maximum is {EVENT_LIMIT_BYTES} bytes)",)
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return {}, ("Event is not valid JSON",)
    if not isinstance(event, dict):
        return {}, ("Event is not a JSON object",)
    errors = (
        *_routing_key(event),
        *_action(event),
        *_dedup_key(event),
        *_links(event),
        *_payload(event),
    )
    return event, errors


def _routing_key(event: dict[str, Any]) -> list[str]:
    key = event.get("routing_key")
    if not key:
        return ["'routing_key' is missing or blank"]
    if not isinstance(key, str):
        return ["'routing_key' is invalid (must be a string)"]
    errors = []
    if len(key) != 32:
        errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if not (key.isascii() and key.isalnum()):
        errors.append("'routing_key' cannot contain non-alphanumeric characters")
    return errors


def _action(event: dict[str, Any]) -> list[str]:
    action = event.get("event_action")
    if not action:
        return ["'event_action' is missing or blank"]
    if action not in _ACTIONS:
        return [f"'event_action' is invalid (must be one of the following: {_choices(_ACTIONS)})"]
    return []


def _dedup_key(event: dict[str, Any]) -> list[str]:
    key = event.get("dedup_key", "")
    if key is None or key == "":
        needs_one = event.get("event_action") in {"acknowledge", "resolve"}
        return ["'dedup_key' is missing or blank"] if needs_one else []
    if not isinstance(key, str):
        return ["'dedup_key' is invalid (must be a string)"]
    if len(key) > _LONGEST_DEDUP_KEY:
        return [f"'dedup_key' is too long (maximum is {_LONGEST_DEDUP_KEY} characters)"]
    return []


def _links(event: dict[str, Any]) -> list[str]:
    errors = []
    for name, required in (("links", "href"), ("images", "src")):
        entries = event.get(name, [])
        if not isinstance(entries, list):
            errors.append(f"'{name}' is invalid (must be an array)")
        elif not all(isinstance(entry, dict) and entry.get(required) for entry in entries):
            errors.append(f"'{name}' is invalid (each must be an object with '{required}')")
    return errors


def _payload(event: dict[str, Any]) -> list[str]:
    if event.get("event_action") != "trigger":
        return []
    payload = event.get("payload")
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    errors = [
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source", "severity")
        if not payload.get(name)
    ]
    errors += [
        f"'payload.{name}' is invalid (must be a string)"
        for name in ("summary", "source", "timestamp", "component", "group", "class")
        if payload.get(name) and not isinstance(payload[name], str)
    ]
    summary = payload.get("summary")
    if isinstance(summary, str) and len(summary) > _LONGEST_SUMMARY:
        errors.append(f"'payload.summary' is too long (maximum is {_LONGEST_SUMMARY} characters)")
    severity = payload.get("severity")
    if severity and severity not in _SEVERITIES:
        errors.append(
            f"'payload.severity' is invalid (must be one of the following: {_choices(_SEVERITIES)})"
        )
    timestamp = payload.get("timestamp")
    if isinstance(timestamp, str) and timestamp and not _is_instant(timestamp):
        errors.append("'payload.timestamp' is invalid (must be an ISO 8601 date and time)")
    return errors


def _is_instant(text: str) -> bool:
    if not _TIMESTAMP.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _choices(words: tuple[str, ...]) -> str:
    quoted = [f"'{word}'" for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
