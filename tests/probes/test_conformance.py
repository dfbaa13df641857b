"""What every kind that is installed must keep: time, cancellation, and secrets to itself."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import TypeAdapter, ValidationError

from probes.result import DETAIL_LIMIT, Outcome
from tests.probes.specimen import Specimen
from tests.probes.specimens import SPECIMENS
from tests.probes.stopwatch import Stopwatch
from tests.probes.support import Asker, look_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOADED = {
    entry.name: entry.load() for entry in importlib.metadata.entry_points(group="synthetics.probes")
}
KINDS = {name: kind for name, kind in LOADED.items() if hasattr(kind, "run")}
"""Those that ask; one to which a job reports has neither a target nor a time limit."""
REPEATING = sorted(kind for kind, one in SPECIMENS.items() if one.repeating)
SHARED = sorted(kind for kind, one in SPECIMENS.items() if one.shared)


def options(kind: str, written: Any) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(KINDS[kind].Options)
    return adapter.validate_python(written, context={"resolve": look_up})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asker() -> AsyncIterator[Asker]:
    """A prober with one engine and one browser for all tests here."""
    it = Asker()
    yield it
    await it.shared.close()


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def specimen(kind: str) -> Specimen:
    return SPECIMENS[kind]


async def test_every_kind_has_a_specimen() -> None:
    assert SPECIMENS.keys() == KINDS.keys()


async def test_unknown_keys_are_refused(kind: str, specimen: Specimen) -> None:
    async with specimen.good() as written:
        (written[0] if isinstance(written, list) else written)["unheard_of"] = 1

        with pytest.raises(ValidationError, match="unheard_of"):
            options(kind, written)


async def test_a_good_target_is_good(kind: str, specimen: Specimen, asker: Asker) -> None:
    async with specimen.good() as written:
        watch = asker.watch(specimen.pace.enough_s)
        result = await KINDS[kind].run(options(kind, written), watch)

    assert result.outcome is Outcome.GOOD, result.detail
    assert (result.reason, result.trace_id) == ("", watch.trace_id)
    assert result.evidence is None


async def test_a_timeout_comes_back_by_itself_and_in_time(
    kind: str, specimen: Specimen, asker: Asker
) -> None:
    pace = specimen.pace
    async with specimen.good() as written:  # by which what runs share is there
        await KINDS[kind].run(options(kind, written), asker.watch(pace.enough_s))
    async with specimen.silent() as target:
        asked = options(kind, target.written)
        with Stopwatch() as stopwatch:
            result = await KINDS[kind].run(asked, asker.watch(pace.limit_s))

    assert (result.reason, result.duration_s) == ("timeout", pace.limit_s)
    assert result.evidence is not None
    assert result.evidence.request
    assert stopwatch.took_s <= pace.limit_s + 0.1


async def test_cancelling_hangs_up_at_once(kind: str, specimen: Specimen, asker: Asker) -> None:
    pace = specimen.pace
    async with specimen.silent() as target:
        run = asyncio.create_task(KINDS[kind].run(options(kind, target.written), asker.watch(60)))
        await asyncio.wait_for(target.came.wait(), pace.enough_s)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        if target.gone is not None:
            await asyncio.wait_for(target.gone.wait(), 1)


@pytest.mark.parametrize("kind", REPEATING)
async def test_no_secret_is_told(kind: str, asker: Asker) -> None:
    repeating, pace = SPECIMENS[kind].repeating, SPECIMENS[kind].pace
    assert repeating is not None
    async with repeating() as written:
        result = await KINDS[kind].run(options(kind, written), asker.watch(pace.enough_s))

    assert result.outcome is Outcome.BAD
    assert result.evidence is not None
    for secret in ("open & sesame", "open+%26+sesame", "open%20%26%20sesame"):
        assert secret not in repr(result)
    assert len(result.detail) <= DETAIL_LIMIT


async def test_many_runs_at_once_do_not_meet(kind: str, specimen: Specimen, asker: Asker) -> None:
    pace = specimen.pace
    async with specimen.good() as written:
        asked = options(kind, written)
        runs = (KINDS[kind].run(asked, asker.watch(pace.enough_s)) for _ in range(pace.at_once))
        results = await asyncio.gather(*runs)

    assert {result.outcome for result in results} == {Outcome.GOOD}
    assert len({result.trace_id for result in results}) == pace.at_once


@pytest.mark.parametrize("kind", SHARED)
async def test_closing_ends_what_is_under_way(kind: str, asker: Asker) -> None:
    pace = SPECIMENS[kind].pace
    async with SPECIMENS[kind].silent() as target:
        run = asyncio.create_task(KINDS[kind].run(options(kind, target.written), asker.watch(60)))
        await asyncio.wait_for(target.came.wait(), pace.enough_s)
        await asker.shared.close()
        result = await asyncio.wait_for(run, 1)

    assert (result.outcome, result.reason) == (Outcome.VOID, "stopped")


async def test_it_says_which_host_it_asks_unless_it_asks_none(
    kind: str, specimen: Specimen
) -> None:
    """`limits: {per_host: …}` goes by it."""
    if kind == "exec":
        return
    async with specimen.good() as written:
        assert KINDS[kind].host(options(kind, written)) == "127.0.0.1"
