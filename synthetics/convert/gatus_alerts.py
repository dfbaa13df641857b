"""Alerts of Gatus: its providers as receivers, its thresholds as the least of failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synthetics.convert.draft import OBJECTIVE, Draft, identifier
from synthetics.convert.tree import Item

_THRESHOLD = 3.0


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
        self._made: dict[str, str] = {}
        for name, provider in alerting.pairs():
            make = _PROVIDERS.get(name)
            if make is None:
                draft.note(provider, f"alerts by {name} are left out: there is no such receiver")
                continue
            chosen = identifier(name, draft.receivers, "receiver")
            draft.receivers[chosen] = make(provider, draft)
            draft.place(chosen, provider.line)
            self._made[name] = chosen
            for key, value in provider.rest():
                if key != "default-alert" and value:
                    what = f"`{key}` of {name} is left out: there is nothing like it here"
                    draft.note(value, what)

    def of(self, item: Item, service: str) -> None:
        """Take the alerts of *item*, which belongs to *service*."""
        for alert in item["alerts"].items():
            kind = alert["type"].text()
            usual = self._alerting[kind]["default-alert"]
            if not alert["enabled"].flag(default=usual["enabled"].flag(default=True)):
                self._draft.note(alert, f"an alert by {kind} is left out: it is not enabled")
                continue
            receiver = self._made.get(kind)
            if receiver is None:
                self._draft.note(alert, f"an alert by {kind} is left out: nobody would be told")
                continue
            default = usual["failure-threshold"].number(_THRESHOLD)
            failures = max(1, int(alert["failure-threshold"].number(default)))
            self._draft.tell(service, receiver, failures)
            what = (
                f"{failures} failures in a row become an objective of {OBJECTIVE} for the service "
                f"and a page when its budget burns fast, after {failures} failures at least"
            )
            self._draft.note(alert, what)
            for key in ("success-threshold", "minimum-reminder-interval", "provider-override"):
                if alert[key]:
                    what = f"`{key}` is left out: there is nothing like it at one alert"
                    self._draft.note(alert[key], what)
            if not alert["send-on-resolved"].flag(default=usual["send-on-resolved"].flag()):
                what = "without `send-on-resolved`: that it is over is always told here"
                self._draft.note(alert, what)


def _secret(provider: Item, key: str, draft: Draft, name: str) -> str:
    found = provider[key]
    text = found.text()
    return text.replace("${", "${env:") if "${" in text else draft.secret(found, text, name)


def _slack(provider: Item, draft: Draft) -> dict[str, Any]:
    return {"slack": {"url": _secret(provider, "webhook-url", draft, "SLACK_URL")}}


def _discord(provider: Item, draft: Draft) -> dict[str, Any]:
    return {"discord": {"url": _secret(provider, "webhook-url", draft, "DISCORD_URL")}}


def _teams(provider: Item, draft: Draft) -> dict[str, Any]:
    return {"teams": {"url": _secret(provider, "webhook-url", draft, "TEAMS_URL")}}


def _pagerduty(provider: Item, draft: Draft) -> dict[str, Any]:
    key = _secret(provider, "integration-key", draft, "PAGERDUTY_ROUTING_KEY")
    return {"pagerduty": {"routing_key": key}}


def _opsgenie(provider: Item, draft: Draft) -> dict[str, Any]:
    return {"opsgenie": {"api_key": _secret(provider, "api-key", draft, "OPSGENIE_API_KEY")}}


def _ntfy(provider: Item, draft: Draft) -> dict[str, Any]:
    made: dict[str, Any] = {"topic": _secret(provider, "topic", draft, "NTFY_TOPIC")}
    if provider["url"]:
        made["url"] = provider["url"].text()
    if provider["token"]:
        made["token"] = _secret(provider, "token", draft, "NTFY_TOKEN")
    return {"ntfy": made}


def _email(provider: Item, draft: Draft) -> dict[str, Any]:
    port = int(provider["port"].number(587))
    scheme = "smtps" if port == 465 else "smtp"
    to = [one.strip() for one in provider["to"].text().split(",") if one.strip()]
    made: dict[str, Any] = {
        "url": f"{scheme}://{provider['host'].text()}:{port}",
        "from": provider["from"].text(),
        "to": to,
    }
    if provider["password"]:
        made["user"] = provider["username"].text() or provider["from"].text()
        made["password"] = _secret(provider, "password", draft, "SMTP_PASSWORD")
    return {"email": made}


def _custom(provider: Item, draft: Draft) -> dict[str, Any]:
    made: dict[str, Any] = {"url": _secret(provider, "url", draft, "WEBHOOK_URL")}
    if headers := {key: (one.text(), one.line) for key, one in provider["headers"].pairs()}:
        made["headers"] = draft.headers(headers, "WEBHOOK")
    return {"webhook": made}


_PROVIDERS: Mapping[str, Callable[[Item, Draft], dict[str, Any]]] = {
    "slack": _slack,
    "discord": _discord,
    "teams": _teams,
    "teams-workflows": _teams,
    "pagerduty": _pagerduty,
    "opsgenie": _opsgenie,
    "ntfy": _ntfy,
    "email": _email,
    "custom": _custom,
}
