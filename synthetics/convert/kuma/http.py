"""Monitors of HTTP as our kinds ``http`` and ``journey``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from synthetics.convert import tokens
from synthetics.convert.draft import Draft
from synthetics.convert.tree import Item
from synthetics.convert.written import plain, statuses

FAMILIES = {"ipv4": "4", "ipv6": "6"}
_PATH = re.compile(r"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*|\[\d+\])*")
_COUNT = re.compile(r"\$(?:count|length)\((.*)\)")
_OPERATORS = {
    "==": "equals", "": "equals", "!=": "not", ">": "over", ">=": "at_least", "<": "under",
    "<=": "at_most", "contains": "contains",
}  # fmt: skip
_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


def kind(item: Item, draft: Draft, proxies: Mapping[str, str]) -> dict[str, Any]:
    """The key of our kind, and what is below it; *proxies* are URLs by their number."""
    name = item["name"].text()
    method = item["method"].text("GET").lower()
    options: dict[str, Any] = {method: plain(item["url"].text())}
    headers = _headers(item, draft)
    if (body := item["body"].text()) and method not in ("get", "head"):
        options["body"] = plain(body)
        if "content-type" not in {key.lower() for key in headers}:
            encoding = item["httpBodyEncoding"].text("json")
            headers["Content-Type"] = _TYPES.get(encoding, "text/xml; charset=utf-8")
    if headers:
        options["headers"] = headers
    if tls := trust(item, draft):
        options["tls"] = tls
    if family := FAMILIES.get(item["ipFamily"].text()):
        options["ip"] = family
    if item["proxyId"]:
        if proxy := proxies.get(item["proxyId"].text()):
            options["proxy"] = proxy
        else:
            draft.note(item["proxyId"], f"{name!r}: its proxy is left out: it is not in the file")
    options["redirects"] = {"follow": min(50, int(item["maxredirects"].number(10)))}
    expect = _expect(item, draft)
    if item["authMethod"].text() == "oauth2-cc":
        grant = _grant(item, draft)
        return {"journey": tokens.steps(grant, options | {"expect": expect})}
    _log_in(item, draft, options)
    return {"http": options | {"expect": expect}}


def wanted_statuses(item: Item) -> set[int]:
    """The statuses that will do."""
    wanted: set[int] = set()
    for each in item["accepted_statuscodes"].nested().items():
        first, _, last = each.text().partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            wanted |= set(range(int(first), int(last or first) + 1)) & set(range(100, 600))
    return wanted or set(range(200, 300))


def trust(item: Item, draft: Draft) -> dict[str, Any]:
    """What a monitor says of TLS."""
    tls: dict[str, Any] = {"verify": False} if item["ignoreTls"].flag() else {}
    if item["authMethod"].text() == "mtls":
        for key, ours in (("tlsCa", "ca"), ("tlsCert", "certificate"), ("tlsKey", "key")):
            if text := item[key].text():
                name = f"{item['name'].text()}_{ours}"
                tls[ours] = draft.secret(item[key], text, name)
    return tls


def _expect(item: Item, draft: Draft) -> dict[str, Any]:
    expect: dict[str, Any] = {"status": statuses(wanted_statuses(item))}
    kind = item["type"].text()
    if kind == "keyword":
        key = "not_contains" if item["invertKeyword"].flag() else "contains"
        expect["body"] = {key: plain(item["keyword"].text())}
    if kind == "json-query":
        expect |= _json(item, draft)
    return expect


def json_path(text: str) -> tuple[str, bool] | None:
    """A path of JSONata as ours, and whether its items are counted; ``None`` if it is more."""
    path = text.strip()
    counted = _COUNT.fullmatch(path)
    if counted is not None:
        path = counted[1]
    path = path.removeprefix("$.").strip()
    if path in ("", "$"):
        return "$", counted is not None
    return (f"$.{path}", counted is not None) if _PATH.fullmatch(path) else None


def _json(item: Item, draft: Draft) -> dict[str, Any]:
    at, value = item["jsonPath"], item["expectedValue"]
    operator = item["jsonPathOperator"].text("==")
    found = json_path(at.text())
    if found is None:
        what = (
            f"{item['name'].text()!r}: `{at.text()}` is left out: it is more than a path of "
            "JSONata; only the status is expected"
        )
        draft.note(at, what)
        value.done()
        return {}
    path, counted = found
    ours = _OPERATORS.get(operator, "equals")
    if counted:
        count = int(value.number())
        return {"json": {path: {"length": count if ours == "equals" else {ours: count}}}}
    if operator in (">", ">=", "<", "<="):
        return {"json": {path: {ours: value.number()}}}
    return {"json": {path: _equal(ours, value.text())}}


def _equal(operator: str, text: str) -> dict[str, Any]:
    """Uptime Kuma compares what is written, so a number and its text are one."""
    wanted: Any = plain(text)
    if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text) or text in ("true", "false"):
        wanted = json.loads(text)
    if operator == "equals" and wanted != plain(text):
        return {"one_of": [wanted, text]}
    return {operator: plain(text) if operator == "contains" else wanted}


def _headers(item: Item, draft: Draft) -> dict[str, str]:
    at = item["headers"]
    try:
        written = json.loads(at.text() or "{}")
        pairs = {str(name): (plain(str(value)), at.line) for name, value in written.items()}
    except (ValueError, AttributeError):
        name = item["name"].text()
        draft.note(at, f"{name!r}: `headers` are left out: they are no JSON object")
        return {}
    return draft.headers(pairs, item["name"].text())


def _log_in(item: Item, draft: Draft, options: dict[str, Any]) -> None:
    method, name = item["authMethod"].text(), item["name"].text()
    user = item["basic_auth_user"].text()
    if method == "basic" or (not method and user):
        at = item["basic_auth_pass"]
        draft.login(options, user, at.text(), at.line, name)
    elif method == "bearer":
        at = item["bearer_token"]
        options["auth"] = {"bearer": draft.secret(at, at.text(), f"{name}_TOKEN")}
    elif method == "ntlm":
        what = f"{name!r}: NTLM is left out: write `exec` with `curl --ntlm`"
        draft.note(item["authMethod"], what)
        item.skip("basic_auth_user", "basic_auth_pass", "authWorkstation", "authDomain")


def _grant(item: Item, draft: Draft) -> tokens.Grant:
    secret = item["oauth_client_secret"]
    name = f"{item['name'].text()}_CLIENT_SECRET"
    draft.note(item["oauth_token_url"], f"{item['name'].text()!r}: {tokens.SAID}")
    return tokens.Grant(
        url=plain(item["oauth_token_url"].text()),
        client=plain(item["oauth_client_id"].text()),
        secret=draft.secret(secret, secret.text() or "none", name),
        scopes=tuple(item["oauth_scopes"].text().split()),
        audience=plain(item["oauth_audience"].text()),
        in_header=item["oauth_auth_method"].text() != "client_secret_post",
    )
