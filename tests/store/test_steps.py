"""
The steps of journeys, each a series of its own, whatever was archived, pruned, late or sent twice.

The reference is a dictionary of the last sample with each key.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.result import Outcome, Result, StepResult
from slo.timeline import Mark
from synthetics.clock import instant
from synthetics.sample import Sample
from synthetics.store import Reader
from synthetics.store.bare import Bare, Kind
from synthetics.store.step_codes import Step, code_of_step, pack_steps, unpack_steps
from tests.store.support import DAY_MS, MINUTE_MS, START_MS, opened

STEPS = ("login", "cart", "order")
LETTERS = {".": Outcome.GOOD, "x": Outcome.BAD, "o": Outcome.VOID, "-": Outcome.SKIPPED}
LIMIT_US = 500_000
FOREVER_MS = START_MS + 1000 * DAY_MS


def journey(
    at_ms: int, steps: str, *, confirmed: str = "x", took_ms: int = 100, whole: str = ""
) -> Sample:
    """A sample whose steps are letters; the first that is not good decides, or *whole* does."""
    decides = whole or next((letter for letter in steps if letter not in ".-"), ".")
    outcome = LETTERS[decides]
    return Sample(
        probe="checkout",
        location="local",
        scheduled_ms=at_ms,
        result=Result(
            started_at=instant(at_ms),
            duration_s=took_ms * len(steps) / 1000,
            outcome=outcome,
            reason="" if outcome is Outcome.GOOD else "status",
            steps=tuple(
                StepResult(
                    name=name,
                    outcome=LETTERS[letter],
                    duration_s=0 if letter == "-" else took_ms * number / 1000,
                )
                for number, (name, letter) in enumerate(zip(STEPS, steps, strict=False), 1)
            ),
        ),
        confirmed=LETTERS[confirmed] if outcome is Outcome.BAD else outcome,
    )


def plainly(samples: Sequence[Sample], name: str, limit_us: int | None) -> dict[int, Mark]:
    """What each sample says of one step."""
    last = {each.scheduled_ms: each for each in samples}
    found = {}
    for at_ms, each in sorted(last.items()):
        for step in each.result.steps:
            if step.name != name or step.outcome is Outcome.SKIPPED:
                continue
            whole = each.result.outcome
            if step.outcome is Outcome.GOOD:
                slow = limit_us is not None and round(step.duration_s * 1e6) >= limit_us
                found[at_ms] = Mark.BAD if slow else Mark.GOOD
            elif step.outcome is Outcome.VOID or whole is Outcome.VOID:
                found[at_ms] = Mark.VOID
            elif whole is Outcome.BAD and each.confirmed is not Outcome.BAD:
                found[at_ms] = Mark.BLIP
            else:
                found[at_ms] = Mark.BAD
    return found


def stored(reader: Reader, name: str, limit_us: int | None) -> dict[int, Mark]:
    found: dict[int, Mark] = {}
    for runs in reader.runs(START_MS - 1, FOREVER_MS, limit_us=limit_us, step=name).values():
        for run in runs:
            for index in range(run.count):
                assert run.first_ms + index * run.step_ms not in found
                found[run.first_ms + index * run.step_ms] = run.mark
    return found


samples = st.builds(
    journey,
    st.integers(0, 40).map(lambda index: START_MS + index * 3 * 60 * MINUTE_MS),
    st.sampled_from(["...", "..x", ".x-", "x--", ".o-", "..", ".xx", "", "--."]),
    confirmed=st.sampled_from("x.o"),
    took_ms=st.sampled_from([100, 200, 250, 500]),
    whole=st.sampled_from(["", "", "", "o"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(samples, max_size=12), max_size=4), st.sampled_from([DAY_MS, FOREVER_MS]))
def test_every_step_is_known_as_long_as_its_samples_are(
    batches: list[list[Sample]], kept_ms: int
) -> None:
    async def store(path: Path) -> None:
        async with opened(path) as opened_store:
            for number, batch in enumerate(batches):
                await opened_store.add(batch)
                if number % 2 == 0:
                    await opened_store.tend(START_MS + (number + 2) * DAY_MS, kept_ms)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        asyncio.run(store(path))
        with Reader.open(path) as reader:
            taken = [each for batch in batches for each in batch]
            for name in STEPS:
                for limit_us in (None, LIMIT_US):
                    assert stored(reader, name, limit_us) == plainly(taken, name, limit_us)
            assert stored(reader, "never", None) == {}


def test_a_step_that_was_not_asked_is_not_there() -> None:
    steps = journey(START_MS, ".x-", took_ms=3).result.steps
    blob = pack_steps(steps, STEPS.index)

    assert blob is not None
    assert list(unpack_steps(blob)) == [Step(0, 0, 3_000), Step(1, 1, 6_000)]
    assert pack_steps((), STEPS.index) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param((0, 1, 1), (0, 0), id="good, though a later step failed"),
        pytest.param((1, 1, 0), (1, 0), id="bad, and taken back"),
        pytest.param((1, 0, 0), (1, 1), id="cleaning up failed, which nobody asked again"),
        pytest.param((1, 2, 2), (2, 2), id="bad in a sample that cannot be trusted"),
        pytest.param((2, 2, 2), (2, 2), id="we could not ask"),
    ],
)
def test_what_a_step_came_to(said: tuple[int, int, int], expected: tuple[int, int]) -> None:
    assert divmod(code_of_step(*said), 3) == expected


async def test_an_imported_sample_that_says_otherwise_takes_the_steps_away(tmp_path: Path) -> None:
    imported = Bare()
    imported.kinds.append(Kind("checkout", "local", 1, 1, "timeout"))
    imported.scheduled_ms.append(START_MS)
    imported.duration_us.append(7)
    imported.kind.append(0)
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.add([journey(START_MS, "...")])
        await store.keep(imported)

    with Reader.open(path) as reader:
        assert stored(reader, "login", None) == {}


async def test_a_steady_day_of_a_step_is_a_few_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.add([journey(START_MS + n * MINUTE_MS, "...") for n in range(1440)])
        await store.tend(START_MS + 2 * DAY_MS, DAY_MS)

    with sqlite3.connect(path) as db:
        sizes = db.execute(
            "SELECT name, length(runs) FROM archive_steps JOIN steps s ON s.id = step_id"
        )
        found = dict(sizes.fetchall())
    assert found.keys() == set(STEPS)
    assert max(found.values()) < 25
