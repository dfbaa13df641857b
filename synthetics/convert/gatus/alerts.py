"""Alerts of Gatus: its providers as receivers, its thresholds as the least of failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synthetics.convert import messengers
from synthetics.convert.draft import OBJECTIVE, Draft
from synthetics.convert.gatus.fill import filled
from synthetics.convert.tree import Item
from synthetics.convert.written import identifier

_THRESHOLD = 3.0
_ALERT_HINTS = {
    "description": "pages say what fails; `runbook` of a service is in every page",
    "success-threshold": "an incident ends by evidence, not by successes in a row",
    "minimum-reminder-interval": "write `incidents: {repeat_interval: …}`",
    "provider-override": "write a receiver of its own, and a route to it",
}
_TEXT_HINTS = {f"default-alert.{key}": why for key, why in _ALERT_HINTS.items()} | {
    "priority": "a route chooses by severity",
    "title": "pages have a title of their own",
}


class Alerts:
    """
    The providers of a file.

    Args:
        alerting: The section, empty if there is none.
        draft: Written to.
    """

    def __init__(self, alerting: Item, draft: Draft) -> None:
        self._draft = draft
        self._alerting = alerting
        self._made: dict[tuple[str, str], str] = {}
        for kind, provider in alerting.pairs():
            self._add(kind, "", provider)
            for override in provider["overrides"].items():
                group = override["group"].text()
                self._add(kind, group, _Over(override, provider))
            for key in ("enabled", "failure-threshold", "send-on-resolved"):
                provider["default-alert"][key].done()
            draft.rest(provider, kind, hints=_TEXT_HINTS)

    def _add(self, kind: str, group: str, provider: Item | _Over) -> None:
        name = f"{kind} {group}".strip()
        made = _receiver(kind, provider, self._draft, name)
        if isinstance(made, str):
            if not group:
                self._draft.note(provider.line, f"alerts by {kind} are left out: {made}")
                self._alerting[kind].done()
            return
        chosen = identifier(name, self._draft.receivers, "receiver")
        self._draft.receivers[chosen] = made
        self._draft.place(chosen, provider.line)
        self._made[kind, group] = chosen

    def of(self, item: Item, service: str) -> None:
        """Take the alerts of *item*, which belongs to *service*."""
        draft = self._draft
        for alert in item["alerts"].items():
            kind = alert["type"].text()
            usual = self._alerting[kind]["default-alert"]
            if not alert["enabled"].flag(default=usual["enabled"].flag(default=True)):
                draft.note(alert, f"an alert by {kind} is left out: it is not enabled")
                continue
            group = item["group"].text()
            receiver = self._made.get((kind, group)) or self._made.get((kind, ""))
            if receiver is None:
                draft.note(alert, f"an alert by {kind} is left out: nobody would be told")
                continue
            default = usual["failure-threshold"].number(_THRESHOLD)
            failures = max(1, int(alert["failure-threshold"].number(default)))
            draft.tell(service, receiver, failures)
            what = (
                f"{failures} failures in a row become an objective of {OBJECTIVE} for the service "
                f"and a page when its budget burns fast, after {failures} failures at least"
            )
            draft.note(alert.line, what)
            if not alert["send-on-resolved"].flag(default=usual["send-on-resolved"].flag()):
                what = "without `send-on-resolved`: that it is over is always told here"
                draft.note(alert.line, what)
            draft.rest(alert, f"alert by {kind}", hints=_ALERT_HINTS)


class _Over:
    """What a group says of a provider, over what it says for all."""

    def __init__(self, override: Item, provider: Item) -> None:
        self._override, self._provider = override, provider
        self.line = override.line

    def __getitem__(self, key: str) -> Item:
        return self._override[key] if key in self._override else self._provider[key]


Provider = Item | _Over


def _receiver(kind: str, provider: Provider, draft: Draft, name: str) -> dict[str, Any] | str:
    """The receiver, or why there is none."""
    if (make := _OWN.get(kind)) is not None:
        return make(provider, draft, name)
    if kind not in _BY_APPRISE:
        return "there is no such receiver; `webhook` or `command` reach anything"
    service, keys = _BY_APPRISE[kind]
    samples = messengers.MESSENGERS[service].samples
    told = {
        ours: filled(
            provider[theirs].text(), draft, provider[theirs].line,
            sample=samples.get(ours, "" if ours == "server" else "a" * 30),
        )
        for ours, theirs in keys.items()
    }  # fmt: skip
    if service == "zulip":
        told |= {"user": told["user"].partition("@")[0].removesuffix("-bot")}
    if service == "sendgrid" or service in ("messagebird", "signal"):
        told["to"] = "/".join(_listed(provider[keys["to"]])) or told["to"]
    made = messengers.receiver(draft, service, told, name, provider.line)
    return made or "something that its address needs is not written in the file"


def _listed(item: Item) -> list[str]:
    return [one.strip() for each in item.items() for one in each.text().split(",") if one.strip()]


def _secret(provider: Provider, key: str, draft: Draft, name: str, *, sample: str = "") -> str:
    found = provider[key]
    text = found.text()
    if "$" in text:
        return filled(text, draft, found.line, sample=sample)
    return draft.secret(found, text, name)


def _by_url(kind: str) -> Callable[[Provider, Draft, str], dict[str, Any]]:
    def make(provider: Provider, draft: Draft, name: str) -> dict[str, Any]:
        url = "https://value.example/"
        return {kind: {"url": _secret(provider, "webhook-url", draft, f"{name}_URL", sample=url)}}

    return make


def _pagerduty(provider: Provider, draft: Draft, name: str) -> dict[str, Any]:
    sample = "0123456789abcdef0123456789abcdef"
    key = _secret(provider, "integration-key", draft, f"{name}_ROUTING_KEY", sample=sample)
    return {"pagerduty": {"routing_key": key}}


def _opsgenie(provider: Provider, draft: Draft, name: str) -> dict[str, Any]:
    return {"opsgenie": {"api_key": _secret(provider, "api-key", draft, f"{name}_API_KEY")}}


def _ntfy(provider: Provider, draft: Draft, name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"topic": _secret(provider, "topic", draft, f"{name}_TOPIC")}
    if provider["url"]:
        url = provider["url"]
        made["url"] = filled(url.text(), draft, url.line, sample="https://value.example")
    if provider["token"]:
        made["token"] = _secret(provider, "token", draft, f"{name}_TOKEN")
    return {"ntfy": made}


def _email(provider: Provider, draft: Draft, name: str) -> dict[str, Any]:
    def put(key: str) -> str:
        return filled(provider[key].text(), draft, provider[key].line)

    port = put("port") or "587"
    scheme = "smtps" if port == "465" else "smtp"
    made: dict[str, Any] = {
        "url": f"{scheme}://{put('host')}:{port}",
        "from": put("from"),
        "to": [one.strip() for one in put("to").split(",") if one.strip()],
    }
    if provider["password"]:
        made["user"] = put("username") or made["from"]
        made["password"] = _secret(provider, "password", draft, f"{name}_PASSWORD")
    return {"email": made}


def _custom(provider: Provider, draft: Draft, name: str) -> dict[str, Any]:
    url = _secret(provider, "url", draft, f"{name}_URL", sample="https://value.example/")
    made: dict[str, Any] = {"url": url}
    if headers := {
        key: (filled(one.text(), draft, one.line), one.line)
        for key, one in provider["headers"].pairs()
    }:
        made["headers"] = draft.headers(headers, name)
    for key in ("body", "method", "placeholders"):
        if provider[key]:
            what = f"`{key}` is left out: our own message is posted; see `body` of `webhook`"
            draft.note(provider[key], what)
    return {"webhook": made}


_OWN: Mapping[str, Callable[[Provider, Draft, str], dict[str, Any]]] = {
    "slack": _by_url("slack"),
    "discord": _by_url("discord"),
    "teams": _by_url("teams"),
    "teams-workflows": _by_url("teams"),
    "n8n": lambda provider, draft, name: {"webhook": _by_url("url")(provider, draft, name)["url"]},
    "pagerduty": _pagerduty,
    "opsgenie": _opsgenie,
    "ntfy": _ntfy,
    "email": _email,
    "custom": _custom,
}
_BY_APPRISE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "googlechat": ("google-chat", {"address": "webhook-url"}),
    "gotify": ("gotify", {"server": "server-url", "token": "token"}),
    "homeassistant": ("home-assistant", {"server": "url", "token": "token"}),
    "ifttt": ("ifttt", {"token": "webhook-key", "event": "event-name"}),
    "line": ("line", {"token": "channel-access-token", "to": "user-ids"}),
    "matrix": (
        "matrix",
        {"server": "server-url", "token": "access-token", "room": "internal-room-id"},
    ),
    "mattermost": ("mattermost", {"server": "webhook-url"}),
    "messagebird": (
        "messagebird",
        {"token": "access-key", "sender": "originator", "to": "recipients"},
    ),
    "plivo": (
        "plivo",
        {"user": "auth-id", "token": "auth-token", "sender": "from", "to": "to"},
    ),
    "pushover": ("pushover", {"user": "user-key", "token": "application-token"}),
    "rocketchat": ("rocket.chat", {"server": "webhook-url"}),
    "sendgrid": ("sendgrid", {"token": "api-key", "sender": "from", "to": "to"}),
    "signal": ("signal", {"server": "api-url", "sender": "number", "to": "recipients"}),
    "signl4": ("signl4", {"token": "team-secret"}),
    "telegram": ("telegram", {"token": "token", "chat": "id"}),
    "twilio": ("twilio", {"user": "sid", "token": "token", "sender": "from", "to": "to"}),
    "vonage": (
        "vonage",
        {"user": "api-key", "token": "api-secret", "sender": "from", "to": "to"},
    ),
    "webex": ("webex", {"address": "webhook-url"}),
    "zulip": (
        "zulip",
        {"user": "bot-email", "token": "bot-api-key", "host": "domain", "to": "channel-id"},
    ),
}
