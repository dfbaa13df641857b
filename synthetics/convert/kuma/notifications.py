"""Notifications of Uptime Kuma as receivers of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from synthetics.convert import messengers
from synthetics.convert.draft import OBJECTIVE, Draft
from synthetics.convert.tree import Item
from synthetics.convert.written import identifier

Settings = Mapping[str, Any]


class Notifications:
    """
    Those of a backup.

    Args:
        listed: Each with a name, and its settings as JSON within the JSON.
        draft: Written to.
    """

    def __init__(self, listed: Item, draft: Draft) -> None:
        self._draft = draft
        self._made: dict[str, str] = {}
        for each in listed.items():
            self._add(each)

    def _add(self, item: Item) -> None:
        draft, name = self._draft, item["name"].text() or "notification"
        item.skip("id", "active", "userId", "isDefault", "name", "type", "config")
        config = item["config"]
        try:
            settings = config.value if config.is_group else json.loads(config.text() or "{}")
        except ValueError:
            draft.note(config, f"notification {name!r} is left out: its settings are no JSON")
            return
        kind = str(settings.get("type") or item["type"].text())
        made = _receiver(kind, settings, draft, config.line, name)
        if made is None:
            what = (
                f"notification {name!r} is left out: there is no receiver for {kind}, or its "
                "address is not whole; `webhook` or `command` reach anything"
            )
            draft.note(item, what)
            return
        told = {key: value for key, value in settings.items() if key in _OF_TEXTS and value}
        if told:
            what = f"notification {name!r}: {', '.join(told)} is left out: our texts are our own"
            draft.note(config.line, what)
        chosen = identifier(name, draft.receivers, "receiver")
        draft.receivers[chosen] = made
        draft.place(chosen, item.line)
        self._made[item["id"].text()] = chosen

    def of(self, monitor: Item, service: str) -> None:
        """Tell those of *monitor*, which belongs to *service*."""
        chosen = monitor["notificationIDList"]
        numbers = [key for key, on in chosen.pairs() if on.flag()]
        numbers += [one.text() for one in chosen.items()] if not chosen.is_group else []
        told = [self._made[number] for number in numbers if number in self._made]
        for receiver in told:
            self._draft.tell(service, receiver, 2)
        if told:
            what = (
                "a monitor that is down becomes an objective of "
                f"{OBJECTIVE} for its group, and a page when its budget burns fast"
            )
            self._draft.note(chosen, what)


def _slack(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    return {"slack": {"url": draft.secret(line, _of(settings, "slackwebhookURL"), f"{name}_URL")}}


def _discord(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    url = _of(settings, "discordWebhookUrl")
    return {"discord": {"url": draft.secret(line, url, f"{name}_URL")}}


def _teams(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    return {"teams": {"url": draft.secret(line, _of(settings, "webhookUrl"), f"{name}_URL")}}


def _pagerduty(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    key = _of(settings, "pagerdutyIntegrationKey")
    return {"pagerduty": {"routing_key": draft.secret(line, key, f"{name}_ROUTING_KEY")}}


def _opsgenie(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    key = _of(settings, "opsgenieApiKey")
    return {"opsgenie": {"api_key": draft.secret(line, key, f"{name}_API_KEY")}}


def _ntfy(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    made = {"topic": draft.secret(line, _of(settings, "ntfytopic"), f"{name}_TOPIC")}
    if url := _of(settings, "ntfyserverurl"):
        made["url"] = url
    if token := _of(settings, "ntfyaccesstoken"):
        made["token"] = draft.secret(line, token, f"{name}_TOKEN")
    return {"ntfy": made}


def _webhook(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    draft.note(line, f"webhook {name!r}: what is posted is our own message, not Uptime Kuma's")
    return {"webhook": {"url": draft.secret(line, _of(settings, "webhookURL"), f"{name}_URL")}}


def _smtp(settings: Settings, draft: Draft, line: int, name: str) -> dict[str, Any]:
    scheme = "smtps" if settings.get("smtpSecure") else "smtp"
    made: dict[str, Any] = {
        "url": f"{scheme}://{_of(settings, 'smtpHost')}:{_of(settings, 'smtpPort') or 587}",
        "from": _of(settings, "smtpFrom"),
        "to": [one.strip() for one in _of(settings, "smtpTo").split(",") if one.strip()],
    }
    if password := _of(settings, "smtpPassword"):
        made["user"] = _of(settings, "smtpUsername")
        made["password"] = draft.secret(line, password, f"{name}_PASSWORD")
    return {"email": made}


def _of(settings: Settings, key: str) -> str:
    value = settings.get(key)
    return "" if value is None else str(value)


_OF_TEXTS = (
    "slackusername", "slackiconemo", "slackchannel", "discordUsername", "discordPrefixMessage",
    "ntfyPriority", "pushoverpriority", "pushoversounds", "webhookCustomBody", "webhookContentType",
    "webhookAdditionalHeaders", "httpMethod", "telegramTemplate", "customSubject", "customBody",
    "gotifyPriority", "telegramSendSilently", "smtpCC", "smtpBCC", "smtpIgnoreTLSError",
    "smtpDkimDomain", "ntfyusername", "ntfypassword",
)  # fmt: skip
_BY_APPRISE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "apprise": ("apprise", {"address": "appriseURL"}),
    "Bark": ("bark", {"server": "barkEndpoint"}),
    "Feishu": ("feishu", {"server": "feishuWebHookUrl"}),
    "GoogleChat": ("google-chat", {"address": "googleChatWebhookURL"}),
    "gotify": ("gotify", {"server": "gotifyserverurl", "token": "gotifyapplicationToken"}),
    "HomeAssistant": (
        "home-assistant",
        {"server": "homeAssistantUrl", "token": "longLivedAccessToken"},
    ),
    "line": ("line", {"token": "lineChannelAccessToken", "to": "lineUserID"}),
    "matrix": (
        "matrix",
        {"server": "homeserverUrl", "token": "accessToken", "room": "internalRoomId"},
    ),
    "mattermost": ("mattermost", {"server": "mattermostWebhookUrl"}),
    "pushbullet": ("pushbullet", {"token": "pushbulletAccessToken"}),
    "pushover": ("pushover", {"user": "pushoveruserkey", "token": "pushoverapptoken"}),
    "rocket.chat": ("rocket.chat", {"server": "rocketwebhookURL"}),
    "signal": (
        "signal",
        {"server": "signalURL", "sender": "signalNumber", "to": "signalRecipients"},
    ),
    "telegram": ("telegram", {"token": "telegramBotToken", "chat": "telegramChatID"}),
    "twilio": (
        "twilio",
        {
            "user": "twilioAccountSID",
            "token": "twilioAuthToken",
            "sender": "twilioFromNumber",
            "to": "twilioToNumber",
        },
    ),
    "WeCom": ("wecom", {"token": "weComBotKey"}),
}


def _receiver(
    kind: str, settings: Settings, draft: Draft, line: int, name: str
) -> dict[str, Any] | None:
    if (make := _KINDS.get(kind)) is not None:
        return make(settings, draft, line, name)
    if kind not in _BY_APPRISE:
        return None
    service, keys = _BY_APPRISE[kind]
    told = {ours: _of(settings, theirs) for ours, theirs in keys.items()}
    if service == "signal":
        told["to"] = told["to"].replace(" ", "").replace(",", "/")
    return messengers.receiver(draft, service, told, name, line)


_KINDS: Mapping[str, Callable[[Settings, Draft, int, str], dict[str, Any]]] = {
    "slack": _slack,
    "discord": _discord,
    "teams": _teams,
    "PagerDuty": _pagerduty,
    "Opsgenie": _opsgenie,
    "ntfy": _ntfy,
    "webhook": _webhook,
    "smtp": _smtp,
}
