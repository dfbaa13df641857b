"""Steps in order: what they share, what they hand on, and who decides."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from probes.result import Outcome
from tests.probes.support import JOURNEY, Asker, Handler, ok, refusal, saying, serving, speaking

PAGE = '<form><input name="csrf" value="c5rf-t0ken"><b> Hello <i>you</i> </b></form>'


async def login(request: web.Request) -> web.Response:
    form = await request.post()
    if form.get("password") != "open & sesame":
        return web.Response(status=403, text="go away")
    answer = web.Response(status=302, headers={"Location": "/home"})
    answer.set_cookie("session", "s3ss10n", httponly=True)
    return answer


async def cart(request: web.Request) -> web.Response:
    if request.cookies.get("session") != "s3ss10n":
        return web.Response(status=401)
    return web.json_response(
        {"items": [{"sku": "SKU-1", "n": 2}]}, headers={"X-CSRF-Token": "c5rf-t0ken"}
    )


async def order(request: web.Request) -> web.Response:
    right = request.headers.get("X-CSRF-Token") == "c5rf-t0ken" and "session" in request.cookies
    return web.Response(status=201 if right else 403, text=str(request.headers))


SHOP: dict[str, Handler] = {"/login": login, "/cart": cart, "/orders": order}


def checkout(origin: str) -> list[dict[str, Any]]:
    return [
        {
            "name": "login",
            "post": f"{origin}/login",
            "form": {"user": "probe", "password": "${env:PASSWORD}"},
            "expect": {"status": 302},
        },
        {
            "name": "cart",
            "get": f"{origin}/cart",
            "expect": {"status": 200, "json": {"$.items[0].sku": "SKU-1"}},
            "capture": {"csrf": {"header": "X-CSRF-Token", "secret": True}},
        },
        {
            "name": "order",
            "post": f"{origin}/orders",
            "headers": {"X-CSRF-Token": "${csrf}"},
            "expect": {"status": 201, "within": "2s"},
        },
    ]


async def test_a_journey_keeps_cookies_and_captures_from_step_to_step(asker: Asker) -> None:
    async with serving(SHOP) as origin:
        result = await asker.journey(checkout(origin))

    assert result.outcome is Outcome.GOOD, result
    assert [step.name for step in result.steps] == ["login", "cart", "order"]
    assert [step.request_id for step in result.steps] == [
        f"{result.trace_id}-{number}" for number in (1, 2, 3)
    ]
    assert result.duration_s == pytest.approx(sum(step.duration_s for step in result.steps))


async def test_connections_serve_the_run_and_no_other(asker: Asker) -> None:
    opened = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ok())

    async with speaking(speak) as port:
        steps = [{"name": name, "get": f"http://127.0.0.1:{port}/"} for name in "abc"]
        first = await asker.journey(steps)
        await asker.journey(steps)

    assert opened == 2
    assert first.steps[0].phases.connect_s is not None
    assert first.steps[1].phases.connect_s is None


async def test_cookies_never_reach_the_next_sample(asker: Asker) -> None:
    async with serving(SHOP) as origin:
        steps = checkout(origin)
        assert (await asker.journey(steps)).outcome is Outcome.GOOD
        result = await asker.journey(steps[1:])

    assert (result.outcome, result.failed_step, result.facts.status) == (
        Outcome.BAD,
        "cart",
        401,
    )


async def test_after_a_failure_only_always_steps_run_and_they_decide_nothing(asker: Asker) -> None:
    async with serving(SHOP) as origin:
        steps = checkout(origin)
        steps[1]["expect"]["json"] = {"$.items[0].n": {"over": 2}}
        result = await asker.journey(
            [
                steps[0],
                {"name": "aside", "get": f"{origin}/none", "always": True},
                *steps[1:],
                {"name": "clean", "delete": f"{origin}/none", "always": True},
                {"name": "undo", "delete": f"{origin}/${{csrf}}", "always": True},
            ]
        )

    assert [(step.name, step.outcome, step.reason) for step in result.steps] == [
        ("login", Outcome.GOOD, ""),
        ("aside", Outcome.BAD, "status"),
        ("cart", Outcome.BAD, "json"),
        ("order", Outcome.SKIPPED, ""),
        ("clean", Outcome.BAD, "status"),
        ("undo", Outcome.SKIPPED, "capture"),
    ]
    assert (result.reason, result.failed_step) == ("json", "cart")
    assert result.detail == "cart: expected $.items[0].n over 2, got 2"
    assert result.evidence is not None
    assert result.evidence.request == f"GET {origin}/cart"


@pytest.mark.parametrize(
    ("capture", "value"),
    [
        ({"header": "x-one"}, "h"),
        ({"cookie": "id"}, "c"),
        ({"regex": "name=.(\\w+)"}, "csrf"),
        ({"regex": "Hel+o"}, "Hello"),
        ({"css": "input[name=csrf]", "attribute": "value"}, "c5rf-t0ken"),
        ({"css": "b"}, "Hello you"),
    ],
    ids=str,
)
async def test_values_are_captured_from_every_source(
    asker: Asker, capture: dict[str, Any], value: str
) -> None:
    seen = []

    async def page(request: web.Request) -> web.Response:
        answer = web.Response(text=PAGE, headers={"X-One": "h"})
        answer.set_cookie("id", "c")
        return answer

    async def keep(request: web.Request) -> web.Response:
        seen.append(request.query["v"])
        return web.Response()

    async with serving({"/": page, "/next": keep}) as origin:
        result = await asker.journey(
            [
                {"name": "page", "get": origin, "capture": {"v": capture}},
                {"name": "next", "get": f"{origin}/next", "query": {"v": "${v}"}},
            ]
        )

    assert result.outcome is Outcome.GOOD, result
    assert seen == [value]


async def test_json_captures_are_sent_as_json_says_them(asker: Asker) -> None:
    async with serving({"/": _json}) as origin:
        result = await asker.journey(
            [
                {
                    "name": "first",
                    "get": origin,
                    "capture": {"n": {"json": "$.n"}, "s": {"json": "$.s"}, "b": {"json": "$.b"}},
                },
                {
                    "name": "second",
                    "post": origin,
                    "json": {"all": "${n} ${s} ${b}"},
                    "expect": {"json": {"$.got": '{"all": "3 x true"}'}},
                },
            ]
        )

    assert result.outcome is Outcome.GOOD, result


async def _json(request: web.Request) -> web.Response:
    return web.json_response({"n": 3, "s": "x", "b": True, "got": await request.text()})


@pytest.mark.parametrize(
    ("capture", "reason"),
    [
        ({"header": "X-None"}, "capture"),
        ({"cookie": "none"}, "capture"),
        ({"regex": "nowhere"}, "capture"),
        ({"css": "blink"}, "capture"),
        ({"css": "b", "attribute": "none"}, "capture"),
        ({"json": "$.a"}, "invalid-json"),
    ],
    ids=str,
)
async def test_a_capture_that_finds_nothing_is_bad(
    asker: Asker, capture: dict[str, Any], reason: str
) -> None:
    async with speaking(saying(ok(PAGE.encode()))) as port:
        result = await asker.journey(
            [{"name": "page", "get": f"http://127.0.0.1:{port}/", "capture": {"v": capture}}]
        )

    assert (result.outcome, result.reason) == (Outcome.BAD, reason)


async def test_a_captured_line_break_cannot_become_a_header(asker: Asker) -> None:
    body = b'{"v": "a\\r\\nX-Evil: 1"}'
    async with speaking(saying(ok(body))) as port:
        url = f"http://127.0.0.1:{port}/"
        result = await asker.journey(
            [
                {"name": "first", "get": url, "capture": {"v": {"json": "$.v"}}},
                {"name": "second", "get": url, "headers": {"X-V": "${v}"}},
            ]
        )

    assert (result.reason, result.failed_step) == ("capture", "second")


async def test_secret_captures_are_masked_everywhere(asker: Asker) -> None:
    async with serving(SHOP) as origin:
        steps = checkout(origin)
        steps[2]["expect"] = {"status": 201, "body": {"contains": "${csrf}-and-more"}}
        result = await asker.journey(steps)

    assert result.reason == "body"
    assert "c5rf-t0ken" not in repr(result)
    assert "open & sesame" not in repr(result)


async def test_a_session_is_masked_though_nobody_called_it_a_secret(asker: Asker) -> None:
    async def login(request: web.Request) -> web.Response:
        response = web.Response()
        response.set_cookie("session", "5e55ion-of-the-probe")
        return response

    async def home(request: web.Request) -> web.Response:
        return web.Response(text=f"you are {request.cookies['session']}")

    async with serving({"/login": login, "/": home}) as origin:
        steps: list[dict[str, Any]] = [
            {"name": "login", "get": f"{origin}/login"},
            {"name": "home", "get": origin, "expect": {"body": {"contains": "welcome"}}},
        ]
        result = await asker.journey(steps)

    assert result.evidence is not None
    assert result.evidence.body == "you are ***"


async def test_a_step_may_have_less_time_than_the_run(asker: Asker) -> None:
    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with speaking(silence) as port:
        url = f"http://127.0.0.1:{port}/"
        result = await asker.journey([{"name": "slow", "get": url, "timeout": "100ms"}])

    assert result.reason == "timeout"
    assert result.duration_s == pytest.approx(0.1)


async def test_time_is_kept_for_cleaning_up(asker: Asker) -> None:
    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with speaking(silence) as port, speaking(saying(ok())) as well:
        result = await asker.journey(
            [
                {"name": "slow", "get": f"http://127.0.0.1:{port}/"},
                {
                    "name": "clean",
                    "delete": f"http://127.0.0.1:{well}/",
                    "always": True,
                    "timeout": "600ms",
                },
            ],
            timeout_s=1,
        )

    assert (result.reason, result.duration_s) == ("timeout", 1)
    assert result.steps[1].outcome is Outcome.GOOD


@pytest.mark.parametrize(
    ("steps", "at", "what"),
    [
        (
            [{"name": "a", "get": "http://x/${order}"}],
            (0, "get"),
            "${order} is used before it is captured",
        ),
        (
            [{"name": "a", "post": "http://x/", "json": {"k": ["${q}"]}}],
            (0, "json", "k", 0),
            "${q} is used before it is captured",
        ),
        (
            [{"name": "a", "get": "http://x/"}, {"name": "a", "get": "http://x/"}],
            (1, "name"),
            "two steps are called 'a'",
        ),
        (
            [{"name": "a", "get": "http://x/", "always": True}],
            (0, "always"),
            "every step is `always`, so none decides the outcome",
        ),
        (
            [{"name": "a", "get": "http://x/", "capture": {"v": {}}}],
            (),
            "a capture has one source",
        ),
        ([], (), "0 steps"),
    ],
)
def test_what_cannot_work_is_refused(
    steps: list[dict[str, Any]], at: tuple[object, ...], what: str
) -> None:
    refused = refusal(JOURNEY, steps)

    assert (refused.at, refused.what) == (at, what)
