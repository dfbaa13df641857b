"""Endpoints of Gatus that are not HTTP as kinds of ours."""

from __future__ import annotations

from typing import Any

from synthetics.convert.draft import Draft
from synthetics.convert.gatus.conditions import Wanted
from synthetics.convert.gatus.fill import filled
from synthetics.convert.gatus.requests import trust
from synthetics.convert.tree import Item
from synthetics.convert.written import duration

_FAMILIES = {"ip4": "4", "ip6": "6"}


def kind(item: Item, url: str, draft: Draft, wanted: Wanted) -> dict[str, Any] | None:
    """The one key that names the kind and what is below it; ``None`` where none fits."""
    scheme, _, where = url.partition("://")
    maker = _MAKERS.get(scheme.lower())
    if maker is None:
        why = "no kind asks SCTP; `exec` runs a program of yours" if scheme == "sctp" else (
            f"`{scheme}` is no protocol that is known"
        )  # fmt: skip
        draft.note(item["url"], f"{item['name'].text()!r} is left out: {why}")
        return None
    made = maker(item, where.rstrip("/"), draft, wanted)
    _judged(item, draft, wanted, made)
    return made


def dns(item: Item, url: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    """The same for a question to a name server."""
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
        what = "[BODY] is any record of the answer here, and the last one in Gatus"
        draft.note(config.line, what)
    made: dict[str, Any] = {"dns": options | ({"expect": expect} if expect else {})}
    _judged(item, draft, wanted, made)
    return made


def _said(item: Item, draft: Draft) -> str:
    return filled(item["body"].text(), draft, item["body"].line)


def _pattern(wanted: Wanted) -> str:
    """One pattern for what the body must be, taken from *wanted*; any text if that is nothing."""
    patterns = wanted.regex or [_escaped(text) for text in wanted.contains]
    if len(wanted.regex) + len(wanted.contains) > 1 or wanted.not_regex or wanted.not_contains:
        return ""
    wanted.regex, wanted.contains = [], []
    return patterns[0] if patterns else ".*"


def _escaped(text: str) -> str:
    return "".join(f"\\{one}" if one in r"\.+*?()|[]{}^$" else one for one in text)


def _tcp(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    options: dict[str, Any] = {"connect": where}
    if body := _said(item, draft):
        options["dialogue"] = [{"send": body}]
        if (wanted.regex or wanted.contains) and (pattern := _pattern(wanted)):
            options["dialogue"].append({"prompt": pattern})
    return {"tcp": options}


def _udp(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    options: dict[str, Any] = {"connect": where, "send": _said(item, draft) or "\n"}
    if (wanted.regex or wanted.contains) and (pattern := _pattern(wanted)):
        options["expect"] = pattern
    draft.note(item["url"], "a UDP port is open here only if it answers")
    return {"udp": options}


def _icmp(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    del draft
    options: dict[str, Any] = {"host": where.strip("[]") if where[:1] == "[" else where}
    if family := _FAMILIES.get(item["client"]["network"].text()):
        options["ip"] = family
    if wanted.within_s is not None:
        options["expect"] = {"average": duration(wanted.within_s)}
        wanted.within_s = None
    return {"ping": options}


def _tls(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    del wanted
    if item["body"]:
        what = "`body` is left out: with `tcp` and `tls: true` there is a dialogue too"
        draft.note(item["body"], what)
    return {"tls": {"connect": where} | trust(item)}


def _starttls(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    del draft, wanted
    return {"tls": {"connect": where} | trust(item) | {"starttls": "smtp"}}


def _grpc(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    del draft
    options: dict[str, Any] = {"connect": where}
    if item["url"].text().startswith("grpcs:"):
        options["tls"] = trust(item) or True
    status = wanted.json.pop("$.status", {})
    if status == {"equals": "NOT_SERVING"}:
        options["expect"] = {"health": "NOT_SERVING"}
    elif status not in ({}, {"equals": "SERVING"}):
        wanted.json["$.status"] = status
    return {"grpc": options}


def _websocket(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    scheme = item["url"].text().partition("://")[0]
    options: dict[str, Any] = {"connect": f"{scheme}://{where}"}
    headers = {
        key: (filled(value.text(), draft, value.line), value.line)
        for key, value in item["headers"].pairs()
    }
    if headers:
        options["headers"] = draft.headers(headers, item["name"].text())
    if tls := trust(item):
        options["tls"] = tls
    if body := _said(item, draft):
        turns: list[dict[str, Any]] = [{"send": body}]
        if wanted.json:
            turns.append({"json": wanted.json})
            wanted.json = {}
        elif pattern := _pattern(wanted):
            turns.append({"expect": pattern})
        options["dialogue"] = turns
        draft.note(item["body"], "the first message that fits will do here")
    return {"websocket": options}


def _ssh(item: Item, where: str, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    del wanted
    if item["ssh"]["username"].text():
        what = (
            "nobody logs in and runs a command: the host key is proved instead; "
            "`exec` can run `ssh` with a command"
        )
        draft.note(item["ssh"], what)
        item["body"].done()
    return {"ssh": {"connect": where if ":" in where else f"{where}:22"}}


_MAKERS = {
    "tcp": _tcp,
    "udp": _udp,
    "icmp": _icmp,
    "tls": _tls,
    "starttls": _starttls,
    "grpc": _grpc,
    "grpcs": _grpc,
    "ws": _websocket,
    "wss": _websocket,
    "ssh": _ssh,
}


def _judged(item: Item, draft: Draft, wanted: Wanted, made: dict[str, Any]) -> None:
    """Expectations of a kind that is not HTTP, and what of them it has no words for."""
    (kind, options) = next(iter(made.items()))
    line = item["conditions"].line
    if wanted.valid_for_s is not None:
        if kind in ("tls", "websocket", "grpc"):
            valid_for = duration(wanted.valid_for_s)
            options.setdefault("expect", {})["certificate"] = {"valid_for": valid_for}
        else:
            draft.note(line, "[CERTIFICATE_EXPIRATION] is left out: there is no certificate")
    if wanted.within_s is not None:
        made["within"] = duration(wanted.within_s)
        draft.note(line, "[RESPONSE_TIME]: what is slow is degraded here, and not bad")
    if wanted.about_status:
        draft.note(line, "[STATUS] is left out: there is none")
    if wanted.rcode is not None and kind != "dns":
        draft.note(line, "[DNS_RCODE] is left out: it is for DNS")
    if wanted.body or wanted.json:
        draft.note(line, f"[BODY] is left out: {kind} has none that could be compared so")
