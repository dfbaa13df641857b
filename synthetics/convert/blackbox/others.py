"""The probers of blackbox_exporter besides ``http`` as kinds of ours."""

from __future__ import annotations

import re
from typing import Any

from synthetics.convert.blackbox.http import address, client, header, trust
from synthetics.convert.draft import Draft
from synthetics.convert.tree import Item
from synthetics.convert.written import plain

_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_SECTIONS = (
    ("validate_answer_rrs", "answers"),
    ("validate_authority_rrs", "authority"),
    ("validate_additional_rrs", "additional"),
)


def tcp(item: Item, draft: Draft, target: str) -> dict[str, Any]:
    """The key of our kind, and what is below it."""
    options: dict[str, Any] = {"connect": target}
    address(item, draft, options)
    tls = trust(item["tls_config"], draft)
    turns = item["query_response"].items()
    if item["tls"].flag():
        options["tls"] = tls or True
    elif tls and any(turn["starttls"].flag() for turn in turns):
        options["starttls"] = tls
    if dialogue := _dialogue(turns, draft):
        options["dialogue"] = dialogue
    return _from(item) | {"tcp": options}


def websocket(item: Item, draft: Draft, target: str) -> dict[str, Any]:
    """The same for WebSockets."""
    options: dict[str, Any] = {"connect": target}
    address(item, draft, options)
    config = item["http_config"]
    client(config, draft, options)
    headers: dict[str, tuple[str, int]] = {}
    for name, value in item["headers"].pairs():
        plainly = None if value.is_group else (plain(value.text()), value.line)
        if (kept := plainly or header(name, value, draft)) is not None:
            headers[name] = kept
    said = draft.headers(headers, "HEADER") | options.pop("headers", {})
    match options.pop("auth", {}):
        case {"bearer": token}:
            said["Authorization"] = f"Bearer {token}"
        case {"basic": _} if config["basic_auth"]["password"]:
            login = config["basic_auth"]
            user, password = login["username"].text(), login["password"].text()
            said["Authorization"] = draft.basic(user, password, login.line, "WEBSOCKET")
        case {"basic": _}:
            what = "`basic_auth` of files is left out: write that header, from the environment"
            draft.note(config["basic_auth"].line, what)
    if said:
        options["headers"] = said
    if dialogue := _dialogue(item["query_response"].items(), draft, end=""):
        options["dialogue"] = dialogue
    return {"websocket": options}


def icmp(item: Item, draft: Draft, target: str) -> dict[str, Any]:
    """The same for echoes."""
    options: dict[str, Any] = {"host": target}
    address(item, draft, options)
    if size := int(item["payload_size"].number()):
        options["size"] = f"{size}B"
    if item["source_ip_address"]:
        draft.note(item["source_ip_address"], "`source_ip_address` is left out: no ping has one")
    for key in ("ttl", "dont_fragment"):
        if item[key]:
            draft.note(item[key], f"`{key}` is left out: `exec` runs `ping` with any option")
    return {"ping": options}


def dns(item: Item, draft: Draft, target: str) -> dict[str, Any]:
    """The same for name servers."""
    options: dict[str, Any] = {
        "query": item["query_name"].text(),
        "type": item["query_type"].text("ANY"),
        "servers": [target],
    }
    if item["query_class"]:
        options["class"] = item["query_class"].text()
    if item["dns_over_tls"].flag():
        options |= {"over": "tls"}
    elif item["transport_protocol"].text("udp") != "udp":
        options["over"] = item["transport_protocol"].text()
    else:
        item["transport_protocol"]
    if not item["recursion_desired"].flag(default=True):
        options["recursion"] = False
    if tls := trust(item["tls_config"], draft):
        options["tls"] = tls
    address(item, draft, options)
    expect: dict[str, Any] = {}
    if codes := [one.text() for one in item["valid_rcodes"].items()]:
        expect["rcode"] = codes
    for theirs, ours in _SECTIONS:
        if wanted := _records(item[theirs], draft):
            expect[ours] = wanted
    return _from(item) | {"dns": options | ({"expect": expect} if expect else {})}


def grpc(item: Item, draft: Draft, target: str) -> dict[str, Any]:
    """The same for the health service of gRPC."""
    options: dict[str, Any] = {"connect": target}
    address(item, draft, options)
    tls = trust(item["tls_config"], draft)
    if item["tls"].flag():
        options["tls"] = tls or True
    if service := item["service"].text():
        options["service"] = plain(service)
    metadata = {
        name.lower(): (plain(", ".join(one.text() for one in value.items())), value.line)
        for name, value in item["metadata"].pairs()
    }
    if metadata:
        options["metadata"] = draft.headers(metadata, "METADATA")
    return {"grpc": options}


def _from(item: Item) -> dict[str, Any]:
    """What is common to all kinds here."""
    source = item["source_ip_address"].text()
    return {"source_address": source} if source else {}


def _records(item: Item, draft: Draft) -> dict[str, Any]:
    def patterns(key: str) -> list[str]:
        # A record is shown with single spaces here, and with tabs there.
        return [re.sub(r"\t|\\t", lambda _: r"\s+", one.text()) for one in item[key].items()]

    wanted: dict[str, Any] = {}
    if none := patterns("fail_if_matches_regexp"):
        wanted["none_matches"] = none
    if every := patterns("fail_if_not_matches_regexp"):
        wanted["all_match"] = every
    if some := patterns("fail_if_none_matches_regexp"):
        wanted["any_matches"] = ["|".join(f"(?:{one})" for one in some)] if some[1:] else some
    if odd := patterns("fail_if_all_match_regexp"):
        wanted["all_match"] = [*wanted.get("all_match", []), *odd]
        what = "`fail_if_all_match_regexp` fails where not all match, whatever its name; so here"
        draft.note(item["fail_if_all_match_regexp"], what)
    return wanted


def _dialogue(turns: list[Item], draft: Draft, *, end: str = "\n") -> list[dict[str, Any]]:
    """``query_response``; what it sends ends with *end*."""
    dialogue: list[dict[str, Any]] = []
    for number, turn in enumerate(turns):
        send, expect = turn["send"], turn["expect"]
        text = send.text()
        if isinstance(send.value, bytes):
            said: Any = {"hex": (send.value + end.encode()).hex()}
        else:
            text, pattern = _named(text, expect.text(), number)
            said = text + end
            if expect:
                dialogue.append({"expect": pattern})
        if isinstance(send.value, bytes) and expect:
            dialogue.append({"expect": expect.text()})
        if turn["expect_bytes"]:
            wanted = turn["expect_bytes"]
            dialogue.append({"prompt": f"^{re.escape(wanted.text())}"})
            draft.note(wanted, "`expect_bytes` becomes a prompt, which is text")
        if turn["labels"]:
            draft.note(turn["labels"], "`labels` are left out: nothing is kept of what was said")
        if send:
            dialogue.append({"send": said})
        if turn["starttls"].flag():
            dialogue.append({"starttls": True})
    return dialogue


def _named(send: str, expect: str, number: int) -> tuple[str, str]:
    """*send* with ``${1}`` as captures by name, and *expect* with its groups named so."""
    wanted = {found[1] or found[2] for found in _REFERENCE.finditer(send)}
    names = {}
    for each in wanted:
        if each.isdecimal():
            names[each] = f"turn{number + 1}_{each}"
            expect = _name_group(expect, int(each), names[each])
        else:
            names[each] = each
    text = _REFERENCE.sub(lambda found: f"\0{names[found[1] or found[2]]}\1", send)
    return plain(text).replace("\0", "${").replace("\1", "}"), expect


def _name_group(pattern: str, number: int, name: str) -> str:
    """*pattern* with its group of that *number* named."""
    seen, index, in_class = 0, 0, False
    while index < len(pattern):
        character = pattern[index]
        if character == "\\":
            index += 1
        elif character == "[":
            in_class = True
        elif character == "]":
            in_class = False
        elif character == "(" and not in_class and pattern[index + 1 : index + 2] != "?":
            seen += 1
            if seen == number:
                return f"{pattern[:index]}(?P<{name}>{pattern[index + 1 :]}"
        index += 1
    return pattern
