"""The service as a process of its own: blind, alive, and dead."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from aiohttp import web

from tests.service.support import PATIENCE_S, Place, listening

GUARD = """
  internet:
    service: shop
    guard: true
    http: {{get: "{url}/guard"}}
"""
WATCHED = """
watch: {{blind: {{after: 1s}}}}
dead_mans_switch: {{url: "{url}/alive/${{env:SHOP_TOKEN}}", every: 1s}}
"""


@dataclass
class Outside:
    """A guard's target, and who takes heartbeats."""

    status: int = 200
    beats: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def guard(self, _: web.Request) -> web.Response:
        return web.Response(status=self.status)

    async def alive(self, _: web.Request) -> web.Response:
        async with self.changed:
            self.beats += 1
            self.changed.notify_all()
        return web.Response()

    async def beaten(self, more: int) -> None:
        """Wait for so many heartbeats more."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            least = self.beats + more
            await self.changed.wait_for(lambda: self.beats >= least)


async def test_while_guards_fail_one_alert_says_so_and_heartbeats_end_with_the_process(
    place: Place,
) -> None:
    outside = Outside()
    app = web.Application()
    app.router.add_get("/guard", outside.guard)
    app.router.add_get("/alive/{token}", outside.alive)
    async with listening(app) as url:
        place.write(GUARD.format(url=url))
        place.config.write_text(place.config.read_text() + WATCHED.format(url=url))
        async with place.running() as service:
            await outside.beaten(2)

            place.shop.status, outside.status = 500, 500
            blind = await place.oncall.told(1)
            assert blind["data"]["service"] == "synthetics"
            assert blind["data"]["tier"] == "blind"
            assert "internet (wrong status)" in blind["data"]["summary"]
            await asyncio.sleep(3)
            assert len(place.oncall.pages) == 1, "nobody is paged for the shop"
            [home] = [one for one in (await service.status())["probes"] if one["id"] == "home"]
            assert (home["newest"]["outcome"], home["newest"]["reason"]) == ("void", "blind")
            assert await service.metric("synthetics_location_blind") == 1

            place.shop.status, outside.status = 200, 200
            over = await place.oncall.told(2)
            assert over["type"] == "incident.resolved"
            told = json.loads(await service.get("/api/v1/alerts"))
            assert [one["open"] for one in told["incidents"]] == [False]
            await outside.beaten(1)

        before = outside.beats
        await asyncio.sleep(1.5)
        assert outside.beats <= before + 1
    assert "token-that-nobody-may-see" not in "".join(service.lines)
