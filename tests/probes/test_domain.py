"""Registries on loopback, which know a domain, know none, or know nothing of RDAP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from probes import domain
from probes.result import Outcome, Result
from tests.probes.support import Asker, Handler, refusal, serving

OPTIONS: TypeAdapter[domain.Options] = TypeAdapter(domain.Options)


async def ask(asker: Asker, *, timeout_s: float = 3, **written: Any) -> Result:
    options = OPTIONS.validate_python({"name": "shop.example", **written})
    return await domain.run(options, asker.watch(timeout_s))


def registered(days: float = 90, **changes: Any) -> dict[str, Any]:
    """As a registry answers about a domain."""
    ends = datetime.now(UTC) + timedelta(days=days)
    card = [["version", {}, "text", "4.0"], ["fn", {}, "text", "Names & Sons"]]
    return {
        "objectClassName": "domain",
        "ldhName": "SHOP.EXAMPLE",
        "status": ["client transfer prohibited", "active"],
        "events": [
            {"eventAction": "registration", "eventDate": "2001-02-03T04:05:06Z"},
            {"eventAction": "expiration", "eventDate": ends.strftime("%Y-%m-%dT%H:%M:%SZ")},
        ],
        "entities": [
            {"roles": ["technical"]},
            {"roles": ["registrar"], "vcardArray": ["vcard", card]},
        ],
        "nameservers": [{"ldhName": "NS2.Host.Example."}, {"ldhName": "ns1.host.example"}],
        **changes,
    }


def answering(document: object, status: int = 200, **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        text = document if isinstance(document, str) else json.dumps(document)
        return web.Response(
            text=text, status=status, headers=headers, content_type="application/rdap+json"
        )

    return answer


@pytest.mark.parametrize(
    ("document", "expect", "reason"),
    [
        (registered(), {}, ""),
        (registered(31), {}, ""),
        (registered(29), {}, "domain-expiry"),
        (registered(29), {"valid_for": "28d"}, ""),
        (registered(-1), {}, "domain-expiry"),
        (registered(status=["Client Hold"]), {}, "domain-status"),
        (registered(status=["clientHold"]), {"not_status": []}, ""),
        (registered(), {"status": ["client transfer prohibited"]}, ""),
        (registered(), {"status": ["server transfer prohibited"]}, "domain-status"),
        (registered(), {"registrar": "^Names"}, ""),
        (registered(), {"registrar": "Others"}, "registrar"),
        (registered(entities=[{"roles": ["registrar"]}]), {"registrar": "."}, "registrar"),
        (registered(), {"nameservers": ["NS1.host.example", "ns2.host.example."]}, ""),
        (registered(), {"nameservers": ["ns1.host.example"]}, "nameservers"),
        (registered(nameservers=None), {"nameservers": ["ns1.host.example"]}, "nameservers"),
        (registered(events=[]), {}, "malformed"),
        (registered(events=[7, {"eventAction": "expiration"}]), {}, "malformed"),
        (registered(events=[{"eventAction": "expiration", "eventDate": "soon"}]), {}, "malformed"),
        (
            registered(
                events=[{"eventAction": "expiration", "eventDate": "0001-01-01T00:00+14:00"}]
            ),
            {},
            "malformed",
        ),
        (registered(objectClassName="entity"), {}, "malformed"),
        (registered(status="x", entities=7, nameservers={}), {}, ""),
        ("<html>", {}, "malformed"),
        ([], {}, "malformed"),
        ("[" * 100_000, {}, "malformed"),
        ('"' + "x" * (2 << 20) + '"', {}, "body-too-large"),
    ],
)
async def test_what_a_registry_says_is_judged(
    asker: Asker, document: object, expect: dict[str, Any], reason: str
) -> None:
    async with serving({"/rdap/domain/shop.example": answering(document)}) as origin:
        result = await ask(asker, url=f"{origin}/rdap/", expect=expect)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "not-registered"), (429, "too-often"), (503, "status")]
)
async def test_a_registry_that_does_not_answer_has_a_reason(
    asker: Asker, status: int, reason: str
) -> None:
    async with serving({"/domain/shop.example": answering("{}", status)}) as origin:
        result = await ask(asker, url=origin)

    assert result.reason == reason, result.detail


async def test_what_is_known_is_kept_of_a_failure(asker: Asker) -> None:
    async with serving({"/domain/shop.example": answering(registered(10.5))}) as origin:
        result = await ask(asker, url=origin)

    assert result.detail.startswith("expected 30 more days of registration, got 10.")
    assert result.evidence is not None
    assert "Names & Sons; ns1.host.example, ns2.host.example" in result.evidence.body
    assert result.facts.address == "127.0.0.1"


async def test_whom_to_ask_is_looked_up_once_a_day(asker: Asker) -> None:
    asked: list[str] = []

    async def bootstrap(request: web.Request) -> web.Response:
        asked.append(request.path)
        here = f"http://{request.host}/registry/"
        services = [["nonsense"], 7, [["example", "co.example"], ["ftp://x", here]]]
        return web.json_response({"services": services})

    routes: dict[str, Handler] = {
        "/dns.json": bootstrap,
        "/registry/domain/shop.example": answering(registered()),
        "/registry/domain/xn--lckycwh.example": answering(registered()),
    }
    async with serving(routes) as origin:
        written: dict[str, Any] = {"bootstrap": f"{origin}/dns.json"}
        first = await ask(asker, **written)
        second = await ask(asker, name="カート.example", **written)
        unknown = await ask(asker, name="shop.test", **written)

    assert first.outcome is Outcome.GOOD, first.detail
    assert second.outcome is Outcome.GOOD, second.detail
    assert (unknown.reason, unknown.detail) == ("no-rdap", "nobody answers by RDAP for .test")
    assert asked == ["/dns.json"]


async def test_a_registry_may_send_us_on_but_not_in_circles(asker: Asker) -> None:
    routes = {
        "/a/domain/shop.example": answering("", 302, Location="/b"),
        "/b": answering(registered()),
        "/c/domain/shop.example": answering("", 301, Location="/c/domain/shop.example"),
        "/d/domain/shop.example": answering("", 301, Location="file:///etc/passwd"),
        "/e/domain/shop.example": answering("", 301),
    }
    async with serving(routes) as origin:
        results = [await ask(asker, url=f"{origin}/{where}") for where in "acde"]

    assert [one.reason for one in results] == ["", "status", "status", "status"]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"name": "shop"}, "`shop` is not a domain that one registers"),
        ({"name": "a b.example"}, "`a b.example` is no name"),
        ({"name": "a.example", "url": "ftp://x"}, "this is not an http or https URL"),
        ({"name": "a.example", "expect": {"nameservers": ["ns"]}},
         "`ns` is not a domain that one registers"),
    ],
)  # fmt: skip
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, written).what.startswith(what)
