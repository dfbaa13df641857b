"""Endpoints of Gatus, also external ones, as probes."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from synthetics.convert.draft import Draft
from synthetics.convert.gatus import kinds, oauth2
from synthetics.convert.gatus.conditions import Wanted
from synthetics.convert.gatus.fill import filled, sampled, seconds
from synthetics.convert.gatus.requests import conditions, request
from synthetics.convert.tree import Item
from synthetics.convert.written import duration

EVERY_S, _TIMEOUT_S = 60.0, 10.0
_ASKED_EVERY = "1h"


def endpoint(item: Item, draft: Draft) -> dict[str, Any] | None:
    """The probe that *item* becomes, without what is common to all; ``None`` if none fits."""
    wanted = conditions(item, draft, dns=bool(item["dns"]))
    at = item["url"]
    url = filled(at.text(), draft, at.line, sample="https://value.example")
    scheme = sampled(url, draft).partition("://")[0].lower()
    if item["dns"]:
        made: dict[str, Any] | None = kinds.dns(item, url, draft, wanted)
    elif scheme in ("http", "https"):
        made = oauth2.journey(item, draft, request(item, url, draft, wanted))
    else:
        made = kinds.kind(item, url, draft, wanted)
    if made is None:
        return None
    every_s = seconds(item["interval"], EVERY_S)
    limit_s = min(seconds(item["client"]["timeout"], _TIMEOUT_S), every_s)
    written: dict[str, Any] = {
        "service": draft.service(item["group"].text() or "gatus"),
        "every": duration(every_s),
        "timeout": duration(limit_s),
    }
    if labels := {
        key: filled(value.text(), draft, value.line) for key, value in item["extra-labels"].pairs()
    }:
        written["labels"] = labels
    if not wanted.connected:
        written["invert"] = ["connect", "timeout", "dns"]
    _beside(item, draft, wanted, written["service"])
    item.skip("store", "always-run")  # of suites only
    return written | made


def _beside(item: Item, draft: Draft, wanted: Wanted, service: str) -> None:
    """What Gatus asks besides of an endpoint, as probes of their own."""
    name, line = item["name"].text(), item["conditions"].line
    host = _host(sampled(filled(item["url"].text(), draft, item.line), draft))
    common = {"service": service, "every": _ASKED_EVERY}
    if wanted.registered_for_s is not None:
        valid_for = duration(wanted.registered_for_s)
        options = {"name": host, "expect": {"valid_for": valid_for}}
        draft.probe(f"{name} domain", line, common | {"domain": options})
        what = f"[DOMAIN_EXPIRATION] is a probe of its own here, which asks for {host} by RDAP"
        draft.note(line, what)
    patterns = wanted.addresses + wanted.not_addresses
    if not patterns:
        return
    if _is_address(host):
        draft.note(line, f"[IP] is left out: {host} is an address")
        return
    answers = {
        key: [rf"\s(?:{one})$" for one in found]
        for key, found in (
            ("any_matches", wanted.addresses),
            ("none_matches", wanted.not_addresses),
        )
        if found
    }
    question = {"query": host, "type": "AAAA" if all(":" in one for one in patterns) else "A"}
    expect = {"expect": {"answers": answers}}
    draft.probe(f"{name} address", line, common | {"dns": question | expect})
    what = "[IP] is a probe of its own here, which asks this machine's resolver: any address counts"
    draft.note(line, what)


def _host(url: str) -> str:
    rest = url.partition("://")[2] or url
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return host[1:].partition("]")[0] if host[:1] == "[" else host.partition(":")[0]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def external(item: Item, draft: Draft) -> dict[str, Any] | None:
    """The heartbeat that *item* becomes; ``None`` if nothing would ever be late."""
    name = item["name"].text()
    interval = item["heartbeat"]["interval"]
    if not interval:
        what = (
            f"{name!r} is left out: without an interval nothing is ever late; "
            "write a `heartbeat` with `every`"
        )
        draft.note(item, what)
        return None
    every_s = seconds(interval, EVERY_S)
    uuid = draft.uuid(item.line, name)
    options = {"uuid": uuid, "every": duration(every_s), "grace": duration(min(every_s, 60))}
    what = "it reports to /ping/<uuid> or /ping/<uuid>/fail instead, by a UUID that uuidgen makes"
    draft.note(item["token"], f"{name!r}: {what}")
    service = draft.service(item["group"].text() or "gatus")
    return {"service": service, "heartbeat": options}
