"""The clock that is handed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetics.clock import HeldClock, SystemClock, instant, millis


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_milliseconds_survive_the_way_to_a_datetime_and_back(ms: int) -> None:
    assert millis(instant(ms)) == ms


def test_an_offset_is_understood() -> None:
    tokyo = timezone(timedelta(hours=9))

    assert millis(datetime(1970, 1, 1, 9, 0, 0, 5999, tzinfo=tokyo)) == 5


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="carries no offset"):
        millis(datetime(2026, 1, 1))


def test_a_jump_moves_only_the_wall_clock() -> None:
    clock = HeldClock(now_ms=1_000_000)

    clock.advance(2.5)
    clock.jump(-3600)

    assert clock.now_ms() == 1_000_000 + 2500 - 3_600_000
    assert clock.monotonic() == 2.5


def test_the_system_clock_is_in_utc() -> None:
    assert abs(SystemClock().now_ms() - millis(datetime.now(tz=UTC))) < 60_000
