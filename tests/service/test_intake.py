"""The queue between the runner and the books."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from synthetics.clock import HeldClock
from synthetics.sample import Sample
from synthetics.service.intake import Intake
from synthetics.store import Reader, Store
from tests.web.support import NOW_MS, a_sample


def samples(count: int) -> list[Sample]:
    return [a_sample(due_ms=NOW_MS + number) for number in range(count)]


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    return await Store.open(tmp_path / "s.db", clock=HeldClock(NOW_MS), linger_s=0)


async def test_what_is_settled_is_on_the_disk(store: Store) -> None:
    """A page about a sample that a crash then loses could not be explained."""
    stored_when_settled = []

    async def settle(batch: Sequence[Sample]) -> None:
        with Reader.open(store.path) as reader:
            stored_when_settled.append(len(reader.columns(0, 2 * NOW_MS)[1]))

    intake = Intake(store, settle)
    await intake.put(samples(3))
    intake.close()
    await intake.work()
    await store.close()

    assert stored_when_settled == [3]


async def test_a_full_queue_makes_the_caller_wait_and_counts_it(store: Store) -> None:
    settled: list[Sample] = []

    async def settle(batch: Sequence[Sample]) -> None:
        settled.extend(batch)

    intake = Intake(store, settle, capacity=4)
    await intake.put(samples(4))
    waiting = asyncio.create_task(intake.put(samples(8)[4:]))
    await asyncio.sleep(0)
    waits = intake.waits
    working = asyncio.create_task(intake.work())
    await waiting
    intake.close()
    await working
    await store.close()

    assert waits == 1
    assert [sample.scheduled_ms - NOW_MS for sample in settled] == list(range(8))


async def test_when_counting_fails_nobody_waits_for_ever(store: Store) -> None:
    async def settle(_: Sequence[Sample]) -> None:
        raise LookupError("a bug")

    intake = Intake(store, settle, capacity=1)
    await intake.put(samples(1))
    with pytest.raises(LookupError):
        await intake.work()

    async with asyncio.timeout(1):
        await intake.put(samples(1))
        await intake.put(samples(1))
    await store.close()
