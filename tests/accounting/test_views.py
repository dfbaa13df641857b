"""What a sample counts as, one by one and read in bulk."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.timeline import Mark, Timeline
from synthetics.accounting.past import runs_of
from synthetics.accounting.views import View
from synthetics.config.model import Availability, Latency, Retries, Sli
from synthetics.store.codes import NUMBERS, code
from synthetics.store.values import Columns
from tests.accounting.support import LETTERS, sample, slo

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


gaps = st.lists(st.sampled_from([1, 1, 1, 1, 7]), min_size=1, max_size=60)


@given(
    gaps,
    st.lists(st.sampled_from("....xbuo"), min_size=60, max_size=60),
    st.lists(st.sampled_from([1, 500, 501]), min_size=60, max_size=60),
    st.sampled_from([View(), View(retries=LAST), View(limit_us=500_000)]),
)
def test_read_in_bulk_it_is_the_same(
    gaps: list[int], letters: list[str], durations_ms: list[int], view: View
) -> None:
    timeline, at_ms = Timeline(), 0
    scheduled_ms, codes, duration_us = array("q"), bytearray(), array("Q")
    for gap, letter, ms in zip(gaps, letters, durations_ms, strict=False):
        at_ms += gap
        timeline.add(at_ms, view.mark_of(sample(at_ms, letter, ms=ms)))
        outcome, confirmed = LETTERS[letter]
        scheduled_ms.append(at_ms)
        codes.append(code(NUMBERS[outcome], NUMBERS[confirmed]))
        duration_us.append(ms * 1000)

    runs = runs_of(
        Columns(scheduled_ms=scheduled_ms, codes=bytes(codes), duration_us=duration_us), view
    )

    assert [
        (run.first_ms + index * run.step_ms, run.mark) for run in runs for index in range(run.count)
    ] == [
        (run.first_ms + index * run.step_ms, run.mark)
        for run in timeline.runs()
        for index in range(run.count)
    ]


def test_a_steady_day_is_read_as_one_run() -> None:
    count = 100_000
    columns = Columns(
        scheduled_ms=array("q", range(0, count * 30, 30)),
        codes=bytes(count),
        duration_us=array("Q", [100]) * count,
    )

    assert len(runs_of(columns, View(limit_us=101))) == 1
