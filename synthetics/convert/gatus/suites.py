"""Suites of Gatus as journeys."""

from __future__ import annotations

from typing import Any

from synthetics.convert import urls
from synthetics.convert.draft import Draft
from synthetics.convert.gatus.alerts import Alerts
from synthetics.convert.gatus.fill import filled, sampled, seconds
from synthetics.convert.gatus.requests import CONTEXT, HINTS, conditions, request
from synthetics.convert.tree import Item
from synthetics.convert.written import duration

_EVERY_S, _TIMEOUT_S = 600.0, 300.0


def suite(item: Item, draft: Draft, alerts: Alerts) -> dict[str, Any]:
    """The probe that *item* becomes; the alerts of its steps are those of its service."""
    service = draft.service(item["group"].text() or "gatus")
    every_s = seconds(item["interval"], _EVERY_S)
    context = {key: value.text() for key, value in item["context"].pairs()}
    steps = []
    for each in item["endpoints"].items():
        if step := _step(each, draft, context):
            for alert in each["alerts"].items():
                draft.note(alert.line, "an alert of a step is one of the whole journey here")
            alerts.of(each, service)
            each.skip("ui", "group", "interval", "enabled")
            draft.rest(each, repr(each["name"].text()), hints=HINTS)
            steps.append(step)
    limit_s = min(seconds(item["timeout"], _TIMEOUT_S), every_s)
    written = {"every": duration(every_s), "timeout": duration(limit_s), "journey": steps}
    return {"service": service} | written


def _step(item: Item, draft: Draft, context: dict[str, str]) -> dict[str, Any] | None:
    at = item["url"]
    url = filled(at.text(), draft, at.line, sample="https://value.example")
    if urls.parse(CONTEXT.sub("x", sampled(url, draft))).scheme not in ("http", "https"):
        draft.note(item, f"{item['name'].text()!r} is left out: a journey has steps of HTTP only")
        return None
    wanted = conditions(item, draft, context=context)
    step: dict[str, Any] = {"name": item["name"].text()}
    step |= request(item, url, draft, wanted, context)
    if item["store"]:
        step["capture"] = _captures(item["store"], draft)
    if item["client"]["timeout"]:
        step["timeout"] = duration(seconds(item["client"]["timeout"], _TIMEOUT_S))
    if item["always-run"].flag():
        step["always"] = True
        what = "a step that always runs never decides the outcome here"
        draft.note(item["always-run"], what)
    if wanted.addresses or wanted.not_addresses:
        draft.note(item["conditions"].line, "[IP] is left out: write a probe of kind `dns` for it")
    if wanted.registered_for_s is not None:
        what = "[DOMAIN_EXPIRATION] is left out: write a probe of kind `domain` for it"
        draft.note(item["conditions"].line, what)
    return step


def _captures(store: Item, draft: Draft) -> dict[str, Any]:
    captures = {}
    for key, value in store.pairs():
        text = value.text()
        if text.startswith(("[BODY].", "[BODY][")):
            captures[key] = {"json": f"${text.removeprefix('[BODY]')}"}
        elif text == "[BODY]":
            captures[key] = {"regex": r"(?s).*"}
        else:
            draft.note(value, f"{key}: `{text}` is not kept: only the body and its parts are")
    return captures
