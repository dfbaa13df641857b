"""Services that have no receiver of their own here, as addresses of Apprise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetics.convert import urls
from synthetics.convert.draft import Draft

_FIELD = re.compile(r"\{(\w+)\}")
_TOKEN = "a" * 30
_PHONE = "15551234567"


@dataclass(frozen=True, slots=True)
class Messenger:
    """
    How Apprise writes a service.

    Attributes:
        address: With the names of what is told of it; ``{s}``, ``{host}`` and ``{last}`` are
            parts of the URL *server*: whether it is encrypted, where, and the end of its path.
        samples: What such values look like, where the environment has them.
    """

    address: str
    samples: Mapping[str, str] = field(default_factory=dict)


MESSENGERS: Mapping[str, Messenger] = {
    "apprise": Messenger("{address}", {"address": "json://value.example"}),
    "bark": Messenger("bark{s}://{host}/{last}"),
    "dingtalk": Messenger("dingtalk://{token}"),
    "feishu": Messenger("feishu://{last}"),
    "google-chat": Messenger(
        "{address}",
        {"address": "https://chat.googleapis.com/v1/spaces/A/messages?key=value&token=value"},
    ),
    "gotify": Messenger("gotify{s}://{host}/{token}"),
    "home-assistant": Messenger("hassio{s}://{host}/{token}"),
    "ifttt": Messenger("ifttt://{token}@{event}"),
    "line": Messenger("line://{token}/{to}"),
    "matrix": Messenger("matrix{s}://{token}@{host}/{room}", {"room": "!room:value.example"}),
    "mattermost": Messenger("mmost{s}://{host}/{last}"),
    "messagebird": Messenger(
        "msgbird://{token}/{sender}/{to}", {"token": "a" * 25, "sender": _PHONE, "to": _PHONE}
    ),
    "plivo": Messenger(
        "plivo://{user}@{token}/{sender}/{to}",
        {"user": "A" * 20, "sender": _PHONE, "to": _PHONE},
    ),
    "pushbullet": Messenger("pbul://{token}"),
    "pushover": Messenger("pover://{user}@{token}"),
    "rocket.chat": Messenger("rocket{s}://{last2}@{host}"),
    "sendgrid": Messenger(
        "sendgrid://{token}:{sender}/{to}", {"sender": "a@value.example", "to": "b@value.example"}
    ),
    "signal": Messenger("signal{s}://{host}/{sender}/{to}", {"sender": _PHONE, "to": _PHONE}),
    "signl4": Messenger("signl4://{token}"),
    "telegram": Messenger(
        "tgram://{token}/{chat}", {"token": f"123456789:{_TOKEN}", "chat": "12345678"}
    ),
    "twilio": Messenger(
        "twilio://{user}:{token}@{sender}/{to}",
        {"user": f"AC{'a' * 32}", "token": "a" * 32, "sender": _PHONE, "to": _PHONE},
    ),
    "vonage": Messenger(
        "vonage://{user}:{token}@{sender}/{to}",
        {"user": "abcd1234", "token": "a" * 16, "sender": _PHONE, "to": _PHONE},
    ),
    "webex": Messenger(
        "{address}",
        {"address": f"https://api.ciscospark.com/v1/webhooks/incoming/{'a' * 76}"},
    ),
    "wecom": Messenger("wecombot://{token}"),
    "zulip": Messenger("zulip://{user}@{host}/{token}/{to}", {"token": "a" * 32}),
}
"""By a name of ours, which every converter translates its own into."""
_OPEN = ("s", "host", "event", "room", "chat", "sender", "to", "user")
"""Parts that may be read in the file."""


def receiver(
    draft: Draft, service: str, told: Mapping[str, str], owner: str, line: int
) -> dict[str, Any] | None:
    """
    The receiver for *service*.

    Args:
        draft: Written to, for what is secret.
        service: One of `MESSENGERS`.
        told: What is known of it, by the names in its address; ``server`` is a whole URL.
        owner: What its secrets are called after.
        line: Where it stands.

    Returns:
        ``None`` where something that belongs into the address is not in the file.
    """
    known = dict(told)
    if (server := known.pop("server", "")) and "${" not in server:
        url = urls.parse(server if "//" in server else f"https://{server}")
        steps = [step for step in url.path.split("/") if step]
        known |= {
            "s": "s" if url.scheme == "https" else "",
            "host": url.place,
            "last": steps[-1] if steps else "",
            "last2": "/".join(steps[-2:]),
        }
        if "{last" not in MESSENGERS[service].address:
            known["host"] = "/".join([url.place, *steps]) if url.host else ""
    names = _FIELD.findall(MESSENGERS[service].address)
    if any(not known.get(name) for name in names if name != "s"):
        return None

    def one(found: re.Match[str]) -> str:
        name, text = found[1], known.get(found[1], "")
        if name in _OPEN or "${env:" in text:
            return text
        return draft.secret(line, text, f"{owner}_{name}")

    return {"apprise": {"url": _FIELD.sub(one, MESSENGERS[service].address)}}
