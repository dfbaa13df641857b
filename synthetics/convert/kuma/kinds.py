"""Monitors of Uptime Kuma that are neither HTTP nor databases as kinds of ours."""

from __future__ import annotations

import re
from typing import Any

from synthetics.convert.draft import Draft
from synthetics.convert.kuma import databases
from synthetics.convert.kuma.databases import host_port
from synthetics.convert.kuma.http import FAMILIES, trust
from synthetics.convert.tree import Item
from synthetics.convert.written import duration, plain

NONE = {
    "gamedig": "no kind knows games; `udp` sends what its protocol asks, `exec` runs `gamedig`",
    "globalping": "run `synthetics` where it is to be asked from, as another location",
    "manual": "its state is set by hand; `synthetics maintenance` and `silence` are",
    "mongodb": "no kind speaks MongoDB; `tcp` asks whether it listens, `exec` runs `mongosh`",
    "oracledb": "no kind speaks Oracle; `tcp` asks whether it listens, `exec` runs `sqlplus`",
    "pm2": "`exec` runs `pm2 jlist` where the process is, or the process reports to a `heartbeat`",
    "radius": "no kind speaks RADIUS; `exec` runs `radclient` or `check_radius`",
    "sip-options": "no kind speaks SIP; `udp` sends OPTIONS and expects `SIP/2.0 200`",
    "snmp": "no kind speaks SNMP; `exec` runs `check_snmp` with the community in `env`",
    "sqlserver": "no kind speaks TDS; `tcp` asks whether it listens, `exec` runs `sqlcmd`",
}
"""What to do instead, by type."""
_A2S_INFO = "ffffffff" + b"TSource Engine Query\0".hex()
_NTP_QUESTION = "1b" + "00" * 47
_MATCHES = {
    "equals": r"\s{}\.?$",
    "contains": "{}",
    "starts_with": r"\s{}\S*$",
    "ends_with": r"{}\.?$",
}


def kind(item: Item, draft: Draft) -> dict[str, Any] | str:
    """The key of our kind and what is below it, or why there is none."""
    type_ = item["type"].text()
    host, port = item["hostname"].text(), int(item["port"].number())
    family = (
        {"ip": FAMILIES[item["ipFamily"].text()]} if item["ipFamily"].text() in FAMILIES else {}
    )
    match type_:
        case "port":
            return {"tcp": {"connect": host_port(host, port)} | family}
        case "ping":
            return _ping(item, host, family)
        case "dns":
            return _dns(item, draft, host, port)
        case "push":
            return _heartbeat(item, draft)
        case "websocket-upgrade":
            return _websocket(item)
        case "redis":
            return databases.redis(item, draft)
        case "postgres" | "mysql":
            return databases.sql(item, draft)
        case "mqtt":
            return databases.mqtt(item, draft)
        case "kafka-producer":
            return databases.kafka(item, draft)
        case "grpc-keyword":
            return _grpc(item, draft)
        case "smtp":
            return _smtp(item, host, port)
        case "real-browser":
            return _browser(item, draft)
        case "docker":
            return _docker(item, draft)
        case "steam":
            draft.note(item["type"], f"{item['name'].text()!r}: the game itself is asked, by UDP")
            return {"udp": {"connect": host_port(host, port), "send": {"hex": _A2S_INFO}}}
        case "ntp":
            what = f"{item['name'].text()!r}: whether it answers, and not what the time is"
            draft.note(item["type"], what)
            item.skip("ntpStratumThreshold", "ntpTimeOffsetThreshold", "ntpRootDispersionThreshold")
            return {
                "udp": {"connect": host_port(host, port or 123), "send": {"hex": _NTP_QUESTION}}
            }
        case "tailscale-ping":
            what = f"{item['name'].text()!r}: `tailscale` must be on the machine that asks"
            draft.note(item["type"], what)
            command = ["tailscale", "ping", "--c", "1", plain(host)]
            return {"exec": {"command": command, "expect": {"contains": "pong from"}}}
        case "system-service":
            what = f"{item['name'].text()!r}: asked on the machine that probes"
            draft.note(item["type"], what)
            name = plain(item["system_service_name"].text())
            return {"exec": {"command": ["systemctl", "is-active", "--quiet", name]}}
    return NONE.get(type_) or f"monitors of type {type_} are not known"


def _ping(item: Item, host: str, family: dict[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {"host": plain(host)} | family
    if item["packetSize"]:
        options["size"] = f"{int(item['packetSize'].number(56))}B"
    if (count := int(item["ping_count"].number(1))) > 1:
        options |= {"count": count, "expect": {"lost": count - 1}}
    return {"ping": options}


def _dns(item: Item, draft: Draft, host: str, port: int) -> dict[str, Any]:
    servers = item["dns_resolve_server"].text("1.1.1.1").split(",")
    servers = [one.strip() for one in servers if one.strip()]
    if servers[1:]:
        what = f"{item['name'].text()!r}: every server must answer here, where one was enough"
        draft.note(item["dns_resolve_server"], what)
    if port not in (0, 53):
        servers = [host_port(one, port) for one in servers]
    query: dict[str, Any] = {"query": plain(host), "type": item["dns_resolve_type"].text("A")}
    query["servers"] = servers
    answers: dict[str, list[str]] = {}
    for each in item["conditions"].nested().items():
        shape = _MATCHES.get(each["operator"].text())
        if (
            shape is None
            or each["andOr"].text("and") != "and"
            or each["variable"].text() != "record"
        ):
            what = (
                f"{item['name'].text()!r}: a condition is left out: write `expect: {{answers: …}}`"
            )
            draft.note(each, what)
            continue
        wanted = re.escape(each["value"].text().rstrip("."))
        answers.setdefault("any_matches", []).append(shape.format(wanted))
        each.skip("type", "id")
    expect: dict[str, Any] = {"answers": answers or {"at_least": 1}}
    return {"dns": query | {"expect": expect}}


def _heartbeat(item: Item, draft: Draft) -> dict[str, Any]:
    every_s = item["interval"].number(60)
    token = item["pushToken"]
    what = "it reports to /ping/<uuid> instead, by a UUID that uuidgen makes"
    draft.note(token, f"{item['name'].text()!r}: {what}")
    uuid = draft.uuid(token.line, item["name"].text())
    retries = max(1, int(item["maxretries"].number()))
    again_s = item["retryInterval"].number(60) * retries
    options = {"uuid": uuid, "every": duration(every_s), "grace": duration(again_s)}
    return {"heartbeat": options}


def _websocket(item: Item) -> dict[str, Any]:
    options: dict[str, Any] = {"connect": plain(item["url"].text())}
    if protocols := item["wsSubprotocol"].text():
        options["subprotocols"] = [one.strip() for one in protocols.split(",")]
    if item["ignoreTls"].flag():
        options["tls"] = {"verify": False}
    return {"websocket": options}


def _grpc(item: Item, draft: Draft) -> dict[str, Any]:
    service, method = item["grpcServiceName"].text(), item["grpcMethod"].text()
    package = re.search(r"(?m)^\s*package\s+([\w.]+)\s*;", item["grpcProtobuf"].text())
    if package and "." not in service:
        service = f"{package[1]}.{service}"
    address = item["grpcUrl"].text().partition("://")[2] or item["grpcUrl"].text()
    options: dict[str, Any] = {"connect": address}
    if item["grpcEnableTls"].flag():
        options["tls"] = trust(item, draft) or True
    item.skip("grpcProtobuf", "grpcMetadata")  # where the metadata is kept, and never sent
    body, keyword = item["grpcBody"].nested(), item["keyword"].text()
    if service.endswith("Health") and method.lower() == "check":
        if asked := body["service"].text():
            options["service"] = asked
        if "NOT_SERVING" in keyword or item["invertKeyword"].flag():
            options["expect"] = {"health": "NOT_SERVING"}
        return {"grpc": options}
    options["call"] = f"{service}/{method[:1].upper()}{method[1:]}"
    if body.is_group:
        options["message"] = body.value
    name = item["name"].text()
    draft.note(item["grpcProtobuf"].line, f"{name!r}: the server tells its types by reflection")
    if keyword:
        what = f"{name!r}: its keyword is left out: write `expect: {{json: …}}`"
        draft.note(item["keyword"], what)
        item.skip("invertKeyword")
    return {"grpc": options}


def _smtp(item: Item, host: str, port: int) -> dict[str, Any]:
    options: dict[str, Any] = {"connect": host_port(host, port or 25)}
    security = item["smtpSecurity"].text()
    if security == "secure":
        options["tls"] = True
    elif security == "starttls":
        options["starttls"] = True
    return {"smtp": options}


def _browser(item: Item, draft: Draft) -> dict[str, Any]:
    if item["remote_browser"]:
        what = f"{item['name'].text()!r}: a browser on this machine is used"
        draft.note(item["remote_browser"], what)
    item.skip("accepted_statuscodes", "screenshot_delay")
    draft.note(item["type"], f"{item['name'].text()!r}: any status below 400 will do")
    return {"browser": {"steps": [{"name": "page", "goto": plain(item["url"].text())}]}}


def _docker(item: Item, draft: Draft) -> dict[str, Any]:
    shown = "{{.State.Running}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
    what = f"{item['name'].text()!r}: `docker` on the machine that probes is asked"
    draft.note(item["docker_host"] or item["type"], what)
    name = plain(item["docker_container"].text())
    command = ["docker", "inspect", "--format", shown, name]
    expect = {"regex": "^true", "not_contains": "unhealthy"}
    return {"exec": {"command": command, "expect": expect}}
