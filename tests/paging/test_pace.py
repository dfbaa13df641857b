from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetics.paging.pace import LONGEST_PAUSE_S, Bucket, Pace, backoff_s


@settings(deadline=None)
@given(
    per_minute=st.integers(4, 600),
    gaps=st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=60),
)
def test_no_minute_sees_more_than_the_limit(per_minute: int, gaps: list[float]) -> None:
    """Whoever takes all there is room for, whenever it looks, stays within it."""
    now, bucket = 0.0, Bucket(per_minute, 0.0)
    taken: list[tuple[float, int]] = []
    for gap in gaps:
        now += gap
        count = int(bucket.room(now))
        bucket.take(count)
        taken.append((now, count))

    for start, _ in taken:
        assert sum(count for at, count in taken if start <= at < start + 60) <= per_minute


def test_waiting_as_told_makes_room_for_one() -> None:
    bucket = Bucket(120, 0.0)
    bucket.take(30)

    wait_s = bucket.wait_s(0.0)

    assert bucket.room(wait_s - 0.01) < 1
    assert bucket.room(wait_s) == pytest.approx(1)


def test_without_a_limit_there_is_always_room() -> None:
    bucket = Bucket(None, 0.0)
    bucket.take(1_000_000)

    assert bucket.room(0.0) > 1_000_000
    assert bucket.wait_s(0.0) == 0


def test_pauses_double_up_to_the_longest() -> None:
    ceilings = [backoff_s(failures, None, lambda _, high: high) for failures in range(1, 60)]

    assert ceilings[:3] == [1, 2, 4]
    assert ceilings[-1] == LONGEST_PAUSE_S
    assert all(a <= b for a, b in pairwise(ceilings))


def test_jitter_comes_on_top_of_what_was_asked_for() -> None:
    assert backoff_s(1, 30.0, lambda low, _: low) == 30.0
    assert backoff_s(3, 30.0, lambda _, high: high) == 34.0


def test_lanes_to_one_far_side_share_its_limit() -> None:
    pace = Pace(120, 0.0)
    pace.want("a", 1)
    pace.want("b", 1)
    pace.take(int(pace.room("a", 0.0)))

    assert pace.room("b", 0.0) < 1
    assert pace.wait_s("b", 0.0) > 0


def test_the_lane_with_the_most_severe_message_comes_first() -> None:
    pace = Pace(120, 0.0)
    pace.want("pages", 3)
    pace.want("tickets", 2)

    assert pace.room("tickets", 0.0) == 0
    assert pace.wait_s("tickets", 0.0) > 0
    assert pace.room("pages", 0.0) == 30
    pace.want("pages", 0)
    assert pace.room("tickets", 0.0) == 30


def test_without_a_limit_nobody_waits_for_anybody() -> None:
    pace = Pace(None, 0.0)
    pace.want("pages", 3)
    pace.want("tickets", 2)

    assert pace.room("tickets", 0.0) > 1_000_000
    assert pace.wait_s("tickets", 0.0) == 0
