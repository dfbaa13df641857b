"""The whole service, killed for real: what was answered is there, and a run goes on."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.heartbeats.support import BACKUP, REPORT
from tests.service.support import PATIENCE_S, Place, Running, a_place

JOBS = f"""
  backup: {{service: shop, heartbeat: {{uuid: {BACKUP}, every: 1h, grace: 10m}}}}
  report: {{service: shop, heartbeat: {{uuid: {REPORT}, every: 1h, grace: 10m}}}}
"""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with a_place(tmp_path) as place:
        place.write(JOBS)
        yield place


async def job_of(service: Running, probe: str) -> dict[str, Any]:
    [found] = [one for one in (await service.status())["probes"] if one["id"] == probe]
    return dict(found)


async def once_known(service: Running, probe: str) -> dict[str, Any]:
    """A job once it has a sample."""
    async with asyncio.timeout(PATIENCE_S):
        while not (job := await job_of(service, probe))["newest"]:
            await asyncio.sleep(0.1)
    return job


async def test_no_report_that_was_answered_is_lost_over_a_kill(place: Place) -> None:
    answered: set[str] = set()

    async def report(session: aiohttp.ClientSession, url: str) -> None:
        while True:
            rid = str(uuid4())
            async with session.get(f"{url}/ping/{BACKUP}/log?rid={rid}") as answer:
                if answer.status == 200:
                    answered.add(rid)

    async with place.running() as service, aiohttp.ClientSession() as session:
        reporting = [asyncio.create_task(report(session, service.url)) for _ in range(10)]
        async with asyncio.timeout(PATIENCE_S):
            while len(answered) < 60:
                await asyncio.sleep(0.005)
        service.signal(signal.SIGKILL)
        await asyncio.gather(*reporting, return_exceptions=True)
        await service.ended()

    with sqlite3.connect(place.database) as database:
        stored = {rid for (rid,) in database.execute("SELECT rid FROM pings")}
    assert answered <= stored


async def test_a_run_that_began_before_a_kill_is_timed_after_it(place: Place) -> None:
    async with place.running() as service:
        assert await service.post(f"/ping/{REPORT}/start") == (200, "OK")
        service.signal(signal.SIGKILL)
        await service.ended()
    async with place.running() as service:
        assert len((await job_of(service, "report"))["heartbeat"]["running_since"]) == 1
        assert await service.post(f"/ping/{REPORT}") == (200, "OK")
        job = await once_known(service, "report")

        assert (job["newest"]["outcome"], job["heartbeat"]["running_since"]) == ("good", [])
        assert job["newest"]["duration_s"] > 0.1
        assert await service.stop() == 0
    code, out, _ = await place.said("probe", "report")
    assert (code, out.splitlines()[0]) == (0, "✓ report  good")


async def test_the_address_shows_nowhere(place: Place) -> None:
    async with place.running() as service:
        await service.post(f"/ping/{BACKUP}/fail")
        await once_known(service, "backup")
        said = [await service.get(path) for path in ("/", "/metrics", "/api/v1/status")]
        await service.stop()
        said += service.lines
    said += (await place.said("check"))[1:] + (await place.said("probe", "backup"))[1:]

    assert BACKUP not in "".join(said)
