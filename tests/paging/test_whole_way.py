"""From samples to a receiver's socket, judge and courier together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from synthetics.clock import HeldClock
from synthetics.paging.courier import Courier
from tests.paging.support import NOON_MS, Desk, Phone


def the_longest(_low: float, high: float) -> float:
    return high


@pytest.fixture
def pauses() -> HeldClock:
    """The courier's own clock: it tries again when this one is moved, and not before."""
    return HeldClock(NOON_MS)


@pytest.fixture
async def courier(desk: Desk, phone: Phone, pauses: HeldClock) -> AsyncIterator[Courier]:
    lines = {"oncall": phone.line, "team": phone.line}
    async with Courier(desk.store, lines, clock=pauses, jitter=the_longest) as courier:
        desk.wakes.append(courier.wake)
        yield courier


def told(phone: Phone) -> list[str]:
    return [call.body["type"].removeprefix("incident.") for call in phone.calls]


async def test_an_outage_and_its_end_reach_every_receiver(
    desk: Desk, phone: Phone, courier: Courier, pauses: HeldClock
) -> None:
    await desk.minutes(2, bad=True)
    await phone.heard(2)
    await desk.minutes(16, bad=False)
    await phone.heard(4)

    assert told(phone) == ["triggered", "triggered", "resolved", "resolved"]
    assert len({call.body["data"]["dedup_key"] for call in phone.calls}) == 1


async def test_a_receiver_that_was_down_for_the_whole_outage_hears_nothing_of_it(
    desk: Desk, phone: Phone, courier: Courier, pauses: HeldClock
) -> None:
    await phone.unplug()
    for outage in range(4):
        await desk.minutes(3, bad=True)
        if outage == 0:
            await _tried(desk)
        await desk.minutes(16, bad=False)
    assert await desk.events() == [("trigger", "superseded")] * 4

    await phone.plug_in()
    pauses.advance(60)
    await desk.minutes(2, bad=True)
    await phone.heard(2)

    assert told(phone) == ["triggered", "triggered"]


async def test_a_receiver_that_comes_back_in_the_middle_is_told_once(
    desk: Desk, phone: Phone, courier: Courier, pauses: HeldClock
) -> None:
    await phone.unplug()
    await desk.minutes(10, bad=True)
    await _tried(desk)

    await phone.plug_in()
    pauses.advance(60)
    courier.wake()
    await phone.heard(2)
    await desk.minutes(2, bad=True)
    await desk.minutes(16, bad=False)
    await phone.heard(4)

    assert told(phone) == ["triggered", "triggered", "resolved", "resolved"]


async def _tried(desk: Desk) -> None:
    """Wait until the newest message could not be sent, and is not just being tried."""
    async with asyncio.timeout(10):
        while True:
            newest = (await desk.told())[-1]
            if (newest.reason, newest.unsure) == ("connect", 0):
                return
            await asyncio.sleep(0.002)
