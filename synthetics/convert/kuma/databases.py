"""Monitors of databases and brokers as kinds of ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote

from synthetics.convert import urls
from synthetics.convert.draft import Draft
from synthetics.convert.tree import Item
from synthetics.convert.written import plain

_PORTS = {"postgresql": 5432, "mysql": 3306}
_MECHANISMS = {
    "plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512",
}  # fmt: skip


def host_port(host: str, port: int) -> str:
    """As we write it, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def redis(item: Item, draft: Draft) -> dict[str, Any] | str:
    """The key of our kind and what is below it, or why there is none."""
    at = item["databaseConnectionString"]
    url = urls.parse(at.text())
    if not url.host:
        return "this is no address of a Redis"
    options: dict[str, Any] = {"connect": host_port(url.host, url.port or 6379)}
    if url.scheme == "rediss":
        options["tls"] = {"verify": False} if item["ignoreTls"].flag() else True
    if url.password:
        password = draft.secret(at, url.password, f"{item['name'].text()}_PASSWORD")
        options["login"] = {"username": url.user or "default", "password": password}
    if url.path.strip("/").isdecimal():
        options["database"] = int(url.path.strip("/"))
    return {"redis": options}


def sql(item: Item, draft: Draft) -> dict[str, Any] | str:
    """The same for PostgreSQL and MySQL."""
    kind = "mysql" if item["type"].text() == "mysql" else "postgresql"
    at, name = item["databaseConnectionString"], item["name"].text()
    url = urls.parse(at.text())
    if not url.host:
        return "this is no URL of a database"
    login: dict[str, Any] = {"username": plain(url.user or "postgres")}
    secret = item["radiusPassword"].text() if kind == "mysql" else ""  # where its form keeps it
    if password := url.password or secret:
        login["password"] = draft.secret(at, password, f"{name}_PASSWORD")
    options: dict[str, Any] = {kind: host_port(url.host, url.port or _PORTS[kind])}
    options["login"] = login
    if database := url.path.strip("/"):
        options["database"] = plain(unquote(database))
    asked = dict(parse_qsl(url.query))
    mode = asked.pop("sslmode", "") or asked.pop("ssl", "")
    if mode in ("require", "prefer", "no-verify"):
        options["tls"] = {"verify": False}
    elif mode in ("verify-ca", "verify-full", "true"):
        options["tls"] = True
    if asked:
        draft.note(at.line, f"{name!r}: {', '.join(asked)} of its address is left out")
    query = item["databaseQuery"].text().strip().rstrip(";")
    options["query"] = plain(query or "SELECT 1")
    draft.note(
        item["databaseQuery"] if query else at.line,
        f"{name!r}: it is asked within a transaction that may only read",
    )
    return {"sql": options}


def mqtt(item: Item, draft: Draft) -> dict[str, Any] | str:
    """The same for MQTT."""
    address = item["hostname"].text()
    url = urls.parse(address if "://" in address else f"mqtt://{address}")
    if url.scheme in ("ws", "wss") or not url.host:
        return "no kind speaks MQTT through a WebSocket; `websocket` asks whether it opens"
    encrypted = url.scheme == "mqtts"
    port = int(item["port"].number()) or url.port or (8883 if encrypted else 1883)
    options: dict[str, Any] = {"connect": host_port(url.host, port)}
    if encrypted:
        options["tls"] = True
    if user := item["mqttUsername"].text():
        at = item["mqttPassword"]
        password = draft.secret(at, at.text() or "none", f"{item['name'].text()}_PASSWORD")
        options["login"] = {"username": plain(user), "password": password}
    what = (
        f"{item['name'].text()!r}: nobody waits for a message of others on "
        f"{item['mqttTopic'].text()}: the connection is made; with `round_trip` a message of ours "
        "goes through a topic"
    )
    draft.note(item["mqttTopic"], what)
    item.skip("mqttSuccessMessage", "mqttCheckType", "jsonPath", "expectedValue", "conditions")
    return {"mqtt": options}


def kafka(item: Item, draft: Draft) -> dict[str, Any] | str:
    """The same for Kafka."""
    brokers = [one.text() for one in item["kafkaProducerBrokers"].nested().items()]
    if not brokers:
        return "it names no broker"
    name = item["name"].text()
    first = brokers[0] if ":" in brokers[0] else f"{brokers[0]}:9092"
    options: dict[str, Any] = {"connect": first}
    if brokers[1:]:
        what = f"{name!r}: {brokers[0]} is asked first, and no other if that is away"
        draft.note(item["kafkaProducerBrokers"], what)
    if item["kafkaProducerSsl"].flag():
        options["tls"] = True
    sasl = item["kafkaProducerSaslOptions"].nested()
    mechanism = sasl["mechanism"].text("None")
    if mechanism in _MECHANISMS:
        at = sasl["password"]
        options["login"] = {
            "username": plain(sasl["username"].text()),
            "password": draft.secret(at, at.text() or "none", f"{name}_PASSWORD"),
            "mechanism": _MECHANISMS[mechanism],
        }
    elif mechanism.lower() != "none":
        return f"nobody logs in by {mechanism} here; `exec` runs `kcat`"
    options["round_trip"] = {"topic": item["kafkaProducerTopic"].text()}
    what = f"{name!r}: a message of ours goes through the topic, and is read back too"
    draft.note(item["kafkaProducerTopic"], what)
    item.skip("kafkaProducerMessage")
    if item["kafkaProducerAllowAutoTopicCreation"].flag():
        draft.note(item["kafkaProducerAllowAutoTopicCreation"], f"{name!r}: no topic is made here")
    return {"kafka": options}


def rabbitmq(item: Item, draft: Draft) -> list[dict[str, Any]] | str:
    """Probes of kind ``http``, one for each node, which ask its management."""
    nodes = [one.text() for one in item["rabbitmqNodes"].nested().items()]
    if not nodes:
        return "it names no node"
    at, name = item["rabbitmqPassword"], item["name"].text()
    password = draft.secret(at, at.text() or "none", f"{name}_PASSWORD")
    if nodes[1:]:
        what = f"{name!r}: every node counts here, where one that answers was enough"
        draft.note(item["rabbitmqNodes"], what)
    auth = {"basic": {"username": plain(item["rabbitmqUsername"].text()), "password": password}}
    return [
        {"http": {"get": plain(f"{node.rstrip('/')}/api/health/checks/alarms"), "auth": auth}}
        for node in nodes
    ]
