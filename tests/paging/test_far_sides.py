"""Far sides that share a limit, and far sides that are down: nothing lost, nobody stuck."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from synthetics.clock import HeldClock
from synthetics.config.model_watch import Delivery as Patience
from synthetics.paging.lane import Line
from synthetics.receivers.base import Message, Verdict
from tests.paging.box import Box, courier, the_longest
from tests.paging.support import NOON_MS


async def test_receivers_of_one_account_share_its_pace_the_most_severe_first(box: Box) -> None:
    sent: list[str] = []

    async def send(name: str, _: Message, __: aiohttp.ClientSession) -> Verdict:
        sent.append(name)
        return Verdict.delivered()

    for _ in range(3):
        await box.owe("trigger", receiver="team", severity="ticket")
    for _ in range(3):
        await box.owe("trigger", receiver="oncall", severity="page")
    lines = {
        name: Line(send, name, per_minute=240, account="one routing key")
        for name in ("team", "oncall")
    }
    clock = HeldClock(NOON_MS)
    bucket = 240 // 4
    for _ in range(bucket):
        await box.owe("trigger", receiver="team", severity="ticket")
    async with courier(box, lines, clock=clock):
        async with asyncio.timeout(10):
            while len(sent) < bucket:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)

        assert len(sent) == bucket, "together they keep the pace of one"
        assert sent.count("oncall") == 3
        assert sent.index("oncall") < 9, "nothing but what was begun before came first"


async def test_neither_an_attempt_under_way_nor_a_slow_far_side_is_our_being_stuck(
    box: Box,
) -> None:
    going = asyncio.Event()
    clock = HeldClock(NOON_MS)

    async def send(_: Any, __: Message, ___: aiohttp.ClientSession) -> Verdict:
        await going.wait()
        return Verdict.retry("status-500", "answered 500")

    await box.owe("trigger")
    async with courier(box, {"oncall": Line(send, None)}, clock=clock) as one:
        await asyncio.sleep(0.05)
        assert one.stuck(Patience()) == "", "an attempt that is under way is not stuck"
        clock.advance(301)
        assert one.stuck(Patience()) == "", "and neither is a far side that is slow"
        going.set()


async def test_when_no_receiver_can_be_reached_for_too_long_that_is_said(box: Box) -> None:
    clock = HeldClock(NOON_MS)

    async def send(_: Any, __: Message, ___: aiohttp.ClientSession) -> Verdict:
        return Verdict.retry("connect", "no connection", arrived=False)

    await box.owe("trigger")
    async with courier(box, {"oncall": Line(send, None)}, clock=clock, jitter=the_longest) as one:
        async with asyncio.timeout(10):
            while not one.stats().receivers or not one.stats().receivers["oncall"].failing:
                await asyncio.sleep(0.01)
        assert one.stuck(Patience()) == ""

        clock.advance(301)

        assert one.stuck(Patience()) == "no receiver can be reached"


async def test_a_receiver_that_is_down_for_six_hours_loses_nothing_and_keeps_the_order(
    box: Box,
) -> None:
    """An outage every three minutes; what one attempt leaves behind is gone with the next."""
    clock, down = HeldClock(NOON_MS), True
    tries = 0
    came: list[tuple[str, str]] = []

    async def send(_: Any, message: Message, __: aiohttp.ClientSession) -> Verdict:
        nonlocal tries
        tries += 1
        if down:
            return Verdict.retry("connect", "no connection", arrived=False)
        came.append((message.dedup_key, message.event.value))
        return Verdict.delivered()

    keys: list[str] = []
    async with courier(box, {"oncall": Line(send, None)}, clock, jitter=the_longest) as one:
        for minute in range(6 * 60):
            if minute % 3 == 0:
                keys.append(await box.owe("trigger"))
            else:
                await box.owe("resolve" if minute % 3 == 2 else "update", key=keys[-1])
            before = tries
            clock.advance(61)
            one.wake()
            async with asyncio.timeout(10):
                while tries == before:
                    await asyncio.sleep(0.001)
        assert tries <= 6 * 60 + 1, "one attempt at a time finds out whether it is back"
        lane = one.stats().receivers["oncall"]
        assert (lane.owed, len(lane.failures)) == (360, 1)

        down = False
        clock.advance(61)
        one.wake()
        async with asyncio.timeout(30):
            while len(came) < 360:
                await asyncio.sleep(0.005)

    assert len(came) == len(set(came)) == 360
    for key in keys:
        assert [event for name, event in came if name == key] == ["trigger", "update", "resolve"]
