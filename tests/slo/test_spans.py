"""Spans against plain sets of instants."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given

from slo.shares import TimeShares, averaged
from slo.spans import Spans
from tests.slo.support import MINUTE, moments, pairs

Pairs = list[tuple[int, int]]


def instants(spans: Spans) -> set[int]:
    return {moment for start, end in spans for moment in range(start, end)}


@given(pairs, pairs, moments, moments)
def test_spans_do_as_sets_of_instants_do(one: Pairs, other: Pairs, start: int, end: int) -> None:
    first, second = Spans.of(one), Spans.of(other)
    plain = {moment for pair in one for moment in range(*pair)}
    wanted = set(range(start, end))

    assert instants(first) == plain
    assert instants(first.union(second)) == plain | instants(second)
    assert instants(first.intersect(second)) == plain & instants(second)
    assert instants(first.complement(start, end)) == wanted - plain
    assert first.length_ms(start, end) == len(wanted & plain)
    assert {moment for moment in wanted if first.contains(moment)} == wanted & plain


@given(pairs, pairs)
def test_the_same_instants_are_equal_however_they_were_given(one: Pairs, other: Pairs) -> None:
    first, second = Spans.of([*one, *other]), Spans.of(other).union(Spans.of(one))

    assert first == second
    assert hash(first) == hash(second)
    assert all(end < start for (_, end), (start, _) in pairwise(first))


def test_maintenance_is_cut_outward_to_whole_minutes() -> None:
    """R2."""
    spans = Spans.minutes_outward([(90_000, 119_999), (4 * MINUTE, 4 * MINUTE), (-1, 0)])

    assert list(spans) == [(-MINUTE, 0), (MINUTE, 2 * MINUTE)]


def test_the_mean_of_several_series_still_adds_up() -> None:
    mean = averaged(
        [
            TimeShares(up_ms=10),
            TimeShares(up_ms=9, down_ms=1),
            TimeShares(up_ms=6, down_ms=4),
        ]
    )

    assert mean == TimeShares(up_ms=Fraction(25, 3), down_ms=Fraction(5, 3))
    assert mean.length_ms == 10
    assert mean.availability == Fraction(5, 6)


def test_time_that_nobody_knows_of_has_no_availability() -> None:
    assert TimeShares(unknown_ms=5).availability is None
    assert TimeShares(unknown_ms=5).coverage == 0
    assert TimeShares(excluded_ms=5).coverage is None
