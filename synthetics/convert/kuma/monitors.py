"""What all monitors of Uptime Kuma have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetics.convert.draft import Draft
from synthetics.convert.kuma import databases, http, kinds
from synthetics.convert.kuma.notifications import Notifications
from synthetics.convert.tree import Item
from synthetics.convert.written import duration, plain

_HTTP = ("http", "keyword", "json-query")
_NO_GROUP = "Uptime Kuma"
_OF_KUMA = (
    "id", "path", "pathName", "childrenIDs", "weight", "forceInactive", "maintenance", "screenshot",
    "dns_last_result", "includeSensitiveData", "timeout", "type", "name", "interval",
    "retryInterval", "parent", "saveResponse", "saveErrorResponse", "responseMaxLength",
    "retryOnlyOnStatusCodeFailure", "userId", "createdDate", "notificationIDList",
)  # fmt: skip
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "url": ("https://", "http://"),
    "maxredirects": (10,),
    "packetSize": (56,),
    "ping_count": (1, 3),
    "ping_numeric": (True, 1),
    "ping_per_request_timeout": (2,),
    "method": ("GET",),
    "httpBodyEncoding": ("json",),
    "authMethod": ("none",),
    "dns_resolve_server": ("1.1.1.1",),
    "dns_resolve_type": ("A",),
    "kafkaProducerSaslOptions": ({"mechanism": "None"}, '{"mechanism":"None"}'),
    "accepted_statuscodes": (["200-299"], '["200-299"]'),
    "expectedTlsAlert": ("none",),
    "jsonPath": ("$",),
    "jsonPathOperator": ("==",),
    "mqttCheckType": ("keyword",),
    "oauth_auth_method": ("client_secret_basic",),
    "snmpVersion": ("2c",),
    "snmpOid": ("1.3.6.1.4.1.9.6.1.101",),
    "gamedigGivenPortOnly": (True, 1),
    "manualStatus": (None,),
}
"""What the keys of other types hold where nobody wrote anything."""
_NOTHING: tuple[Any, ...] = (None, "", [], {}, False, 0, "[]", "{}")
_HINTS = {
    "expiryNotification": "write `expect: {certificate: {valid_for: …}}`",
    "domainExpiryNotification": "write a probe of kind `domain`",
    "description": "probes have no description",
    "conditions": "write `expect`",
    "cacheBust": "nothing is cached here",
}
_MOST_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What monitors refer to.

    Attributes:
        groups: Names by number.
        proxies: URLs by number.
        notifications: Those of the file.
        only: The hours outside of maintenance, empty if it never comes again.
        again_s: By service, how often it is told again what goes on.
    """

    groups: Mapping[str, str]
    proxies: Mapping[str, str]
    notifications: Notifications
    only: str
    again_s: dict[str, float] = field(default_factory=dict)

    def of_group(self, group: Item, name: str, draft: Draft) -> None:
        """Take what a *group* says for all that is in it."""
        if not group["active"].flag(default=True):
            draft.note(group["active"], f"{name!r}: a group that is paused; its monitors are not")
        for service, one in draft.services.items():
            if one["name"] == name or one["name"].startswith(f"{name} / "):
                self.notifications.of(group, service)
        group.done()


class Monitor:
    """One monitor, *item*; *around* is what it may refer to."""

    def __init__(self, item: Item, draft: Draft, around: Surroundings) -> None:
        self._item = item
        self._draft = draft
        self._around = around
        self._type = item["type"].text()
        self._name = item["name"].text() or "monitor"

    def write(self) -> None:
        """Add it to the draft."""
        item, draft = self._item, self._draft
        if not item["active"].flag(default=True):
            draft.note(item["active"], f"{self._name!r} is left out: it is paused")
            item.done()
            return
        made = self._kinds()
        if isinstance(made, str):
            draft.note(item["type"], f"{self._name!r} is left out: {made}")
            item.done()
            return
        service = draft.service(self._around.groups.get(item["parent"].text(), _NO_GROUP))
        common = {"service": service} | self._common()
        for kind in made:
            draft.probe(self._name, item.line, common | kind)
        self._around.notifications.of(item, service)
        self._again(service)
        self._left_out()

    def _kinds(self) -> list[dict[str, Any]] | str:
        item, draft = self._item, self._draft
        if self._type in _HTTP:
            return [http.kind(item, draft, self._around.proxies)]
        if self._type == "rabbitmq":
            return databases.rabbitmq(item, draft)
        made = kinds.kind(item, draft)
        return made if isinstance(made, str) else [made]

    def _common(self) -> dict[str, Any]:
        item = self._item
        every_s = item["interval"].number(60)
        written: dict[str, Any] = {}
        if self._type != "push":
            written["every"] = duration(every_s)
            written |= self._attempts(every_s)
            if self._around.only:
                written["only"] = self._around.only
        if item["upsideDown"].flag():
            written["invert"] = True
        if labels := {
            name: plain(tag["value"].text()) or "yes"
            for tag in item["tags"].items()
            if (name := tag["name"].text())
        }:
            written["labels"] = labels
        item["tags"].done()
        return written

    def _attempts(self, every_s: float) -> dict[str, Any]:
        """The limit of an attempt and how often it is asked again, all within *every_s*."""
        item = self._item
        limit_s = min(item["timeout"].number() or every_s * 0.8, every_s)
        retries = int(item["maxretries"].number())
        if retries < 1:
            return {"timeout": duration(limit_s)}
        written_s = item["retryInterval"].number() or every_s
        attempts, after_s = min(retries, _MOST_RETRIES), min(written_s, every_s / 10)
        fits_s = min(limit_s, (every_s - attempts * after_s) / (attempts + 1))
        fits_s = int(fits_s * 1000) / 1000
        what = (
            f"{self._name!r}: {retries} retries, {duration(written_s)} apart, become {attempts}, "
            f"{duration(after_s)} apart, with {duration(fits_s)} for each, before it is due again"
        )
        if (attempts, after_s, fits_s) != (retries, written_s, limit_s):
            self._draft.note(item["maxretries"], what)
        confirm = {"attempts": attempts, "after": duration(after_s)}
        return {"timeout": duration(fits_s), "confirm": confirm}

    def _again(self, service: str) -> None:
        """How often it is told again what goes on, which is said of a whole service here."""
        at = self._item["resendInterval"]
        if at.number() < 1:
            return
        again_s = at.number() * self._item["interval"].number(60)
        written = self._draft.services[service]
        again_s = min(again_s, self._around.again_s.get(service, again_s))
        self._around.again_s[service] = again_s
        written["incidents"] = {"repeat_interval": {"page": duration(again_s)}}
        what = (
            f"{self._name!r}: told again after {duration(again_s)}, as is all of its group, "
            "until somebody acknowledges it"
        )
        self._draft.note(at, what)

    def _left_out(self) -> None:
        item = self._item
        item.skip(*_OF_KUMA)
        for key in item.names:
            if item.holds(key) in (*_NOTHING, *_DEFAULTS.get(key, ())):
                item.skip(key)
        self._draft.rest(item, repr(self._name), hints=_HINTS)
