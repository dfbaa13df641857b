"""Uptime Kuma: the monitors of a backup, or of its API, as a configuration of ours."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from synthetics.convert.draft import Draft, duration, plain, statuses
from synthetics.convert.kuma_notifications import Notifications
from synthetics.convert.tree import Item

_NO_UUID = "00000000-0000-4000-8000-000000000000"
_HTTP = ("http", "keyword", "json-query")
_PATH = re.compile(r"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*|\[\d+\])*")
_OPERATORS = {
    "==": "equals", "": "equals", "!=": "not", ">": "over", ">=": "at_least", "<": "under",
    "<=": "at_most", "contains": "contains",
}  # fmt: skip
_OF_KUMA = (
    "id", "path", "pathName", "childrenIDs", "weight", "forceInactive", "maintenance", "screenshot",
    "dns_last_result", "includeSensitiveData", "timeout", "type", "name", "interval",
    "retryInterval", "parent", "saveResponse", "saveErrorResponse", "responseMaxLength",
    "retryOnlyOnStatusCodeFailure",
)  # fmt: skip
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "maxredirects": (10,),
    "packetSize": (56,),
    "ping_count": (1, 3),
    "ping_numeric": (True,),
    "ping_per_request_timeout": (2,),
    "method": ("GET",),
    "httpBodyEncoding": ("json",),
    "authMethod": ("none",),
    "dns_resolve_server": ("1.1.1.1",),
    "dns_resolve_type": ("A",),
    "kafkaProducerBrokers": ([],),
    "kafkaProducerSaslOptions": ({"mechanism": "None"},),
    "accepted_statuscodes": (["200-299"],),
    "expectedTlsAlert": ("none",),
    "jsonPathOperator": ("==",),
    "mqttCheckType": ("keyword",),
    "screenshot_delay": (0,),
    "resendInterval": (0,),
    "oauth_auth_method": ("client_secret_basic",),
    "snmpVersion": ("2c",),
    "gamedigGivenPortOnly": (True,),
    "rabbitmqNodes": ([],),
    "conditions": ([],),
    "protocol": ("",),
}
"""What the keys of other types hold where nobody wrote anything."""
_MOST_RETRIES = 3
_NOTHING: tuple[Any, ...] = (None, "", [], {}, False, 0, "[]", "{}")


def convert(root: Item, draft: Draft) -> None:
    """Add the monitors in *root* to *draft*."""
    listed = root["monitorList"] if root.is_group and "monitorList" in root else root
    monitors = [one for _, one in listed.pairs()] if listed.is_group else listed.items()
    groups = {
        one["id"].text(): one["name"].text() for one in monitors if one["type"].text() == "group"
    }
    notifications = Notifications(root["notificationList"], draft)
    root.skip("version", "monitorList")
    if listed is not root:
        draft.rest(root)
    for one in monitors:
        if one["type"].text() != "group":
            _Monitor(one, draft, groups).write(notifications)


class _Monitor:
    """One monitor, *item*; *groups* are the names of those that it may be in."""

    def __init__(self, item: Item, draft: Draft, groups: dict[str, str]) -> None:
        self._item = item
        self._draft = draft
        self._type = item["type"].text()
        self._name = item["name"].text() or "monitor"
        self._group = groups.get(item["parent"].text(), "Uptime Kuma")

    def write(self, notifications: Notifications) -> None:
        """Add it to the draft."""
        item, draft = self._item, self._draft
        if not item["active"].flag(default=True):
            draft.note(item["active"], f"{self._name!r} is left out: it is paused")
            return
        kind = self._kind()
        if kind is None:
            return
        every_s = item["interval"].number(60)
        service = draft.service(self._group)
        written: dict[str, Any] = {"service": service}
        if self._type != "push":
            written["every"] = duration(every_s)
            written |= self._again(every_s)
        if item["upsideDown"].flag():
            written["invert"] = True
        if labels := self._labels():
            written["labels"] = labels
        written |= kind
        self._left_out()
        draft.probe(self._name, item.line, written)
        notifications.of(item, service)

    def _again(self, every_s: float) -> dict[str, Any]:
        """The limit of an attempt and how often it is asked again, all within *every_s*."""
        item = self._item
        limit_s = min(item["timeout"].number() or every_s * 0.8, every_s)
        retries = int(item["maxretries"].number())
        if retries < 1:
            return {"timeout": duration(limit_s)}
        written_s = item["retryInterval"].number() or every_s
        attempts, after_s = min(retries, _MOST_RETRIES), min(written_s, every_s / 10)
        fits_s = min(limit_s, (every_s - attempts * after_s) / (attempts + 1))
        what = (
            f"{retries} retries, {duration(written_s)} apart, become {attempts}, "
            f"{duration(after_s)} apart, with {duration(fits_s)} for each, before it is due again"
        )
        if (attempts, after_s, fits_s) != (retries, written_s, limit_s):
            self._draft.note(item["maxretries"], what)
        confirm = {"attempts": attempts, "after": duration(after_s)}
        return {"timeout": duration(fits_s), "confirm": confirm}

    def _labels(self) -> dict[str, str]:
        """Tags; one without a value is worth ``yes``."""
        found = {}
        for tag in self._item["tags"].items():
            if name := tag["name"].text():
                found[name] = tag["value"].text() or "yes"
        return found

    def _kind(self) -> dict[str, Any] | None:
        item = self._item
        if self._type in _HTTP:
            return {"http": self._http()}
        host, port = item["hostname"].text(), int(item["port"].number())
        family = {"ipv4": "4", "ipv6": "6"}.get(item["ipFamily"].text(), "")
        ip = {"ip": family} if family else {}
        if self._type == "port":
            return {"tcp": {"connect": _host_port(host, port)} | ip}
        if self._type == "ping":
            options: dict[str, Any] = {"host": host} | ip
            if item["packetSize"]:
                options["size"] = f"{int(item['packetSize'].number(56))}B"
            if (count := int(item["ping_count"].number(1))) > 1:
                options |= {"count": count, "expect": {"lost": count - 1}}
            return {"ping": options}
        if self._type == "dns":
            server = item["dns_resolve_server"].text("1.1.1.1").split(",")
            if port not in (0, 53):
                server = [_host_port(one.strip(), port) for one in server]
            query = {"query": host, "type": item["dns_resolve_type"].text("A")}
            return {"dns": query | {"servers": [one.strip() for one in server]}}
        if self._type == "push":
            return {"heartbeat": self._heartbeat()}
        if self._type == "websocket-upgrade":
            return {"websocket": self._websocket()}
        if self._type == "redis":
            return self._redis()
        what = f"{self._name!r} is left out: there is no kind for monitors of type {self._type} yet"
        self._draft.note(item["type"], what)
        return None

    def _heartbeat(self) -> dict[str, Any]:
        every_s = self._item["interval"].number(60)
        token = self._item["pushToken"]
        what = "it reports to /ping/<uuid> instead, by a UUID that uuidgen makes"
        self._draft.note(token, f"{self._name!r}: {what}")
        uuid = self._draft.secret(token, _NO_UUID, f"{self._name}_UUID")
        retries = max(1, int(self._item["maxretries"].number()))
        again_s = self._item["retryInterval"].number(60) * retries
        return {"uuid": uuid, "every": duration(every_s), "grace": duration(again_s)}

    def _websocket(self) -> dict[str, Any]:
        options: dict[str, Any] = {"connect": plain(self._item["url"].text())}
        if protocols := self._item["wsSubprotocol"].text():
            options["subprotocols"] = [one.strip() for one in protocols.split(",")]
        if self._item["ignoreTls"].flag():
            options["tls"] = {"verify": False}
        return options

    def _redis(self) -> dict[str, Any] | None:
        at = self._item["databaseConnectionString"]
        url = urlsplit(at.text())
        if not url.hostname:
            self._draft.note(at, f"{self._name!r} is left out: this is no address of a Redis")
            return None
        options: dict[str, Any] = {"connect": _host_port(url.hostname, url.port or 6379)}
        if url.scheme == "rediss":
            options["tls"] = {"verify": False} if self._item["ignoreTls"].flag() else True
        if url.password:
            password = self._draft.secret(at, url.password, f"{self._name}_PASSWORD")
            options["login"] = {"username": url.username or "default", "password": password}
        if url.path.strip("/").isdecimal():
            options["database"] = int(url.path.strip("/"))
        return {"redis": options}

    def _http(self) -> dict[str, Any]:
        item = self._item
        method = item["method"].text("GET").lower()
        options: dict[str, Any] = {method: plain(item["url"].text())}
        if headers := self._headers():
            options["headers"] = headers
        if (body := item["body"].text()) and method not in ("get", "head"):
            options["body"] = plain(body)
            types = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
            known = {name.lower() for name in headers}
            encoding = item["httpBodyEncoding"].text("json")
            if "content-type" not in known:
                said = types.get(encoding, "text/xml; charset=utf-8")
                options.setdefault("headers", {})["Content-Type"] = said
        if auth := self._auth():
            options["auth"] = auth
        if item["ignoreTls"].flag():
            options["tls"] = {"verify": False}
        if family := {"ipv4": "4", "ipv6": "6"}.get(item["ipFamily"].text()):
            options["ip"] = family
        options["redirects"] = {"follow": min(50, int(item["maxredirects"].number(10)))}
        return options | {"expect": self._expect()}

    def _expect(self) -> dict[str, Any]:
        item = self._item
        wanted: set[int] = set()
        for each in item["accepted_statuscodes"].items():
            first, _, last = each.text().partition("-")
            if first.isdecimal() and (last or first).isdecimal():
                wanted |= set(range(int(first), int(last or first) + 1)) & set(range(100, 600))
        expect: dict[str, Any] = {"status": statuses(wanted or set(range(200, 300)))}
        if self._type == "keyword":
            key = "not_contains" if item["invertKeyword"].flag() else "contains"
            expect["body"] = {key: plain(item["keyword"].text())}
        if self._type == "json-query":
            expect |= self._json()
        return expect

    def _json(self) -> dict[str, Any]:
        at = self._item["jsonPath"]
        path, value = at.text().removeprefix("$.").strip(), self._item["expectedValue"]
        operator = self._item["jsonPathOperator"].text("==")
        if path in ("", "$"):
            path = "$"
        elif _PATH.fullmatch(path):
            path = f"$.{path}"
        else:
            self._draft.note(at, f"`{at.text()}` is left out: it is more than a path of JSONata")
            return {}
        wanted: Any = value.text()
        if operator in (">", ">=", "<", "<="):
            wanted = value.number()
        elif re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", wanted):
            wanted = json.loads(wanted)
        elif wanted in ("true", "false"):
            wanted = wanted == "true"
        else:
            wanted = plain(wanted)
        return {"json": {path: {_OPERATORS.get(operator, "equals"): wanted}}}

    def _headers(self) -> dict[str, str]:
        at = self._item["headers"]
        try:
            written = json.loads(at.text() or "{}")
        except ValueError:
            self._draft.note(at, "`headers` are left out: they are no JSON")
            return {}
        pairs = {str(name): (plain(str(value)), at.line) for name, value in written.items()}
        return self._draft.headers(pairs, self._name)

    def _auth(self) -> dict[str, Any]:
        item, draft = self._item, self._draft
        method = item["authMethod"].text()
        user = item["basic_auth_user"].text()
        if method == "basic" or (not method and user):
            at = item["basic_auth_pass"]
            password = draft.secret(at, at.text() or "none", f"{self._name}_PASSWORD")
            return {"basic": {"username": plain(user), "password": password}}
        if method == "bearer":
            at = item["bearer_token"]
            return {"bearer": draft.secret(at, at.text(), f"{self._name}_TOKEN")}
        if method not in ("", "none", "null"):
            draft.note(
                item["authMethod"], f"`authMethod` {method} is left out: it is not there yet"
            )
        return {}

    def _left_out(self) -> None:
        item, draft = self._item, self._draft
        item.skip(*_OF_KUMA, "notificationIDList")
        if item["expiryNotification"].flag():
            what = "`expiryNotification` is left out: write `expect: {certificate: {valid_for: …}}`"
            draft.note(item["expiryNotification"], what)
        for key, value in item.rest():
            if value.value not in (*_NOTHING, *_DEFAULTS.get(key, ())):
                draft.note(value, f"`{key}` is left out: there is nothing like it here")


def _host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
