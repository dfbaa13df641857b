"""Sending what is owed: at least once, in order, each receiver by itself."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from synthetics.clock import HeldClock
from synthetics.paging.courier import Courier
from synthetics.paging.lane import Line
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.store import deliveries
from synthetics.store.deliveries import Delivery
from tests.paging.box import Box, courier, kinds, the_longest, until
from tests.paging.support import NOON_MS, Phone


async def test_what_is_owed_is_sent_and_recorded(box: Box, phone: Phone) -> None:
    key = await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}) as one:
        [delivery] = await until(box, "delivered")

        assert kinds(phone) == [("triggered", key)]
        assert (delivery.attempts, delivery.reason) == (1, "")
        assert delivery.finished_ms is not None
        stats = one.stats().receivers["oncall"]
        assert (stats.attempts, stats.delivered, stats.owed) == (1, 1, 0)


async def test_what_comes_to_be_owed_later_wakes_the_courier(box: Box, phone: Phone) -> None:
    async with courier(box, {"oncall": phone.line}) as one:
        await until(box)
        await box.owe("trigger")
        one.wake()

        await phone.heard(1)


async def test_a_receiver_that_was_down_gets_it_once_it_is_back(box: Box, phone: Phone) -> None:
    await phone.unplug()
    key = await box.owe("trigger", "resolve")
    async with courier(box, {"oncall": phone.line}) as one:
        async with asyncio.timeout(10):
            while one.stats().receivers.get("oncall") is None or (
                one.stats().receivers["oncall"].failures["connect"] < 3
            ):
                await asyncio.sleep(0.002)
        assert one.stats().receivers["oncall"].owed == 2
        assert one.stats().receivers["oncall"].oldest_owed_ms == NOON_MS

        await phone.plug_in()

        trigger, _ = await until(box, "delivered", "delivered")
        assert kinds(phone) == [("triggered", key), ("resolved", key)]
        assert trigger.attempts >= 4


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again(box: Box, phone: Phone, status: int) -> None:
    phone.answers = [(status, {}), (status, {})]
    await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}) as one:
        [delivery] = await until(box, "delivered")

        assert delivery.attempts == 3
        assert one.stats().receivers["oncall"].failures == {f"status-{status}": 2}
        assert len({call.headers["webhook-id"] for call in phone.calls}) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 413, 422])
async def test_a_permanent_refusal_is_not_repeated_and_is_visible(
    box: Box, phone: Phone, status: int
) -> None:
    phone.answers = [(status, {})]
    await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}) as one:
        [delivery] = await until(box, "refused")

        assert len(phone.calls) == 1
        assert delivery.reason == f"status-{status}"
        assert delivery.detail.startswith(f"answered {status}")
        assert one.stats().receivers["oncall"].refused == 1


async def test_retry_after_is_obeyed_and_not_a_moment_longer(box: Box, phone: Phone) -> None:
    clock = HeldClock(NOON_MS)
    phone.answers = [(429, {"Retry-After": "30"})]
    await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}, clock) as one:
        await _recorded(box, "status-429")
        await box.owe("trigger")
        clock.advance(29.9)
        one.wake()
        await _turns(box)
        assert len(phone.calls) == 1, "the limit is the receiver's, so nothing else goes either"

        clock.advance(0.1)
        one.wake()

        await until(box, "delivered", "delivered")


async def test_pauses_grow_and_end_at_a_minute(box: Box, phone: Phone) -> None:
    clock = HeldClock(NOON_MS)
    phone.answers = [(500, {})] * 8
    await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}, clock, jitter=the_longest) as one:
        for number, pause_s in enumerate([1, 2, 4, 8, 16, 32, 60, 60], start=1):
            await phone.heard(number)
            await _recorded(box, "status-500", attempts=number)
            clock.advance(pause_s - 0.01)
            one.wake()
            await _turns(box)
            assert len(phone.calls) == number
            clock.advance(0.01)
            one.wake()

        await until(box, "delivered")


async def test_a_message_that_is_refused_for_now_does_not_hold_up_others(
    box: Box, phone: Phone
) -> None:
    clock = HeldClock(NOON_MS)
    phone.answers = [(500, {})]
    await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}, clock, jitter=the_longest) as one:
        await _recorded(box, "status-500")
        await box.owe("trigger")
        one.wake()

        await until(box, "owed", "delivered")


async def test_a_resolve_never_overtakes_its_trigger(box: Box, phone: Phone) -> None:
    clock = HeldClock(NOON_MS)
    phone.answers = [(500, {})]
    key = await box.owe("trigger", "resolve")
    async with courier(box, {"oncall": phone.line}, clock, jitter=the_longest) as one:
        await _recorded(box, "status-500")
        await _turns(box)
        assert kinds(phone) == [("triggered", key)]

        clock.advance(1)
        one.wake()

        await until(box, "delivered", "delivered")
        assert kinds(phone) == [("triggered", key), ("triggered", key), ("resolved", key)]


async def test_a_superseded_trigger_is_not_sent_and_its_resolve_does_not_wait_for_it(
    box: Box, phone: Phone
) -> None:
    clock = HeldClock(NOON_MS)
    phone.answers = [(500, {"Retry-After": "600"})]
    key = await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}, clock) as one:
        [trigger] = await _recorded(box, "status-500")
        await box.store.write(lambda db: deliveries.supersede(db, trigger.id, at_ms=NOON_MS))
        await box.owe("resolve", key=key)
        one.wake()

        await until(box, "superseded", "delivered")
        assert kinds(phone) == [("triggered", key), ("resolved", key)]


async def test_a_trigger_superseded_while_under_way_that_arrives_is_recorded_as_delivered(
    box: Box,
) -> None:
    gate = Gate()
    await box.owe("trigger")
    async with courier(box, {"oncall": gate.line}):
        await gate.entered.wait()
        [trigger] = await box.all()
        await box.store.write(lambda db: deliveries.supersede(db, trigger.id, at_ms=NOON_MS))
        gate.open.set()

        await until(box, "delivered")


async def test_a_slow_receiver_delays_no_other(box: Box, phone: Phone) -> None:
    async with Phone() as slow:
        slow.silent = True
        for _ in range(20):
            await box.owe("trigger", receiver="slow")
        await box.owe("trigger", receiver="oncall")
        async with courier(box, {"slow": slow.line, "oncall": phone.line}, limit_s=0.5) as one:
            await phone.heard(1)

            assert one.stats().receivers["slow"].delivered == 0


async def test_no_answer_within_the_limit_is_tried_again(box: Box, phone: Phone) -> None:
    phone.silent = True
    await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}, limit_s=0.05) as one:
        await phone.heard(1)
        await _recorded(box, "timeout")
        phone.silent = False

        await until(box, "delivered")
        assert one.stats().receivers["oncall"].failures["timeout"] >= 1


async def test_the_most_severe_goes_first(box: Box, phone: Phone) -> None:
    clock = HeldClock(NOON_MS)
    await box.owe("trigger", severity="ticket")
    await box.owe("trigger", severity="ticket")
    page = await box.owe("trigger", severity="page")
    line = Line(phone.line.send, phone.line.options, per_minute=4)
    async with courier(box, {"oncall": line}, clock):
        await phone.heard(1)

        assert kinds(phone) == [("triggered", page)]


async def test_the_far_sides_limit_is_kept(box: Box, phone: Phone) -> None:
    clock = HeldClock(NOON_MS)
    for _ in range(6):
        await box.owe("trigger")
    line = Line(phone.line.send, phone.line.options, per_minute=12)
    async with courier(box, {"oncall": line}, clock) as one:
        await phone.heard(3)
        await _turns(box)
        assert len(phone.calls) == 3, "a quarter of a minute's worth at once"

        clock.advance(60 / 9)
        one.wake()
        await phone.heard(4)
        await _turns(box)

        assert len(phone.calls) == 4, "then they trickle"


async def test_a_crash_between_send_and_record_repeats_the_message(box: Box, phone: Phone) -> None:
    """The first courier dies after the receiver took the message; its successor cannot know."""
    key = await box.owe("trigger")
    [owed] = await box.store.write(deliveries.owed)
    claimed = await box.store.write(lambda db: deliveries.claim(db, [owed.id], at_ms=NOON_MS))
    async with aiohttp.ClientSession() as session:
        await phone.line.send(
            phone.line.options, Message.from_json(claimed[owed.id].message), session
        )

    async with courier(box, {"oncall": phone.line}):
        [delivery] = await until(box, "delivered")

    assert kinds(phone) == [("triggered", key), ("triggered", key)]
    assert len({call.headers["webhook-id"] for call in phone.calls}) == 1
    assert delivery.attempts == 2


async def test_stopping_leaves_owed_what_is_owed_and_ends_what_is_under_way(box: Box) -> None:
    gate = Gate()
    key = await box.owe("trigger", "resolve")
    async with courier(box, {"oncall": gate.line}):
        await gate.entered.wait()
        asyncio.get_running_loop().call_later(0.02, gate.open.set)

    assert await box.states() == ["delivered", "owed"]
    assert gate.seen == [(Event.TRIGGER, key)]


async def test_a_message_to_a_receiver_that_is_gone_is_refused_visibly(
    box: Box, phone: Phone
) -> None:
    await phone.unplug()
    await box.owe("trigger")
    async with courier(box, {"oncall": phone.line}, jitter=the_longest) as one:
        await _recorded(box, "connect")
        one.use({"other": phone.line})

        [delivery] = await until(box, "refused")
        assert delivery.reason == "no-receiver"
        assert one.stats().orphaned == 1


async def test_a_reload_mends_a_receiver_at_once(box: Box, phone: Phone) -> None:
    """A new URL does not wait out the pauses of the old one."""
    clock = HeldClock(NOON_MS)
    await box.owe("trigger")
    phone.answers = [(503, {"Retry-After": "600"})]
    async with courier(box, {"oncall": phone.line}, clock) as one, Phone() as mended:
        await _recorded(box, "status-503")
        one.use({"oncall": mended.line})

        await mended.heard(1)


async def test_a_receiver_with_a_bug_is_retried_and_its_words_are_not_repeated(
    box: Box, phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    async def send(_options: object, _message: Message, _session: object) -> Verdict:
        raise RuntimeError("secret-in-the-error")

    await box.owe("trigger")
    async with courier(box, {"oncall": Line(send, None)}, jitter=the_longest) as one:
        [delivery] = await _recorded(box, "bug")
        assert delivery.detail == "the receiver raised RuntimeError"
        assert "secret-in-the-error" not in caplog.text

        one.use({"oncall": phone.line})
        await until(box, "delivered")


async def test_many_messages_at_once_all_arrive(box: Box, phone: Phone) -> None:
    keys = [await box.owe("trigger") for _ in range(100)]
    async with courier(box, {"oncall": phone.line}) as one:
        await phone.heard(100)
        await _settled(one)

    assert sorted(key for _, key in kinds(phone)) == sorted(keys)


class Gate:
    """A receiver that answers when it is let."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.seen: list[tuple[Event, str]] = []

    @property
    def line(self) -> Line:
        return Line(self._send, None)

    async def _send(self, _options: object, message: Message, _session: object) -> Verdict:
        self.seen.append((message.event, message.dedup_key))
        self.entered.set()
        await self.open.wait()
        return Verdict.delivered()


async def _recorded(box: Box, reason: str, attempts: int = 1) -> list[Delivery]:
    """Wait until the first delivery has failed so often for *reason*."""
    async with asyncio.timeout(10):
        while True:
            found = await box.all()
            if found[0].reason == reason and found[0].attempts >= attempts:
                return found
            await asyncio.sleep(0.002)


async def _turns(box: Box) -> None:
    """Let the courier do all that it would do now: it needs the store for each step."""
    for _ in range(10):
        await box.all()
        await asyncio.sleep(0.001)


async def _settled(one: Courier) -> None:
    """Wait until nothing is under way and the courier has looked at what is owed."""
    async with asyncio.timeout(10):
        while True:
            before = one.stats().receivers["oncall"].attempts if one.stats().receivers else -1
            await asyncio.sleep(0.02)
            lane = one.stats().receivers.get("oncall")
            if lane and lane.attempts == before == lane.delivered:
                return
