"""Gatus: endpoints, suites, external endpoints and alerts as a configuration of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from synthetics.convert import gatus_alerts
from synthetics.convert.draft import Draft, duration, statuses
from synthetics.convert.gatus_conditions import EVERY_STATUS, Unsaid, Wanted, loosely
from synthetics.convert.tree import Item

EVERY_S, SUITE_EVERY_S, TIMEOUT_S, SUITE_TIMEOUT_S = 60.0, 600.0, 10.0, 300.0

EMPTY: Mapping[str, str] = MappingProxyType({})

_ENV = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
_CONTEXT = re.compile(r"\[CONTEXT\]\.([A-Za-z0-9_-]+)")
_FILLED = re.compile(
    r"\[(ENDPOINT_NAME|ENDPOINT_GROUP|ENDPOINT_URL|LOCAL_ADDRESS|RANDOM_STRING_\d+)\]"
)
_TIME = re.compile(r"([0-9.]+)(ms|s|m|h)")
_SERVER_SIDE = (
    "metrics", "debug", "storage", "security", "web", "ui", "remote", "announcements",
    "concurrency", "disable-monitoring-lock", "skip-invalid-config-update", "connectivity",
    "tunneling",
)  # fmt: skip


def convert(root: Item, draft: Draft) -> None:
    """Add what *root*, a configuration file of Gatus, says to *draft*."""
    for key in _SERVER_SIDE:
        if root[key]:
            draft.note(root[key], f"`{key}` is left out: it is about Gatus itself")
    if root["maintenance"]:
        what = "`maintenance` that comes again is left out: write `hours`, and `only` at the probes"
        draft.note(root["maintenance"], what)
    alerts = gatus_alerts.Alerts(root["alerting"], draft)
    for each in root["endpoints"].items():
        if _enabled(each, draft):
            _endpoint(each, draft, alerts)
    for each in root["external-endpoints"].items():
        if _enabled(each, draft):
            _external(each, draft, alerts)
    for each in root["suites"].items():
        if _enabled(each, draft):
            _suite(each, draft, alerts)
    for key, value in root.rest():
        if not key.startswith("x-"):  # Docker's manner of keeping anchors
            draft.note(value, f"`{key}` is left out: it is not known")


def _enabled(item: Item, draft: Draft) -> bool:
    if not item["enabled"].flag(default=True):
        draft.note(item["enabled"], f"{item['name'].text()!r} is left out: it is not enabled")
        return False
    return True


def filled(text: str, draft: Draft, line: int, *, sample: str = "value-of-it") -> str:
    """*text* with Gatus's references to the environment as ours, and ``$$`` as one sign."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        name = found[2] or found[3]
        draft.env.setdefault(name, (sample, line))
        return f"${{env:{name}}}"

    return _ENV.sub(one, text)


def seconds(item: Item, default: float) -> float:
    """A time of Go's, such as ``1m30s``."""
    found = _TIME.findall(item.text())
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(float(number) * units[unit] for number, unit in found) or default


def _endpoint(item: Item, draft: Draft, alerts: gatus_alerts.Alerts) -> None:
    name = item["name"].text()
    service = draft.service(item["group"].text() or "gatus")
    written: dict[str, Any] = {
        "service": service,
        "every": duration(seconds(item["interval"], EVERY_S)),
    }
    limit_s = seconds(item["client"]["timeout"], TIMEOUT_S)
    written["timeout"] = duration(min(limit_s, seconds(item["interval"], EVERY_S)))
    if labels := {key: value.text() for key, value in item["extra-labels"].pairs()}:
        written["labels"] = labels
    wanted = _conditions(item, draft, dns=bool(item["dns"]))
    kind = _kind(item, draft, wanted)
    if kind is None:
        return
    if not wanted.connected:
        written["invert"] = ["connect", "timeout", "dns"]
    written |= kind
    _common(item, draft)
    draft.probe(name, item.line, written)
    alerts.of(item, service)


def _common(item: Item, draft: Draft) -> None:
    """What is left out of an endpoint, whatever its kind."""
    item.skip("ui", "name", "group", "store", "always-run", "interval", "extra-labels", "alerts")
    if item["maintenance-windows"]:
        what = "`maintenance-windows` are left out: write `hours`, and `only` at the probe"
        draft.note(item["maintenance-windows"], what)
    draft.rest(item)
    draft.rest(item["client"], "client.")


def _conditions(
    item: Item, draft: Draft, *, dns: bool, context: Mapping[str, str] = EMPTY
) -> Wanted:
    wanted = Wanted()
    ssh = item["url"].text().startswith("ssh:")
    for each in item["conditions"].items():
        text = _CONTEXT.sub(lambda found: context.get(found[1], found[0]), each.text())
        if ssh and text.startswith("[STATUS]"):
            continue  # of a command that is not run: named with `ssh`
        try:
            wanted.take(filled(text, draft, each.line), dns=dns)
            if loose := loosely(text):
                draft.note(each, f"`{text}`: {loose}")
        except Unsaid as unsaid:
            draft.note(each, f"`{text}` is left out: {unsaid}")
    return wanted


def _kind(item: Item, draft: Draft, wanted: Wanted) -> dict[str, Any] | None:
    """The one key that names the kind, and what is below it."""
    url = filled(item["url"].text(), draft, item["url"].line, sample="https://value.example")
    if item["dns"]:
        return _dns(item, url, draft, wanted)
    scheme = url.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return {"http": request(item, url, draft, wanted)}
    where = url.partition("://")[2].rstrip("/")
    made: dict[str, Any] | None = None
    if scheme == "tcp":
        made = {"tcp": {"connect": where}}
        if body := _text(item["body"], draft):
            made["tcp"]["dialogue"] = [{"send": body}]
    elif scheme == "udp":
        made = {"udp": {"connect": where, "send": _text(item["body"], draft) or "\n"}}
        draft.note(item["url"], "a UDP port is open here only if it answers")
    elif scheme == "icmp":
        made = {"ping": {"host": where.partition(":")[0]}}
        if wanted.within_s is not None:
            made["ping"]["expect"] = {"average": duration(wanted.within_s)}
    elif scheme in ("tls", "starttls"):
        tls: dict[str, Any] = {"connect": where} | _trust(item, draft)
        if scheme == "starttls":
            tls["starttls"] = "smtp"
        made = {"tls": tls}
    elif scheme in ("ws", "wss"):
        dialogue = []
        if body := _text(item["body"], draft):
            dialogue = [{"send": body}, {"expect": wanted.body.pop("regex", ".*")}]
        made = {"websocket": {"connect": url} | ({"dialogue": dialogue} if dialogue else {})}
    elif scheme == "ssh":
        made = {"ssh": {"connect": where if ":" in where else f"{where}:22"}}
        item["body"]
        draft.note(item["ssh"], "nobody logs in and runs a command: the host key is proved instead")
    if made is None:
        draft.note(item["url"], f"the endpoint is left out: there is no kind for {scheme}:// yet")
        return None
    _judged(item, draft, wanted, made)
    return made


def _judged(item: Item, draft: Draft, wanted: Wanted, made: dict[str, Any]) -> None:
    """Expectations of a kind that is not HTTP, and what of them it has no words for."""
    (kind, options) = next(iter(made.items()))
    at = item["conditions"]
    if wanted.valid_for_s is not None:
        if kind in ("tls", "websocket"):
            valid_for = duration(wanted.valid_for_s)
            options.setdefault("expect", {})["certificate"] = {"valid_for": valid_for}
        else:
            draft.note(at, "[CERTIFICATE_EXPIRATION] is left out: there is no certificate")
    if wanted.within_s is not None and kind != "ping":
        made["within"] = duration(wanted.within_s)
        draft.note(at, "[RESPONSE_TIME]: what is slow is degraded here, and not bad")
    if wanted.about_status:
        draft.note(at, "[STATUS] is left out: there is none")
    if wanted.body or wanted.json:
        draft.note(at, f"[BODY] is left out: {kind} has none to compare")


def _dns(item: Item, url: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    config = item["dns"]
    server = url.partition("://")[2] if "://" in url else url
    options: dict[str, Any] = {
        "query": filled(config["query-name"].text(), draft, config.line, sample="value.example"),
        "type": config["query-type"].text("A"),
        "servers": [server],
    }
    expect: dict[str, Any] = {}
    if wanted.rcode is not None:
        expect["rcode"] = wanted.rcode
    if wanted.answers:
        expect["answers"] = wanted.answers
        draft.note(config, "[BODY] is any record of the answer here, and the last one in Gatus")
    made: dict[str, Any] = {"dns": options | ({"expect": expect} if expect else {})}
    if wanted.within_s is not None:
        made["within"] = duration(wanted.within_s)
        draft.note(config, "[RESPONSE_TIME]: what is slow is degraded here, and not bad")
    draft.rest(config, "dns.")
    return made


def _text(item: Item, draft: Draft) -> str:
    return filled(item.text(), draft, item.line)


def _trust(item: Item, draft: Draft) -> dict[str, Any]:
    """What Gatus's client settings say of TLS."""
    client = item["client"]
    tls: dict[str, Any] = {}
    if client["insecure"].flag():
        tls["verify"] = False
    own = client["tls"]
    if own["certificate-file"]:
        tls["certificate"] = f"${{file:{own['certificate-file'].text()}}}"
        tls["key"] = f"${{file:{own['private-key-file'].text()}}}"
    draft.rest(own, "client.tls.")
    return tls


def request(
    item: Item, url: str, draft: Draft, wanted: Wanted, context: Mapping[str, str] = EMPTY
) -> dict[str, Any]:
    """One request of HTTP, with *context* values that a suite begins with."""
    name = item["name"].text()

    def put(text: str) -> str:
        text = _CONTEXT.sub(lambda found: context.get(found[1]) or f"${{{found[1]}}}", text)
        said = {"ENDPOINT_NAME": name, "ENDPOINT_GROUP": item["group"].text(), "ENDPOINT_URL": url}
        return _FILLED.sub(lambda found: said.get(found[1], found[0]), text)

    method = item["method"].text("GET").lower()
    written: dict[str, Any] = {method: put(url)}
    if headers := {
        key: (put(_text(value, draft)), value.line) for key, value in item["headers"].pairs()
    }:
        written["headers"] = draft.headers(headers, name)
    body = put(_text(item["body"], draft))
    if left := _FILLED.search(body):
        draft.note(item["body"], f"{left[0]} is sent as it is written")
    if body:
        written |= {"json": {"query": body}} if item["graphql"].flag() else {"body": body}
    if tls := _trust(item, draft):
        written["tls"] = tls
    if proxy := item["client"]["proxy-url"].text():
        written["proxy"] = filled(proxy, draft, item["client"].line)
    follow = not item["client"]["ignore-redirect"].flag()
    written["redirects"] = {"follow": follow}
    item["client"].skip("timeout", "network", "store-cookies")
    expect: dict[str, Any] = {"status": statuses(wanted.status)}
    if wanted.body:
        expect["body"] = wanted.body
    if wanted.json:
        expect["json"] = {path: said for path, said in wanted.json.items() if said}
    if wanted.within_s is not None:
        expect["within"] = duration(wanted.within_s)
    if wanted.valid_for_s is not None:
        expect["certificate"] = {"valid_for": duration(wanted.valid_for_s)}
    if wanted.rcode is not None:
        draft.note(item["conditions"], "[DNS_RCODE] is left out: it is for DNS")
    if wanted.status == EVERY_STATUS:
        expect["status"] = ["1xx", "2xx", "3xx", "4xx", "5xx"]
    return written | {"expect": expect}


def _external(item: Item, draft: Draft, alerts: gatus_alerts.Alerts) -> None:
    name = item["name"].text()
    interval = item["heartbeat"]["interval"]
    if not interval:
        draft.note(item, f"{name!r} is left out: without an interval nothing is ever late")
        return
    every_s = seconds(interval, EVERY_S)
    service = draft.service(item["group"].text() or "gatus")
    uuid = draft.secret(item, "00000000-0000-4000-8000-000000000000", f"{name}_UUID")
    options = {"uuid": uuid, "every": duration(every_s), "grace": duration(min(every_s, 60))}
    draft.probe(name, item.line, {"service": service, "heartbeat": options})
    what = "it reports to /ping/<uuid> or /ping/<uuid>/fail instead, by a UUID that uuidgen makes"
    draft.note(item["token"], f"{name!r}: {what}")
    item.skip("group", "name")
    alerts.of(item, service)
    draft.rest(item)


def _suite(item: Item, draft: Draft, alerts: gatus_alerts.Alerts) -> None:
    name = item["name"].text()
    service = draft.service(item["group"].text() or "gatus")
    every_s = seconds(item["interval"], SUITE_EVERY_S)
    context = {key: value.text() for key, value in item["context"].pairs()}
    steps = []
    for each in item["endpoints"].items():
        url = filled(each["url"].text(), draft, each["url"].line, sample="https://value.example")
        if urlsplit(_CONTEXT.sub("x", url)).scheme not in ("http", "https"):
            draft.note(each["url"], "the step is left out: a journey has steps of HTTP only")
            continue
        wanted = _conditions(each, draft, dns=False, context=context)
        step: dict[str, Any] = {"name": each["name"].text()}
        step |= request(each, url, draft, wanted, context)
        if each["store"]:
            step["capture"] = _captures(each["store"], draft)
        if each["always-run"].flag():
            step["always"] = True
            draft.note(each["always-run"], "a step that always runs never decides the outcome here")
        for alert in each["alerts"].items():
            draft.note(alert, "an alert of a step is one of the whole journey here")
        alerts.of(each, service)
        _common(each, draft)
        steps.append(step)
    limit_s = min(seconds(item["timeout"], SUITE_TIMEOUT_S), every_s)
    written = {"every": duration(every_s), "timeout": duration(limit_s), "journey": steps}
    draft.probe(name, item.line, {"service": service} | written)
    item.skip("group", "name")
    draft.rest(item)


def _captures(store: Item, draft: Draft) -> dict[str, Any]:
    captures = {}
    for key, value in store.pairs():
        text = value.text()
        if not text.startswith("[BODY]."):
            draft.note(value, f"`{text}` is not kept: only parts of a body are")
            continue
        captures[key] = {"json": f"${text.removeprefix('[BODY]')}"}
    return captures
