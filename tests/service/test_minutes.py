"""Whole minutes, also when the clock is set."""

from __future__ import annotations

import asyncio

import pytest

from synthetics.clock import HeldClock
from synthetics.service import minutes as minutes_module
from synthetics.service.minutes import minutes

START_MS = 1_800_000_000_000


@pytest.mark.parametrize(
    ("moved_s", "minute_ms"),
    [
        pytest.param(60, 60_000, id="the next one"),
        pytest.param(61.5, 60_000, id="one that was overslept a little"),
        pytest.param(3600, 3_600_000, id="after an hour of sleep only the present one"),
        pytest.param(-3600, -3_600_000, id="after the clock was set back it goes on"),
    ],
)
async def test_a_minute_comes_once(
    moved_s: float, minute_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minutes_module, "LOOK_S", 0.001)
    clock = HeldClock(START_MS)
    found = minutes(clock)
    coming = asyncio.ensure_future(anext(found))
    await asyncio.sleep(0)

    clock.jump(moved_s)
    async with asyncio.timeout(1):
        assert await coming == START_MS + minute_ms
    await found.aclose()
