"""A limit ends what goes on too long, and takes no cancellation for its own that is not."""

from __future__ import annotations

import asyncio

import pytest

from synthetics.schedule.backstop import Backstop


async def forever(backstop: Backstop, within_s: float, begun: asyncio.Event) -> str:
    """What a run does, for a kind that never answers."""
    limit = backstop.begin(within_s)
    begun.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not limit.passed():
            raise
        return "passed"
    finally:
        backstop.end(limit)
    return "ended"


async def test_each_run_is_ended_after_its_own_limit() -> None:
    backstop = Backstop()
    long = asyncio.create_task(forever(backstop, 60, asyncio.Event()))
    short = asyncio.create_task(forever(backstop, 0.01, asyncio.Event()))

    assert await short == "passed"
    assert not long.done()
    assert short.cancelling() == 0
    long.cancel()
    await asyncio.wait([long])


async def test_a_cancellation_from_elsewhere_is_not_taken_for_the_limit() -> None:
    begun = asyncio.Event()
    task = asyncio.create_task(forever(Backstop(), 60, begun))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_both_at_once_end_the_task() -> None:
    backstop, begun = Backstop(), asyncio.Event()
    task = asyncio.create_task(forever(backstop, 60, begun))
    await begun.wait()
    (limit,) = backstop._limits
    limit.strike()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_kind_that_survives_the_limit_leaves_no_cancellation_behind() -> None:
    async def stubborn(backstop: Backstop) -> int:
        limit = backstop.begin(0.01)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
        finally:
            backstop.end(limit)
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert await stubborn(Backstop()) == 0
