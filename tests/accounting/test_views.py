"""What a sample counts as, one by one and as it was stored."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.timeline import Mark, Run
from synthetics.accounting.ledger import Ledger
from synthetics.accounting.views import View
from synthetics.config.model import Availability, Latency, Retries, Sli
from synthetics.store import Reader
from synthetics.store.codes import GOOD_CODES, NUMBERS, SLOW, code
from tests.accounting.support import DAY, HOUR, LETTERS, MINUTE, NOW, config, sample, slo, stored

FIRST, LAST = Retries.FIRST, Retries.LAST
UNDER, AT_MOST = Latency(bound_us=500_000), Latency(bound_us=500_000, inclusive=True)


@pytest.mark.parametrize(
    ("letter", "ms", "sli", "retries", "mark"),
    [
        pytest.param(".", 900, Availability(), FIRST, Mark.GOOD, id="good, however slow"),
        pytest.param("x", 900, Availability(), FIRST, Mark.BAD, id="bad and confirmed"),
        pytest.param("b", 900, Availability(), FIRST, Mark.BLIP, id="the first attempt counts"),
        pytest.param("b", 900, Availability(), LAST, Mark.GOOD, id="or the last one"),
        pytest.param("u", 900, Availability(), FIRST, Mark.BLIP, id="confirmed by nobody"),
        pytest.param("u", 900, Availability(), LAST, Mark.BLIP, id="and taken back by nobody"),
        pytest.param("o", 0, Availability(), LAST, Mark.VOID, id="not asked"),
        pytest.param(".", 499.999, UNDER, FIRST, Mark.GOOD, id="under the bound"),
        pytest.param(".", 500, UNDER, FIRST, Mark.BAD, id="the bound is not under itself"),
        pytest.param(".", 500, AT_MOST, FIRST, Mark.GOOD, id="but at most itself"),
        pytest.param(".", 500.001, AT_MOST, FIRST, Mark.BAD, id="a microsecond too slow"),
        pytest.param("b", 1, UNDER, FIRST, Mark.BLIP, id="failed quickly is still failed"),
        pytest.param("b", 900, UNDER, LAST, Mark.GOOD, id="its last attempt was good"),
        pytest.param("o", 900, UNDER, FIRST, Mark.VOID, id="not asked is not slow"),
    ],
)
def test_what_a_sample_counts_as(
    letter: str, ms: float, sli: Sli, retries: Retries, mark: Mark
) -> None:
    view = View.of(slo(sli=sli, retries=retries))

    assert view.mark_of(sample(0, letter, ms=ms)) is mark


def test_objectives_that_look_alike_have_one_view() -> None:
    strict = Latency(bound_us=500_001)

    assert View.of(slo(sli=AT_MOST)) == View.of(slo("other", sli=strict, objective="0.9"))


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("ms", [1, 500, 501])
@pytest.mark.parametrize(
    "view", [View(), View(retries=LAST), View(limit_us=500_000), View(limit_us=500_001)], ids=str
)
def test_a_stored_sample_counts_as_the_same(letter: str, ms: int, view: View) -> None:
    outcome, confirmed = LETTERS[letter]
    kept = code(NUMBERS[outcome], NUMBERS[confirmed])
    if kept in GOOD_CODES and view.limit_us is not None and ms * 1000 >= view.limit_us:
        kept = SLOW

    assert view.marks()[kept] is view.mark_of(sample(0, letter, ms=ms))


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3 * DAY // MINUTE - 1).map(lambda minute: NOW + minute * MINUTE),
            st.sampled_from("....xbuo"),
            st.sampled_from([1, 499.999, 500, 500.001]),
        ),
        max_size=60,
    ),
    st.sampled_from([0, 40]),
    st.sampled_from([UNDER, AT_MOST]),
    st.sampled_from([FIRST, LAST]),
)
def test_archived_it_is_the_same_as_sample_by_sample(
    arrived: list[tuple[int, str, float]], slow: int, sli: Sli, retries: Retries
) -> None:
    """On days with few slow samples and with many, those that come late included."""
    objective = slo(sli=sli, retries=retries)
    samples = [sample(NOW + DAY + index * MINUTE, ms=501) for index in range(slow)]
    samples += [sample(at_ms, letter, ms=ms) for at_ms, letter, ms in arrived]
    early = len(samples) * 3 // 4
    until_ms = NOW + 3 * DAY
    applied, loaded = Ledger(config(objective)), Ledger(config(objective))
    for each in samples:
        applied.apply(each)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        asyncio.run(stored(path, samples[:early], archive_at_ms=NOW + 2 * DAY + DAY // 2))
        asyncio.run(stored(path, samples[early:]))
        with Reader.open(path) as reader:
            loaded.load(reader, until_ms, NOW)

    for at_ms in {each.scheduled_ms for each in samples} | {until_ms}:
        assert loaded.counts("home", NOW - 1, at_ms) == applied.counts("home", NOW - 1, at_ms)


async def test_a_steady_month_is_loaded_as_one_run(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    hourly = [sample(NOW + hour * HOUR) for hour in range(30 * 24)]
    await stored(path, hourly, archive_at_ms=NOW + 20 * DAY)

    with Reader.open(path) as reader:
        runs = reader.runs(
            0, NOW + 30 * DAY, marks=View(limit_us=100_001).marks(), limit_us=100_001
        )

    assert runs == {1: [Run(NOW, HOUR, 30 * 24, Mark.GOOD)]}
