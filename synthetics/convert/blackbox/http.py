"""The prober ``http`` of blackbox_exporter as our kind ``http``."""

from __future__ import annotations

import re
from typing import Any

from synthetics.convert import tokens
from synthetics.convert.draft import Draft
from synthetics.convert.tree import Item
from synthetics.convert.written import plain, statuses

_PLAIN_PATTERN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^A-Za-z0-9])+")
_VERSIONS = {"TLS10": "1.0", "TLS11": "1.1", "TLS12": "1.2", "TLS13": "1.3"}
_PROTOCOLS = {"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/2": "2", "HTTP/3.0": "3"}


def http(item: Item, draft: Draft, target: str) -> dict[str, Any]:
    """The key of our kind, and what is below it."""
    method = item["method"].text("GET").lower()
    options: dict[str, Any] = {method: target}
    headers = {name: (plain(value.text()), value.line) for name, value in item["headers"].pairs()}
    for name, value in item["http_headers"].pairs():
        if (kept := header(name, value, draft)) is not None:
            headers[name] = kept
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
    if not item["enable_http2"].flag(default=True):
        options["version"] = "1.1"
    if item["enable_http3"].flag():
        options["version"] = "3"
    address(item, draft, options)
    codes = {int(one.number()) for one in item["valid_status_codes"].items()}
    expect: dict[str, Any] = {"status": statuses(codes or set(range(200, 300)))}
    follow = item["follow_redirects"].flag(default=True) and not item["no_follow_redirects"].flag()
    options["redirects"] = {"follow": follow}
    _versions(item["valid_http_versions"], draft, expect)
    _body(item, draft, expect)
    _headers(item, draft, expect)
    if item["fail_if_not_ssl"].flag():
        expect["certificate"] = {"valid_for": "1s"}  # there is none without TLS
    if item["fail_if_ssl"].flag():
        what = "`fail_if_ssl` is left out: write `redirects: {follow: false}` and a URL of http://"
        draft.note(item["fail_if_ssl"], what)
    if item["oauth2"]:
        return {
            "journey": tokens.steps(_grant(item["oauth2"], draft), options | {"expect": expect})
        }
    return {"http": options | {"expect": expect}}


def client(item: Item, draft: Draft, options: dict[str, Any]) -> None:
    """What probes of HTTP and of WebSockets have in common, into *options*."""
    _log_in(item, draft, options)
    if tls := trust(item["tls_config"], draft):
        options["tls"] = tls
    if item["proxy_url"]:
        options["proxy"] = plain(item["proxy_url"].text())
        item.skip("skip_resolve_phase_with_proxy")
    if item["proxy_from_environment"].flag():
        what = "`proxy_from_environment` is left out: write `proxy: ${env:HTTPS_PROXY}`"
        draft.note(item["proxy_from_environment"], what)


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
    return tls


def address(item: Item, draft: Draft, options: dict[str, Any]) -> None:
    """Which version of IP is used, into *options*."""
    prefer = item["preferred_ip_protocol"]
    if not item["ip_protocol_fallback"].flag(default=True):
        options["ip"] = "4" if prefer.text() == "ip4" else "6"
    elif prefer:
        what = "`preferred_ip_protocol`: of both versions the one that answers first is used"
        draft.note(prefer, what)


def header(name: str, item: Item, draft: Draft) -> tuple[str, int] | None:
    """The value that counts, and its line; one that has none is named."""
    found = None
    for key in ("values", "secrets", "files"):
        for one in item[key].items():
            text = one.text()
            if key == "files":
                text = f"${{file:{text}}}"
            else:
                text = draft.secret(one, text, name) if key == "secrets" else plain(text)
            found = (text, one.line)
    if found is None:
        draft.note(item, f"header {name} is left out: it has no value")
    return found


def _log_in(item: Item, draft: Draft, options: dict[str, Any]) -> None:
    basic, said = item["basic_auth"], item["authorization"]
    if basic:
        user, password = basic["username"], basic["password"]
        if basic["username_file"] or basic["password_file"]:
            name = plain(user.text()) or f"${{file:{basic['username_file'].text()}}}"
            kept = _kept(basic, "password", draft)
            options["auth"] = {"basic": {"username": name, "password": kept}}
        else:
            draft.login(options, user.text(), password.text(), basic.line, "BASIC")
    elif said and said["type"].text("Bearer") != "Bearer":
        draft.note(said, "`authorization` is left out: write that header, from the environment")
    elif said:
        options["auth"] = {"bearer": _kept(said, "credentials", draft)}
    elif item["bearer_token"] or item["bearer_token_file"]:
        options["auth"] = {"bearer": _kept(item, "bearer_token", draft)}


def _kept(item: Item, key: str, draft: Draft) -> str:
    if item[f"{key}_file"]:
        return f"${{file:{item[f'{key}_file'].text()}}}"
    return draft.secret(item[key], item[key].text(), key)


def _versions(item: Item, draft: Draft, expect: dict[str, Any]) -> None:
    written = [one.text() for one in item.items()]
    known = sorted({_PROTOCOLS[one] for one in written if one in _PROTOCOLS})
    if odd := [one for one in written if one not in _PROTOCOLS]:
        draft.note(item, f"{', '.join(odd)} is no version of HTTP that could be spoken")
    if known:
        expect["protocol"] = known[0] if len(known) == 1 else known


def _body(item: Item, draft: Draft, expect: dict[str, Any]) -> None:
    body: dict[str, Any] = {}
    for key, texts, patterns in (
        ("fail_if_body_matches_regexp", "not_contains", "not_regex"),
        ("fail_if_body_not_matches_regexp", "contains", "regex"),
    ):
        for one in item[key].items():
            if _PLAIN_PATTERN.fullmatch(one.text()):
                body.setdefault(texts, []).append(plain(_unescaped(one.text())))
            else:
                body.setdefault(patterns, []).append(one.text())
    for key in ("fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel"):
        if item[key]:
            what = f"`{key}` is left out: write JSON paths, as `expect: {{json: {{$.foo: bar}}}}`"
            draft.note(item[key], what)
    if body:
        expect["body"] = {
            key: found[0] if len(found) == 1 else found for key, found in body.items()
        }


def _unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern)


def _headers(item: Item, draft: Draft, expect: dict[str, Any]) -> None:
    wanted: dict[str, dict[str, Any]] = {}
    for one in item["fail_if_header_not_matches"].items():
        name = one["header"].text()
        if one["allow_missing"].flag():
            what = f"header {name} is left out: one that may be missing is not judged"
            draft.note(one, what)
        elif "regex" in wanted.setdefault(name, {}):
            draft.note(one, f"header {name} is left out: there is one pattern for it already")
        else:
            wanted[name]["regex"] = one["regexp"].text()
    for one in item["fail_if_header_matches"].items():
        name, pattern = one["header"].text(), one["regexp"].text()
        if "not_regex" in wanted.setdefault(name, {}):
            draft.note(one, f"header {name} is left out: there is one pattern for it already")
            continue
        wanted[name]["not_regex"] = pattern
        if not one["allow_missing"].flag():
            wanted[name]["absent"] = False
    if wanted:
        expect["headers"] = wanted


def _grant(item: Item, draft: Draft) -> tokens.Grant:
    name, secret = item["client_id"].text(), item["client_secret"]
    draft.note(item["token_url"], tokens.SAID)
    if item["client_secret_file"]:
        kept = f"${{file:{item['client_secret_file'].text()}}}"
    else:
        kept = draft.secret(secret, secret.text(), "CLIENT_SECRET")
    asked = {key: one.text() for key, one in item["endpoint_params"].pairs()}
    audience = asked.pop("audience", "")
    if asked.get("grant_type") == "client_credentials":
        del asked["grant_type"]
    if asked:
        what = f"`endpoint_params` {', '.join(asked)} are left out: write them into `form`"
        draft.note(item["endpoint_params"], what)
    return tokens.Grant(
        url=plain(item["token_url"].text()),
        client=plain(name),
        secret=kept,
        scopes=tuple(each.text() for each in item["scopes"].items()),
        audience=plain(audience),
        in_header=True,
    )
