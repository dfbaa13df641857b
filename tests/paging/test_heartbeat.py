"""The dead man's switch: something is said outside only while all is well, and never the URL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web

from probes.fields import Secret
from synthetics.clock import SystemClock
from synthetics.config.model_watch import DeadMansSwitch, Method
from synthetics.paging import heartbeat
from synthetics.paging.heartbeat import Heartbeat

PATH = "/ping/5f0c-uuid-that-is-secret"


@dataclass
class Listener:
    """Who notices silence."""

    status: int = 200
    came: list[str] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.came.append(f"{request.method} {request.path}")
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})

    def switch(self, *, every_s: float = 60.0, method: Method = Method.GET) -> DeadMansSwitch:
        return DeadMansSwitch(
            url=Secret(self.url + PATH), every=timedelta(seconds=every_s), method=method
        )

    async def heard(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.came) < count:
                await asyncio.sleep(0.005)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    found = Listener()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


class Wellness:
    """How the service says that it is."""

    def __init__(self) -> None:
        self.unwell = ""
        self.asked = 0

    async def __call__(self) -> str:
        self.asked += 1
        return self.unwell


class Beating:
    """A heartbeat that goes on inside."""

    def __init__(self, wellness: Wellness, switch: DeadMansSwitch | None) -> None:
        self.heart = Heartbeat(wellness, clock=SystemClock(), switch=switch)

    async def __aenter__(self) -> Heartbeat:
        self._task = asyncio.create_task(self.heart.run())
        return self.heart

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.mark.parametrize("method", list(Method))
async def test_the_url_is_asked_as_it_is_written(listener: Listener, method: Method) -> None:
    async with Beating(Wellness(), listener.switch(method=method)) as heart:
        await listener.heard(1)
        await _until(lambda: heart.stats.sent == 1)

    assert listener.came == [f"{method.value} {PATH}"]
    assert heart.stats.last_ms is not None


async def test_it_is_asked_again_and_again(listener: Listener) -> None:
    async with Beating(Wellness(), listener.switch(every_s=0.02)):
        await listener.heard(3)


async def test_nothing_is_said_while_the_service_is_not_well(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "AGAIN_S", 0.01)
    wellness = Wellness()
    wellness.unwell = "the scheduler stands still"
    async with Beating(wellness, listener.switch()) as heart:
        await _until(lambda: wellness.asked >= 3)
        assert listener.came == []
        assert heart.stats.unwell == "the scheduler stands still"
        assert heart.stats.withheld >= 2

        wellness.unwell = ""
        await listener.heard(1)
        assert heart.stats.unwell == ""


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_what_did_not_arrive_is_counted_by_reason_and_sent_again_soon(
    listener: Listener, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "AGAIN_S", 0.01)
    listener.status = status
    async with Beating(Wellness(), listener.switch()) as heart:
        await listener.heard(2)
        listener.status = 200
        await _until(lambda: heart.stats.sent == 1)

    assert heart.stats.failures[f"status-{status}"] >= 2
    assert set(listener.came) == {f"GET {PATH}"}, "no redirect is followed"


async def test_the_url_is_in_no_log_line(
    listener: Listener, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "AGAIN_S", 0.01)
    caplog.set_level(logging.DEBUG)
    nowhere = DeadMansSwitch(url=Secret(f"http://127.0.0.1:1{PATH}"), every=timedelta(seconds=60))
    async with Beating(Wellness(), nowhere) as heart:
        await _until(lambda: heart.stats.failures["connect"] >= 2)

    assert "heartbeat" in caplog.text
    assert "secret" not in caplog.text
    assert "secret" not in repr(nowhere)


async def test_a_reload_that_adds_it_is_followed_at_once(listener: Listener) -> None:
    async with Beating(Wellness(), None) as heart:
        await asyncio.sleep(0.02)
        assert not heart.configured

        heart.use(listener.switch())

        await listener.heard(1)


async def _until(so: object) -> None:
    assert callable(so)
    async with asyncio.timeout(10):
        while not so():
            await asyncio.sleep(0.005)
