"""The prober ``http`` of blackbox_exporter as our kind ``http``."""

from __future__ import annotations

import re
from typing import Any

from synthetics.convert.draft import Draft, plain, statuses
from synthetics.convert.tree import Item

_PLAIN_PATTERN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^A-Za-z0-9])+")
_VERSIONS = {"TLS10": "1.0", "TLS11": "1.1", "TLS12": "1.2", "TLS13": "1.3"}
_PROTOCOLS = {"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/2": "2", "HTTP/3.0": "3"}


def http(item: Item, draft: Draft, target: str) -> dict[str, Any]:
    """The key of our kind, and what is below it."""
    method = item["method"].text("GET").lower()
    options: dict[str, Any] = {method: target}
    headers = {name: (plain(value.text()), value.line) for name, value in item["headers"].pairs()}
    for name, value in item["http_headers"].pairs():
        kept = _header(value)
        if kept is not None:
            headers[name] = (kept[0], kept[1].line) if not kept[2] else (
                draft.secret(kept[1], kept[0], name), kept[1].line
            )  # fmt: skip
    if item["compression"] and item["compression"].text() != "identity":
        draft.note(item["compression"], "`compression`: whether it was compressed is not judged")
    if found := draft.headers(headers, "HEADER"):
        options["headers"] = found
    if item["body"]:
        options["body"] = plain(item["body"].text())
    if item["body_file"]:
        options["body"] = f"${{file:{item['body_file'].text()}}}"
    if item["body_size_limit"] and item["body_size_limit"].text() != "0":
        size = re.sub(r"([KMGT])I?B?$", r"\1iB", item["body_size_limit"].text().upper())
        options["limits"] = {"body": size}
    client(item, draft, options)
    if item["enable_http3"].flag():
        options["version"] = "3"
    elif not item["enable_http2"].flag(default=True):
        options["version"] = "1.1"
    address(item, draft, options)
    codes = {int(one.number()) for one in item["valid_status_codes"].items()}
    expect: dict[str, Any] = {"status": statuses(codes or set(range(200, 300)))}
    follow = item["follow_redirects"].flag(default=True) and not item["no_follow_redirects"].flag()
    options["redirects"] = {"follow": follow}
    _versions(item["valid_http_versions"], draft, expect)
    _body(item, draft, expect)
    _headers(item, draft, expect)
    for key in ("fail_if_ssl", "fail_if_not_ssl"):
        if item[key].flag():
            draft.note(item[key], f"`{key}` is left out: write the URL that must be, and no other")
    draft.rest(item, "http.")
    return {"http": options | {"expect": expect}}


def client(item: Item, draft: Draft, options: dict[str, Any]) -> None:
    """What probes of HTTP and of WebSockets have in common, into *options*."""
    if auth := _auth(item, draft):
        options["auth"] = auth
    if tls := trust(item["tls_config"], draft):
        options["tls"] = tls
    if item["proxy_url"]:
        options["proxy"] = plain(item["proxy_url"].text())
        item.skip("skip_resolve_phase_with_proxy")


def trust(item: Item, draft: Draft) -> dict[str, Any]:
    """``tls_config`` as our ``tls``."""
    tls: dict[str, Any] = {}
    if item["insecure_skip_verify"].flag():
        tls["verify"] = False
    for key, ours in (("ca", "ca"), ("cert", "certificate"), ("key", "key")):
        if item[f"{key}_file"]:
            tls[ours] = f"${{file:{item[f'{key}_file'].text()}}}"
        elif item[key]:
            tls[ours] = draft.secret(item[key], item[key].text(), f"TLS_{ours}")
    if item["server_name"]:
        tls["server_name"] = item["server_name"].text()
    if item["min_version"]:
        tls["min_version"] = _VERSIONS.get(item["min_version"].text(), "1.2")
    draft.rest(item, "tls_config.")
    return tls


def address(item: Item, draft: Draft, options: dict[str, Any]) -> None:
    """Which version of IP is used, into *options*."""
    prefer = item["preferred_ip_protocol"]
    if not item["ip_protocol_fallback"].flag(default=True):
        options["ip"] = "4" if prefer.text() == "ip4" else "6"
    elif prefer:
        what = "`preferred_ip_protocol`: of both versions the one that answers first is used"
        draft.note(prefer, what)


def _header(item: Item) -> tuple[str, Item, bool] | None:
    """The value that counts, where it stands, and whether it is secret."""
    found = None
    for key in ("values", "secrets", "files"):
        for one in item[key].items():
            text = f"${{file:{one.text()}}}" if key == "files" else one.text()
            found = (text if key != "values" else plain(text), one, key == "secrets")
    return found


def _auth(item: Item, draft: Draft) -> dict[str, Any]:
    basic, said = item["basic_auth"], item["authorization"]
    if basic:
        user = plain(basic["username"].text()) or f"${{file:{basic['username_file'].text()}}}"
        return {"basic": {"username": user, "password": _kept(basic, "password", draft)}}
    if said:
        if said["type"].text("Bearer") != "Bearer":
            draft.note(said, "`authorization` is left out: write that header, from the environment")
            return {}
        return {"bearer": _kept(said, "credentials", draft)}
    if item["bearer_token"] or item["bearer_token_file"]:
        return {"bearer": _kept(item, "bearer_token", draft)}
    return {}


def _kept(item: Item, key: str, draft: Draft) -> str:
    if item[f"{key}_file"]:
        return f"${{file:{item[f'{key}_file'].text()}}}"
    return draft.secret(item[key], item[key].text(), key)


def _versions(item: Item, draft: Draft, expect: dict[str, Any]) -> None:
    known = {_PROTOCOLS.get(one.text()) for one in item.items()} - {None}
    if len(known) == 1:
        expect["protocol"] = known.pop()
    elif item.items():
        draft.note(item, "`valid_http_versions` is left out: one version can be expected, not some")


def _body(item: Item, draft: Draft, expect: dict[str, Any]) -> None:
    body: dict[str, Any] = {}
    for one in item["fail_if_body_matches_regexp"].items():
        if _PLAIN_PATTERN.fullmatch(one.text()):
            body.setdefault("not_contains", []).append(plain(_unescaped(one.text())))
        else:
            what = f"`{one.text()}` is left out: what a body must not have is a text, no pattern"
            draft.note(one, what)
    for one in item["fail_if_body_not_matches_regexp"].items():
        if _PLAIN_PATTERN.fullmatch(one.text()):
            body.setdefault("contains", []).append(plain(_unescaped(one.text())))
        elif "regex" not in body:
            body["regex"] = one.text()
        else:
            draft.note(
                one, f"`{one.text()}` is left out: there is one pattern for the body already"
            )
    for key in ("fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel"):
        if item[key]:
            what = f"`{key}` is left out: write JSON paths, as `expect: {{json: {{$.foo: bar}}}}`"
            draft.note(item[key], what)
    if body:
        expect["body"] = body


def _unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern)


def _headers(item: Item, draft: Draft, expect: dict[str, Any]) -> None:
    wanted: dict[str, Any] = {}
    for one in item["fail_if_header_not_matches"].items():
        name = one["header"].text()
        if one["allow_missing"].flag():
            draft.note(one, f"header {name} is left out: one that may be missing is not judged")
        else:
            wanted[name] = {"regex": one["regexp"].text()}
    for one in item["fail_if_header_matches"].items():
        name, pattern = one["header"].text(), one["regexp"].text()
        if one["allow_missing"].flag() and pattern in (".*", ".+", "^.*$", "^.+$", ""):
            wanted[name] = {"absent": True}
        else:
            draft.note(one, f"header {name} is left out: what it must not be is not judged")
    if wanted:
        expect["headers"] = wanted
