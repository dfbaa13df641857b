"""A shop to probe, a receiver to page, and the service as users start it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

PATIENCE_S = 15.0
"""For everything that should come in a second or two; a loaded machine is slow."""

CONFIG = """
defaults: {{every: 1s, timeout: 700ms}}
services:
  shop: {{name: 本店, runbook: "https://wiki.example/shop"}}
probes:
  home:
    service: shop
    http:
      get: "{shop}/"
      headers: {{Authorization: "Bearer ${{env:SHOP_TOKEN}}"}}
{more_probes}
slos:
  home-ok:
    service: shop
    probes: [home]
    objective: 99%
    window: 1d
    alerting: {{tiers: [{{name: fast, severity: page, factor: 40, long: 5s, short: 2s}}]}}
receivers:
  oncall: {{webhook: {{url: "{receiver}/hook"}}}}
routes:
  - {{severity: page, to: [oncall]}}
"""

SECRET = "token-that-nobody-may-see"


@asynccontextmanager
async def listening(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    """*app* on loopback; its URL."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Shop:
    """Answers as it is told."""

    status: int = 200
    delay_s: float = 0.0
    asked: int = 0
    url: str = ""
    being_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        self.being_asked.set()
        await asyncio.sleep(self.delay_s)
        return web.Response(status=self.status, text="カート")


@dataclass
class OnCall:
    """Takes pages, or refuses to for now."""

    status: int = 200
    pages: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        message = await request.json()
        async with self.changed:
            self.attempts += 1
            if self.status == 200:
                self.pages.append(message)
            self.changed.notify_all()
        return web.Response(status=self.status)

    async def told(self, count: int) -> dict[str, Any]:
        """The newest page once there are *count*."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(lambda: len(self.pages) >= count)
        return self.pages[-1]

    async def tried(self) -> None:
        """Wait for the next attempt."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            before = self.attempts
            await self.changed.wait_for(lambda: self.attempts > before)


@dataclass
class Running:
    """A service in a process of its own, and what it logs."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    url: str = ""

    async def until(self, text: str) -> str:
        """The first line not yet read that holds *text*."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.process.stderr.readline()).decode():
                self.lines.append(line)
                if text in line:
                    return line
        raise AssertionError(f"never said {text!r}:\n{''.join(self.lines)}")

    async def ended(self) -> int:
        """Its exit code."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            self.lines += (await self.process.stderr.read()).decode().splitlines(keepends=True)
            return await self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def stop(self) -> int:
        """Stop it as an init system does."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def get(self, path: str) -> str:
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            return await answer.text()

    async def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.get("/api/v1/status"))
        return found

    async def post(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.post(self.url + path) as answer:
            return answer.status, await answer.text()

    async def metric(self, name: str, **labels: str) -> float:
        """The value of the one sample of ``/metrics`` with this name and these labels."""
        (value,) = (
            sample.value
            for family in text_string_to_metric_families(await self.get("/metrics"))
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )
        return value

    async def counted(self, slo: str, least: int) -> dict[str, int]:
        """The events of an SLO once it has *least* valid ones."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                (one,) = [one for one in (await self.status())["slos"] if one["id"] == slo]
                events: dict[str, int] = one["events"]
                if events["good"] + events["bad"] + events["blip"] >= least:
                    return events
                await asyncio.sleep(0.1)


@dataclass
class Place:
    """A folder with a configuration and a database, a shop and somebody on call."""

    folder: Path
    shop: Shop
    oncall: OnCall

    @property
    def config(self) -> Path:
        return self.folder / "synthetics.yaml"

    @property
    def database(self) -> Path:
        return self.folder / "synthetics.db"

    def write(self, more_probes: str = "", *, timeout: str = "700ms") -> None:
        text = CONFIG.format(shop=self.shop.url, receiver=self.oncall.url, more_probes=more_probes)
        self.config.write_text(text.replace("700ms", timeout))

    async def call(self, *arguments: str) -> asyncio.subprocess.Process:
        """``synthetics`` with *arguments*, as from this folder."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "synthetics", *arguments),
            cwd=self.folder,
            env={**os.environ, "SHOP_TOKEN": SECRET},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def said(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command that ends by itself."""
        process = await self.call(*arguments)
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    @asynccontextmanager
    async def running(self, *arguments: str) -> AsyncIterator[Running]:
        """The service, ready; killed at the end if it still runs."""
        process = await self.call("run", "--port", "0", *arguments)
        service = Running(process)
        try:
            line = await service.until("listening")
            service.url = re.findall(r"http://[0-9.:]+", line)[0]
            await service.until("ready")
            yield service
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def a_place(folder: Path) -> AsyncIterator[Place]:
    shop, oncall = Shop(), OnCall()
    shop_app, oncall_app = web.Application(), web.Application()
    shop_app.router.add_get("/{path:.*}", shop.answer)
    oncall_app.router.add_post("/hook", oncall.take)
    async with listening(shop_app) as shop.url, listening(oncall_app) as oncall.url:
        place = Place(folder, shop, oncall)
        place.write()
        yield place
