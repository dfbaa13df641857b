"""One request: how it is sent, and how its answer is judged."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Mapping
from typing import Any

import idna
import pytest
from aiohttp import web

from probes import http
from probes.result import Outcome
from tests.probes.support import HTTP, Asker, look_up, ok, saying, serving, speaking


async def echo(request: web.Request) -> web.Response:
    """Say back what came in."""
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "headers": dict(request.headers),
            "body": (await request.read()).decode(),
        }
    )


async def sent(asker: Asker, written: Mapping[str, Any]) -> Any:
    """What a server saw of *written*, whose URL may leave the origin out."""
    seen: dict[str, Any] = {}

    async def keep(request: web.Request) -> web.Response:
        answer = await echo(request)
        seen.update(json.loads(answer.body))  # type: ignore[arg-type] # it is bytes here
        return answer

    async with serving({"/{path:.*}": keep}) as origin:
        method, path = next(iter(written.items()))
        result = await asker.http({**written, method: f"{origin}{path}"})
    assert result.outcome is Outcome.GOOD, result
    return seen


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
async def test_every_method_is_sent_as_such(asker: Asker, method: str) -> None:
    assert (await sent(asker, {method: "/x"}))["method"] == method.upper()


async def test_head_has_a_status_and_no_body(asker: Asker) -> None:
    async with serving({"/": echo}) as origin:
        result = await asker.http({"head": origin})

    assert (result.facts.status, result.facts.body_bytes) == (200, 0)


@pytest.mark.parametrize(
    ("written", "body", "kind"),
    [
        ({"body": "a ${env:TOKEN}"}, "a t0k3n-of-the-probe", "text/plain; charset=utf-8"),
        (
            {"json": {"a": [1, "${env:TOKEN}", None]}},
            '{"a": [1, "t0k3n-of-the-probe", null]}',
            "application/json",
        ),
        (
            {"form": {"q": "é&", "n": 3, "l": ["a", "b"]}},
            "q=%C3%A9%26&n=3&l=a&l=b",
            "application/x-www-form-urlencoded",
        ),
    ],
    ids=["raw", "json", "form"],
)
async def test_a_body_is_sent_with_its_type(
    asker: Asker, written: dict[str, Any], body: str, kind: str
) -> None:
    seen = await sent(asker, {"post": "/", **written})

    assert seen["body"] == body
    assert seen["headers"]["Content-Type"] == kind


async def test_multipart_carries_values_and_files(asker: Asker) -> None:
    got: dict[str, object] = {}

    async def upload(request: web.Request) -> web.Response:
        for name, part in (await request.post()).items():
            if isinstance(part, web.FileField):
                got[name] = (part.filename, part.file.read())
            else:
                got[name] = part
        return web.Response()

    async with serving({"/": upload}) as origin:
        await asker.http(
            {
                "post": origin,
                "multipart": {
                    "note": "hé",
                    "file": {"content": "a,b", "filename": "a.csv", "type": "text/csv"},
                },
            }
        )

    assert got == {"note": "hé", "file": ("a.csv", b"a,b")}


async def test_query_and_non_ascii_paths_are_encoded(asker: Asker) -> None:
    seen = await sent(asker, {"get": "/カート?a=1", "query": {"b": "x y", "c": [1, 2]}})

    assert seen["path"] == "/%E3%82%AB%E3%83%BC%E3%83%88?a=1&b=x+y&c=1&c=2"


async def test_every_request_says_which_run_it_belongs_to(asker: Asker) -> None:
    seen: list[Mapping[str, str]] = []

    async def keep(request: web.Request) -> web.Response:
        seen.append(request.headers)
        return web.Response()

    async with serving({"/": keep}) as origin:
        first = await asker.http({"get": origin})
        await asker.http({"get": origin, "headers": {"X-Request-ID": "mine", "User-Agent": "me"}})

    version, trace, span, flags = seen[0]["traceparent"].split("-")
    assert (version, trace, len(span), flags) == ("00", first.trace_id, 16, "01")
    assert seen[0]["X-Request-ID"] == first.trace_id
    assert seen[0]["User-Agent"] == "synthetics"
    assert (seen[1]["X-Request-ID"], seen[1]["User-Agent"]) == ("mine", "me")


async def test_basic_and_bearer_log_in(asker: Asker) -> None:
    login = {"username": "probe", "password": "${env:PASSWORD}"}
    basic = await sent(asker, {"get": "/", "auth": {"basic": login}})
    bearer = await sent(asker, {"get": "/", "auth": {"bearer": "${env:TOKEN}"}})

    assert basic["headers"]["Authorization"] == "Basic cHJvYmU6b3BlbiAmIHNlc2FtZQ=="
    assert bearer["headers"]["Authorization"] == "Bearer t0k3n-of-the-probe"


async def test_digest_answers_the_challenge(asker: Asker) -> None:
    async def guarded(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        if 'username="probe"' in given and "response=" in given:
            return web.Response()
        challenge = 'Digest realm="r", nonce="abc", qop="auth", algorithm=SHA-256'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    async with serving({"/": guarded}) as origin:
        login = {"username": "probe", "password": "${env:PASSWORD}"}
        result = await asker.http({"get": origin, "auth": {"digest": login}})

    assert result.outcome is Outcome.GOOD


SHOP = {
    "items": [{"sku": "SKU-1", "price": 12.5, "tags": ["new"]}, {"sku": "SKU-2", "price": 3}],
    "total": 2,
    "paid": True,
    "note": None,
    "name": "カート",
}


@pytest.mark.parametrize(
    ("path", "wanted", "holds"),
    [
        ("$.items[0].sku", "SKU-1", True),
        ("$.items[0].sku", "SKU-2", False),
        ("$.total", 2, True),
        ("$.total", 2.0, True),
        ("$.paid", True, True),
        ("$.paid", 1, False),
        ("$.note", None, True),
        ("$.none", None, False),
        ("$.items[*].price", {"over": 3}, False),
        ("$.items[*].price", {"at_least": 3, "at_most": 12.5}, True),
        ("$.items[0].price", {"under": 12.5}, False),
        ("$.items", {"length": 2}, True),
        ("$.items", {"length": {"at_least": 2, "under": 3}}, True),
        ("$.items", {"length": {"over": 2}}, False),
        ("$.total", {"length": {"at_least": 0}}, False),
        ("$.total", {"one_of": [1, 2.0]}, True),
        ("$.paid", {"one_of": [1, "true"]}, False),
        ("$.items", {"type": "array"}, True),
        ("$.note", {"type": "null"}, True),
        ("$.items[0].tags", {"contains": "new"}, True),
        ("$.items[0]", {"contains": "sku"}, True),
        ("$.name", {"contains": "ート"}, True),
        ("$.name", {"regex": "^カ"}, True),
        ("$.name", {"not": "カート"}, False),
        ("$.none", {"exists": False}, True),
        ("$.note", {"exists": True}, True),
        ("$.items[1]", {"equals": {"sku": "SKU-2", "price": 3}}, True),
        ("$.items[?search(@.sku, '2$')].price", 3, True),
    ],
)
async def test_json_paths_and_operators(
    asker: Asker, path: str, wanted: object, holds: bool
) -> None:
    async with speaking(saying(ok(json.dumps(SHOP).encode()))) as port:
        result = await asker.http(
            {"get": f"http://127.0.0.1:{port}/", "expect": {"json": {path: wanted}}}
        )

    assert result.reason == ("" if holds else "json")


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ({"status": 200}, ""),
        ({"status": ["2xx", 404]}, ""),
        ({"status": "4xx"}, "status"),
        ({"headers": {"x-one": "a"}}, ""),
        ({"headers": {"X-One": "b"}}, "header"),
        ({"headers": {"X-One": {"regex": "^a$"}, "Server": {"absent": True}}}, ""),
        ({"headers": {"X-One": {"absent": True}}}, "header"),
        ({"headers": {"X-One": {"absent": False, "regex": "b"}}}, "header"),
        ({"headers": {"X-Many": {"not_regex": "wo"}}}, "header"),
        ({"headers": {"X-One": {"not_regex": "b"}, "X-None": {"not_regex": ""}}}, ""),
        ({"headers": {"X-Many": {"contains": "wo"}}}, ""),
        ({"body": {"contains": ["カート", "fine"]}}, ""),
        ({"body": {"contains": "missing"}}, "body"),
        ({"body": {"not_contains": "fine"}}, "body"),
        ({"body": {"regex": "^fi.e"}}, ""),
        ({"body": {"regex": ["^fi.e", "^ート"]}}, "body"),
        ({"body": {"not_regex": ["^ine", "x"]}}, ""),
        ({"body": {"not_regex": ["^ine", "ト$"]}}, "body"),
        ({"body": {"empty": True}}, "body"),
        ({"body": {"empty": False}}, ""),
        ({"body": {"sha256": "0" * 64}}, "body"),
        ({"within": "1ms"}, "slow"),
        ({"within": "3s"}, ""),
        ({"protocol": "1.1"}, ""),
        ({"protocol": 2}, "protocol"),
        ({"protocol": [1.1, 2]}, ""),
        ({"protocol": ["1.0", 2]}, "protocol"),
        ({"certificate": {"valid_for": "14d"}}, "certificate"),
        ({"redirected_to": "/x"}, "redirected-to"),
    ],
)
async def test_expectations(asker: Asker, expect: dict[str, Any], reason: str) -> None:
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.01)
        writer.write(ok("fine カート".encode(), "X-One: a", "X-Many: one", "X-Many: two"))

    async with speaking(slowly) as port:
        result = await asker.http({"get": f"http://127.0.0.1:{port}/", "expect": expect})

    assert result.reason == reason, result.detail


async def test_redirects_are_followed_unless_the_redirect_is_the_point(asker: Asker) -> None:
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("/cart?x=1")

    async with serving({"/": away, "/cart": echo}) as origin:
        followed = await asker.http({"get": origin, "expect": {"redirected_to": "/cart?x=1"}})
        stayed = await asker.http(
            {"get": origin, "expect": {"status": 302, "redirected_to": f"{origin}/cart?x=1"}}
        )

    assert (followed.outcome, followed.facts.redirects) == (Outcome.GOOD, 1)
    assert followed.facts.url == f"{origin}/cart?x=1"
    assert (stayed.outcome, stayed.facts.redirects) == (Outcome.GOOD, 0)


async def test_credentials_stay_with_their_origin(asker: Asker) -> None:
    seen: list[web.Request] = []

    async def keep(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response()

    async with serving({"/": keep}) as other:

        async def away(request: web.Request) -> web.Response:
            answer = web.HTTPFound(other)
            answer.set_cookie("session", "of-the-first")
            raise answer

        async with serving({"/": away}) as first:
            await asker.http(
                {
                    "get": first,
                    "auth": {"bearer": "${env:TOKEN}"},
                    "headers": {"X-Api": "${env:TOKEN}", "Cookie": "a=b", "X-Plain": "p"},
                }
            )

    [request] = seen
    assert "t0k3n" not in str(request.headers)
    assert "Authorization" not in request.headers
    assert request.headers["X-Plain"] == "p"


async def test_a_secret_body_is_not_taken_to_another_origin(asker: Asker) -> None:
    async with speaking(saying(ok())) as other:
        to = f"Location: http://127.0.0.1:{other}/"
        answer = f"HTTP/1.1 307 Temporary\r\n{to}\r\nContent-Length: 0\r\n\r\n".encode()
        async with speaking(saying(answer)) as port:
            result = await asker.http(
                {"post": f"http://127.0.0.1:{port}/", "form": {"p": "${env:PASSWORD}"}}
            )

    assert result.reason == "redirects"
    assert "secrets" in result.detail


async def test_cookies_serve_the_redirect_and_nothing_after(asker: Asker) -> None:
    seen = []

    async def login(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        if "Cookie" in request.headers:
            return web.Response()
        answer = web.HTTPFound("/")
        answer.set_cookie("session", "s1")
        raise answer

    async with serving({"/": login}) as origin:
        for _ in range(2):
            assert (await asker.http({"get": origin})).outcome is Outcome.GOOD

    assert seen == [None, "session=s1", None, "session=s1"]


async def test_addresses_that_are_denied_are_never_connected_to(asker: Asker) -> None:
    async with serving({"/": echo}) as origin:
        options = HTTP.validate_python({"get": origin}, context={"resolve": look_up})
        nowhere = (ipaddress.ip_network("127.0.0.0/8"),)
        result = await http.run(options, asker.watch(denied=nowhere))
        metadata = await asker.http({"get": "http://169.254.169.254/latest"})
        by_name = await asker.http(
            {"get": "http://shop.example/", "resolve": {"shop.example": "169.254.169.254"}}
        )

    assert [each.reason for each in (result, metadata, by_name)] == ["address-denied"] * 3


async def test_resolve_overrides_do_not_outlive_the_probe(asker: Asker) -> None:
    async with serving({"/": echo}) as origin:
        port = origin.rpartition(":")[2]
        url = f"http://名前.invalid:{port}/"
        host = f"{idna.encode('名前').decode()}.invalid:{port}"
        there = await asker.http(
            {
                "get": url,
                "resolve": {"名前.invalid": "127.0.0.1"},
                "expect": {"json": {"$.headers.Host": host}},
            }
        )
        without = await asker.http({"get": url})

    assert there.outcome is Outcome.GOOD, there.detail
    assert without.reason == "dns"


async def test_ipv6_is_asked_by_address_and_by_choice(asker: Asker) -> None:
    async with serving({"/": echo}, host="::1") as origin:
        literal = await asker.http({"get": origin})
        named = await asker.http({"get": f"http://localhost:{origin.rpartition(':')[2]}/", "ip": 6})
        other = await asker.http({"get": f"http://localhost:{origin.rpartition(':')[2]}/", "ip": 4})

    assert literal.facts.address == named.facts.address == "::1"
    assert other.facts.address != "::1"  # somebody else may have that port there


async def test_phases_add_up_to_the_duration(asker: Asker) -> None:
    async with serving({"/": echo}) as origin:
        result = await asker.http({"get": origin})

    phases = result.phases
    assert phases.resolve_s is None
    assert phases.tls_s is None
    parts = (phases.connect_s, phases.first_byte_s, phases.transfer_s)
    assert sum(part or 0 for part in parts) == pytest.approx(result.duration_s, abs=0.002)


async def test_evidence_of_a_failure_holds_no_secret(asker: Asker) -> None:
    async def leak(request: web.Request) -> web.Response:
        answer = web.Response(text=f"{request.headers['Authorization']} {request.raw_path}")
        answer.set_cookie("session", "cookie-value", httponly=True)
        answer.headers["X-Auth-Token"] = "issued-by-target"
        return answer

    async with serving({"/": leak}) as origin:
        result = await asker.http(
            {
                "get": f"{origin}/?api_key=written-out",
                "query": {"p": "${env:PASSWORD}"},
                "auth": {"basic": {"username": "probe", "password": "${env:PASSWORD}"}},
                "expect": {"status": 500},
            }
        )

    told = repr(result)
    assert result.evidence is not None
    assert "***" in result.evidence.body
    for secret in (
        "open & sesame",
        "open+%26+sesame",
        "open%20",
        "cHJvYmU6",
        "cookie-value",
        "issued-by",
        "written-out",
    ):
        assert secret not in told
    assert (result.evidence.expected, result.evidence.actual) == ("status 500", "200")
