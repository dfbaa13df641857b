"""What a receiver remembers for us, and what it forgets."""

from __future__ import annotations

import asyncio

from synthetics.clock import HeldClock
from synthetics.paging.lane import Line
from synthetics.receivers.base import Event, Message, Verdict
from tests.paging.box import Box, courier, until
from tests.paging.support import NOON_MS
from tests.paging.test_courier import _turns


async def test_a_receiver_is_given_back_what_it_called_its_message(box: Box) -> None:
    seen: list[tuple[str, Event, str]] = []

    async def send(_options: object, message: Message, _session: object) -> Verdict:
        seen.append((message.dedup_key, message.event, message.handle))
        if message.event is Event.ACKNOWLEDGE:
            return Verdict.delivered()
        return Verdict.delivered(handle=f"{message.event}-{len(seen)}")

    key = await box.owe("trigger", "acknowledge", "trigger", "resolve")
    async with courier(box, {"oncall": Line(send, None)}):
        await until(box, *["delivered"] * 4)
    other = await box.owe("trigger", receiver="team", key=key)
    async with courier(box, {"team": Line(send, None)}):
        await until(box, *["delivered"] * 5)

    assert seen == [
        (key, Event.TRIGGER, ""),
        (key, Event.ACKNOWLEDGE, "trigger-1"),
        (key, Event.TRIGGER, "trigger-1"),
        (key, Event.RESOLVE, "trigger-3"),
        (other, Event.TRIGGER, ""),
    ]
    assert [one.handle for one in await box.all()][:3] == ["trigger-1", "", "trigger-3"]


async def test_who_forgets_is_told_again_what_goes_on_and_nothing_else(box: Box) -> None:
    clock = HeldClock(NOON_MS)
    seen: list[tuple[str, Event]] = []

    async def send(_options: object, message: Message, _session: object) -> Verdict:
        seen.append((message.dedup_key, message.event))
        return Verdict.delivered()

    forgetful = Line(send, None, repeat_s=60.0)
    over = await box.owe("trigger", "resolve")
    on = await box.owe("trigger")
    elsewhere = await box.owe("trigger", receiver="team")
    lines = {"oncall": forgetful, "team": Line(send, None)}
    async with courier(box, lines, clock=clock) as one:
        await until(box, *["delivered"] * 4)
        assert len(seen) == 4
        clock.advance(60)
        one.wake()
        await _attempts(box, on, 2)
        await box.owe("resolve", key=on)
        one.wake()
        await until(box, *["delivered"] * 5)
        clock.advance(60)
        one.wake()
        await _turns(box)

    assert seen[4:] == [(on, Event.TRIGGER), (on, Event.RESOLVE)]
    assert {key for key, _ in seen} == {over, on, elsewhere}


async def _attempts(box: Box, key: str, attempts: int) -> None:
    """Wait until the trigger of *key* was delivered for the so-manieth time."""
    async with asyncio.timeout(10):
        while not any(
            one.dedup_key == key and one.attempts == attempts and one.state == "delivered"
            for one in await box.all()
        ):
            await asyncio.sleep(0.002)
