"""A timeline against the slow, obvious way to count."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.counts import Counts
from slo.runs import Mark, Run
from slo.shares import TimeShares
from slo.spans import Spans
from slo.timeline import Timeline
from tests.slo.support import (
    DAY,
    MINUTE,
    Plain,
    arrivals,
    every_minute,
    expanded,
    instants,
    marks,
    moments,
    pairs,
    steady,
)

Arrivals = list[tuple[int, Mark]]


def timeline_of(arrived: Arrivals) -> Timeline:
    timeline = Timeline()
    for at_ms, mark in arrived:
        timeline.add(at_ms, mark)
    return timeline


@given(arrivals)
def test_what_was_added_is_there_once_and_the_last_one_wins(arrived: Arrivals) -> None:
    timeline = timeline_of(arrived)

    assert expanded(timeline) == dict(arrived)
    assert len(timeline) == len(dict(arrived))
    assert timeline.first_ms == min(dict(arrived), default=None)
    assert timeline.last_ms == max(dict(arrived), default=None)


@given(arrivals, moments, moments, pairs)
def test_counts_are_those_of_the_samples_one_by_one(
    arrived: Arrivals, after_ms: int, until_ms: int, excluded: list[tuple[int, int]]
) -> None:
    counts = timeline_of(arrived).counts(after_ms, until_ms, Spans.of(excluded))

    assert counts == Plain(dict(arrived)).counts(after_ms, until_ms, excluded)


@given(arrivals, moments, moments, st.integers(1, 25), pairs)
def test_time_divides_as_it_does_moment_by_moment(
    arrived: Arrivals,
    from_ms: int,
    to_ms: int,
    valid_for_ms: int,
    excluded: list[tuple[int, int]],
) -> None:
    shares = timeline_of(arrived).time(from_ms, to_ms, valid_for_ms, Spans.of(excluded))

    assert shares == Plain(dict(arrived)).time(from_ms, to_ms, valid_for_ms, excluded)
    assert shares.length_ms == max(to_ms - from_ms, 0)


@given(arrivals, moments, moments, st.integers(1, 25), pairs)
def test_the_spans_of_downtime_last_as_long_as_the_downtime(
    arrived: Arrivals,
    from_ms: int,
    to_ms: int,
    valid_for_ms: int,
    excluded: list[tuple[int, int]],
) -> None:
    timeline = timeline_of(arrived)
    aside = Spans.of(excluded)

    down = timeline.down_spans(from_ms, to_ms, valid_for_ms, aside)

    said = Plain(dict(arrived)).spoken(valid_for_ms)
    hurt = [(start, end) for start, end, mark in said if mark in (Mark.BAD, Mark.BLIP)]
    assert down == Spans.of(hurt).intersect(aside.complement(from_ms, to_ms))
    length = timeline.time(from_ms, to_ms, valid_for_ms, aside).down_ms
    assert down.length_ms(from_ms, to_ms) == length


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), instants, marks),
            st.tuples(st.just("look"), moments, moments),
            st.tuples(st.just("trim"), moments, moments),
        ),
        max_size=30,
    )
)
def test_looking_in_between_changes_nothing(steps: list[tuple[str, int, int]]) -> None:
    """The sums are kept from one look to the next, so each change must cut them back far enough."""
    timeline, samples = Timeline(), dict[int, Mark]()
    for what, first, second in steps:
        match what:
            case "add":
                timeline.add(first, Mark(second))
                samples[first] = Mark(second)
            case "trim":
                timeline.trim(first)
                samples = {at_ms: mark for at_ms, mark in samples.items() if at_ms >= first}
            case _:
                plain = Plain(samples)
                assert timeline.counts(first, second) == plain.counts(first, second, [])
                assert timeline.time(first, second, 7) == plain.time(first, second, 7, [])
    assert expanded(timeline) == samples


@given(arrivals, arrivals)
def test_runs_can_be_taken_out_and_put_into_another(arrived: Arrivals, later: Arrivals) -> None:
    shifted = [(at_ms + 1_000, mark) for at_ms, mark in later]

    timeline = Timeline(timeline_of(arrived).runs())
    timeline.extend(timeline_of(shifted).runs())

    assert expanded(timeline) == dict(arrived) | dict(shifted)


def test_a_run_that_begins_too_early_is_refused() -> None:
    timeline = Timeline([steady(Mark.GOOD, 10)])

    with pytest.raises(ValueError, match="begins before"):
        timeline.extend([Run(9 * MINUTE, MINUTE, 1, Mark.GOOD)])


@pytest.mark.parametrize(
    ("step_ms", "count"), [pytest.param(0, 1, id="no step"), pytest.param(1, 0, id="no sample")]
)
def test_an_impossible_run_is_refused(step_ms: int, count: int) -> None:
    with pytest.raises(ValueError, match="not a run"):
        Run(0, step_ms, count, Mark.GOOD)


def test_a_steady_year_is_one_run_in_whatever_order_it_came() -> None:
    minutes = list(range(2_000))
    random.Random(7).shuffle(minutes)
    shuffled = Timeline()
    for minute in minutes:
        shuffled.add(minute * MINUTE, Mark.GOOD)
    year = Timeline()
    for minute in range(365 * DAY // MINUTE):
        year.add(minute * MINUTE, Mark.GOOD)

    assert len(year.runs()) == 1
    assert len(shuffled.runs()) < 10


def test_a_late_sample_mends_the_run_that_it_was_missing_from() -> None:
    timeline = every_minute("..... .....")
    assert len(timeline.runs()) == 2

    timeline.add(5 * MINUTE, Mark.GOOD)

    assert timeline.runs() == [steady(Mark.GOOD, 11)]


def test_a_sample_due_on_the_edge_of_a_window_belongs_to_the_one_that_ends_there() -> None:
    """R1: (t − W, t]."""
    timeline = every_minute("x....")

    assert timeline.counts(-1, 0).bad == 1
    assert timeline.counts(0, 4 * MINUTE) == Counts(good=4)


def test_maintenance_takes_a_sample_due_at_its_start_and_not_the_one_at_its_end() -> None:
    counts = every_minute("xxx").counts(-1, DAY, Spans.of([(0, 2 * MINUTE)]))

    assert counts == Counts(bad=1, excluded=2)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param("..", TimeShares(up_ms=3, unknown_ms=2), id="the last one speaks for 2"),
        pytest.param(".x.", TimeShares(up_ms=3, down_ms=1, unknown_ms=1), id="a bad minute"),
        pytest.param(".b.", TimeShares(up_ms=3, down_ms=1, unknown_ms=1), id="a blip hurt too"),
        pytest.param(".o.", TimeShares(up_ms=3, unknown_ms=2), id="void ends what was said"),
        pytest.param(".   x", TimeShares(up_ms=2, down_ms=1, unknown_ms=2), id="a gap"),
    ],
)
def test_a_sample_speaks_until_the_next_or_for_two_intervals(
    samples: str, expected: TimeShares
) -> None:
    shares = every_minute(samples).time(0, 5 * MINUTE, 2 * MINUTE)

    minutes = TimeShares(
        up_ms=expected.up_ms * MINUTE,
        down_ms=expected.down_ms * MINUTE,
        unknown_ms=expected.unknown_ms * MINUTE,
    )
    assert shares == minutes


def test_the_future_is_not_counted() -> None:
    shares = every_minute("..").time(0, DAY, 2 * MINUTE, until_ms=90_000)

    assert shares == TimeShares(up_ms=90_000)
