"""A request of Gatus as our kind ``http``, or as a step of a journey."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from synthetics.convert.draft import Draft
from synthetics.convert.gatus.conditions import EVERY_STATUS, Wanted
from synthetics.convert.gatus.fill import filled
from synthetics.convert.gatus.values import Unsaid
from synthetics.convert.tree import Item
from synthetics.convert.written import duration, statuses

EMPTY: Mapping[str, str] = MappingProxyType({})
CONTEXT = re.compile(r"\[CONTEXT\]\.([A-Za-z0-9_-]+)")
HINTS = {
    "client.dns-resolver": "write `resolve: {host: address}`",
    "client.tunnel": "run `synthetics` where the target can be reached, as another location",
    "client.identity-aware-proxy": "get a token elsewhere, and send it as a header",
    "client.tls.renegotiation": "TLS is not renegotiated here",
    "client.timeout": "the probe's own holds",
}
"""What to do instead, by key of an endpoint."""
_FILLED = re.compile(
    r"\[(ENDPOINT_NAME|ENDPOINT_GROUP|ENDPOINT_URL|LOCAL_ADDRESS|RANDOM_STRING_\d+)\]"
)


def conditions(
    item: Item, draft: Draft, *, dns: bool = False, context: Mapping[str, str] = EMPTY
) -> Wanted:
    """What the conditions of *item* come to; each that cannot be said is named."""
    wanted = Wanted()
    ssh = item["url"].text().startswith("ssh:")
    for each in item["conditions"].items():
        text = CONTEXT.sub(lambda found: context.get(found[1], found[0]), each.text())
        if ssh and text.startswith("[STATUS]"):
            continue  # of a command that is not run: named with `ssh`
        try:
            if loose := wanted.take(filled(text, draft, each.line), dns=dns):
                draft.note(each, f"`{text}`: {loose}")
        except Unsaid as unsaid:
            draft.note(each, f"`{text}` is left out: {unsaid}")
    return wanted


def trust(item: Item) -> dict[str, Any]:
    """What Gatus's client settings say of TLS."""
    client = item["client"]
    tls: dict[str, Any] = {}
    if client["insecure"].flag():
        tls["verify"] = False
    own = client["tls"]
    if own["certificate-file"]:
        tls["certificate"] = f"${{file:{own['certificate-file'].text()}}}"
        tls["key"] = f"${{file:{own['private-key-file'].text()}}}"
    if own["renegotiation"].text() == "never":
        own.skip("renegotiation")
    return tls


def request(
    item: Item, url: str, draft: Draft, wanted: Wanted, context: Mapping[str, str] = EMPTY
) -> dict[str, Any]:
    """
    One request of HTTP.

    Args:
        item: The endpoint.
        url: Where to, references to the environment being ours.
        draft: Written to.
        wanted: What its conditions come to.
        context: Values that a suite begins with.
    """
    name = item["name"].text()
    said = {"ENDPOINT_NAME": name, "ENDPOINT_GROUP": item["group"].text(), "ENDPOINT_URL": url}

    def put(part: Item | str) -> str:
        text = part if isinstance(part, str) else filled(part.text(), draft, part.line)
        text = CONTEXT.sub(lambda found: context.get(found[1]) or f"${{{found[1]}}}", text)
        return _FILLED.sub(lambda found: said.get(found[1], found[0]), text)

    written: dict[str, Any] = {item["method"].text("GET").lower(): put(url)}
    if headers := {key: (put(value), value.line) for key, value in item["headers"].pairs()}:
        written["headers"] = draft.headers(headers, name)
    body = put(item["body"])
    if left := _FILLED.search(body):
        draft.note(item["body"], f"{left[0]} is sent as it is written")
    if body:
        written |= {"json": {"query": body}} if item["graphql"].flag() else {"body": body}
    if tls := trust(item):
        written["tls"] = tls
    client = item["client"]
    if proxy := client["proxy-url"]:
        written["proxy"] = filled(proxy.text(), draft, proxy.line)
    written["redirects"] = {"follow": not client["ignore-redirect"].flag()}
    client.skip("network", "store-cookies")  # of pings, and as journeys have it
    return written | {"expect": _expected(item, draft, wanted)}


def _expected(item: Item, draft: Draft, wanted: Wanted) -> dict[str, Any]:
    expect: dict[str, Any] = {"status": statuses(wanted.status)}
    if wanted.status == EVERY_STATUS:
        expect["status"] = ["1xx", "2xx", "3xx", "4xx", "5xx"]
    if wanted.body:
        expect["body"] = wanted.body
    if json := {path: said for path, said in wanted.json.items() if said}:
        expect["json"] = json
    if wanted.within_s is not None:
        expect["within"] = duration(wanted.within_s)
    if wanted.valid_for_s is not None:
        expect["certificate"] = {"valid_for": duration(wanted.valid_for_s)}
    if wanted.rcode is not None:
        draft.note(item["conditions"], "[DNS_RCODE] is left out: it is for DNS")
    return expect
