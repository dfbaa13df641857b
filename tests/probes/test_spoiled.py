"""
Good targets whose answers do not arrive as they were sent: cut short, held back, with other bytes.

For each kind that talks over TCP, at every place of what its specimen says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.result import Outcome, Result
from tests.probes.reached import KINDS, options
from tests.probes.specimens import SPECIMENS
from tests.probes.stopwatch import Stopwatch
from tests.probes.support import Asker, speaking

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPOKEN = sorted(kind for kind, one in SPECIMENS.items() if one.speak is not None)
LIMIT_S, GRACE_S = 0.15, 0.1
CUTS = 12
Change = Callable[[int, bytes], tuple[bytes, bool]]
"""What becomes of a piece that stands at this place of all that is said; whether that was all."""


class Over(Exception):
    """Nothing more of it arrives."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asker() -> AsyncIterator[Asker]:
    """A prober with one engine for all tests here."""
    it = Asker()
    yield it
    await it.shared.close()


class _Wire:
    """Stands for the writer of a target, and passes on what *change* makes of its words."""

    def __init__(self, writer: asyncio.StreamWriter, change: Change) -> None:
        self._writer, self._change = writer, change
        self._at = 0

    def write(self, data: bytes) -> None:
        at, self._at = self._at, self._at + len(data)
        arrives, over = self._change(at, data)
        self._writer.write(arrives)
        if over:
            raise Over

    async def drain(self) -> None:
        await self._writer.drain()


async def ask(
    asker: Asker,
    kind: str,
    change: Change,
    *,
    limit_s: float = 5,
    holds: bool = False,
    stopwatch: Stopwatch | None = None,
) -> Result:
    """
    What comes of a run whose target's words *change* is let loose on.

    Args:
        asker: Who asks.
        kind: What.
        change: See `Change`.
        limit_s: How long it may take.
        holds: Whether the connection stays open when it is over.
        stopwatch: To measure the run with.
    """
    specimen = SPECIMENS[kind]
    speak, write = specimen.speak, specimen.write
    assert speak is not None
    assert write is not None

    async def spoiled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A target that is misunderstood may fail at what it hears.
        with contextlib.suppress(Exception):
            await speak(reader, cast("asyncio.StreamWriter", _Wire(writer, change)))
        if holds:
            await asyncio.Event().wait()

    async with speaking(spoiled) as port:
        asked = options(kind, write(port))
        with stopwatch or Stopwatch():
            result: Result = await KINDS[kind].run(asked, asker.watch(limit_s))
    return result


async def said(asker: Asker, kind: str) -> int:
    """How many bytes its target says, on all of its connections at most."""
    most = 0

    def count(at: int, data: bytes) -> tuple[bytes, bool]:
        nonlocal most
        most = max(most, at + len(data))
        return data, False

    result = await ask(asker, kind, count)
    assert result.outcome is Outcome.GOOD, result.detail
    return most


def cut(place: int) -> Change:
    def change(at: int, data: bytes) -> tuple[bytes, bool]:
        return data[: place - at], at + len(data) >= place

    return change


def places(size: int) -> list[int]:
    """The first bytes one by one, where kinds and lengths are, then here and there, the last."""
    some = {*range(min(8, size)), *(size * part // CUTS for part in range(CUTS)), size - 1}
    return sorted(some)


@pytest.mark.parametrize("kind", SPOKEN)
async def test_what_is_cut_short_ends_the_run(asker: Asker, kind: str) -> None:
    for place in places(await said(asker, kind)):
        stopwatch = Stopwatch()
        result = await ask(asker, kind, cut(place), stopwatch=stopwatch)

        assert result.outcome in {Outcome.BAD, Outcome.GOOD}, (place, result.detail)
        assert result.reason != "timeout", (place, result.detail)
        assert stopwatch.took_s < 1, place


@pytest.mark.parametrize("kind", SPOKEN)
async def test_what_is_held_back_is_waited_for_as_long_as_the_run_may_take(
    asker: Asker, kind: str
) -> None:
    size = await said(asker, kind)
    results = await asyncio.gather(
        *(ask(asker, kind, cut(place), limit_s=LIMIT_S, holds=True) for place in places(size))
    )

    assert {(one.outcome, one.reason) for one in results} <= {
        (Outcome.BAD, "timeout"),
        (Outcome.GOOD, ""),
    }
    assert results[0].reason == "timeout"


@pytest.mark.parametrize("kind", SPOKEN)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    place=st.floats(0, 1, exclude_max=True),
    other=st.binary(min_size=1, max_size=12),
    instead=st.booleans(),
)
async def test_other_bytes_in_the_middle(
    asker: Asker, kind: str, place: float, other: bytes, instead: bool
) -> None:
    where = int(place * SIZES.setdefault(kind, await said(asker, kind)))

    def change(at: int, data: bytes) -> tuple[bytes, bool]:
        if not at <= where < at + len(data):
            return data, False
        head, rest = data[: where - at], data[where - at :]
        return head + other + (rest[len(other) :] if instead else rest), False

    stopwatch = Stopwatch()
    result = await ask(asker, kind, change, limit_s=LIMIT_S, stopwatch=stopwatch)

    assert isinstance(result, Result)
    assert stopwatch.took_s <= LIMIT_S + GRACE_S


SIZES: dict[str, int] = {}
