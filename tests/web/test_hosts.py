"""Who reaches a service on loopback by a name of their own is sent away."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from synthetics.web.hosts import checked
from tests.web.support import Rig


async def answered(bound: str, host: str, public_url: str = "") -> int:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application(middlewares=[checked(bound, lambda: public_url)])
    app.router.add_get("/", hello)
    async with TestClient(TestServer(app)) as client, client.get("/", headers={"Host": host}) as it:
        return it.status


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9380",
        "localhost:9380",
        "LOCALHOST",
        "a.localhost:9380",
        "[::1]:9380",
        "10.0.0.7",
        "status.example",
        "status.example:8443",
    ],
)
async def test_our_own_names_are_answered(host: str) -> None:
    assert await answered("127.0.0.1", host, "https://status.example/synthetics") == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:9380", "[::1", "localhos"]
)
@pytest.mark.parametrize("bound", ["127.0.0.1", "::1", "localhost"])
async def test_on_loopback_a_strangers_name_is_not(bound: str, host: str) -> None:
    assert await answered(bound, host) == 421


@pytest.mark.parametrize("bound", ["0.0.0.0", "::", "10.0.0.7", "monitor"])
async def test_what_is_served_to_a_network_has_any_name(bound: str) -> None:
    assert await answered(bound, "synthetics.monitoring.svc:9380") == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/metrics", "/nowhere"])
async def test_no_page_is_left_out(rig: Rig, path: str) -> None:
    async with rig.client.get(path, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421
        assert "public_url" in await answer.text()
        assert answer.headers["X-Frame-Options"] == "DENY"


async def test_a_page_whose_name_was_turned_to_us_cannot_reload(rig: Rig) -> None:
    stranger = {"Host": "evil.example", "Origin": "http://evil.example"}
    async with rig.client.post("/-/reload", headers=stranger) as answer:
        assert answer.status == 421
    assert rig.reload.times == 0
