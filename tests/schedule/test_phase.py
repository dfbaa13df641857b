"""Phases: stable, on slots, spread."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from synthetics.clock import millis
from synthetics.config.probe_scalars import Only
from synthetics.oncall.hours import Hours, When
from synthetics.schedule.phase import (
    SLOT_MS,
    due_after_ms,
    grace_ms,
    last_due_ms,
    next_due_ms,
    phase_ms,
)
from tests.schedule.support import a_probe

INTERVALS = st.integers(min_value=1000, max_value=86_400_000)


@given(st.text(min_size=1), INTERVALS)
def test_a_phase_is_a_slot_within_the_interval(probe: str, interval_ms: int) -> None:
    phase = phase_ms(probe, interval_ms)

    assert 0 <= phase < interval_ms
    assert phase % SLOT_MS == 0


@given(st.integers(min_value=0, max_value=4 * 10**12), INTERVALS, st.text(min_size=1))
def test_due_times_lie_on_the_lattice_one_interval_apart(
    at_ms: int, interval_ms: int, probe: str
) -> None:
    phase = phase_ms(probe, interval_ms)

    last_ms = last_due_ms(at_ms, interval_ms, phase)
    next_ms = next_due_ms(at_ms, interval_ms, phase)

    assert last_ms <= at_ms < next_ms
    assert next_ms - last_ms == interval_ms
    assert last_ms % interval_ms == phase


def test_a_phase_is_the_same_in_every_process() -> None:
    """A restart that moved the rhythm would turn every sample's key into a new one."""
    assert phase_ms("checkout", 60_000) == 40_000


def test_ten_thousand_probes_leave_no_slot_crowded() -> None:
    crowd = Counter(phase_ms(f"shop-{number}", 60_000) for number in range(10_000))

    assert len(crowd) == 240
    assert max(crowd.values()) < 2 * 10_000 / 240


def test_a_handful_of_probes_does_not_start_together() -> None:
    names = ["home", "login", "cart", "checkout", "search"]

    assert len({phase_ms(name, 30_000) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("interval_ms", "grace"),
    [
        pytest.param(1_000, 500, id="half of a short interval"),
        pytest.param(3_600_000, 5_000, id="never more than five seconds"),
    ],
)
def test_grace(interval_ms: int, grace: int) -> None:
    assert grace_ms(interval_ms) == grace


def only(text: str) -> When:
    hours = TypeAdapter(Only).validate_python(text)
    assert isinstance(hours, Hours)
    return When(hours=hours)


def at(text: str) -> int:
    return millis(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("hours", "now", "from_then_on"),
    [
        ("mon-fri 08:00-20:00 Asia/Tokyo", "2026-11-20T21:00+09:00", "2026-11-23T08:00+09:00"),
        ("sun 01:00-06:00 Europe/Berlin", "2026-03-29T00:30+01:00", "2026-03-29T01:00+01:00"),
        ("sun 02:30-06:00 Europe/Berlin", "2026-03-29T00:30+01:00", "2026-03-29T03:00+02:00"),
    ],
)
def test_what_has_hours_is_due_next_within_them(hours: str, now: str, from_then_on: str) -> None:
    probe = replace(a_probe("home"), only=only(hours))

    due_ms = due_after_ms(at(now), probe)

    assert due_ms is not None
    assert at(from_then_on) <= due_ms < at(from_then_on) + 60_000
    assert probe.only is not None
    assert probe.only.holds(due_ms)


def test_what_is_never_due_within_its_hours_is_due_at_no_time() -> None:
    """A minute a week, and a probe that is asked at another time of each of its days."""
    probe = replace(a_probe("home"), every=timedelta(days=7), only=only("mon 00:00-00:01 UTC"))

    assert due_after_ms(at("2026-11-20T00:00+00:00"), probe) is None


def test_a_composite_is_made_for_whole_intervals() -> None:
    probe = replace(a_probe("both"), members=("a", "b"))

    assert due_after_ms(90_000, probe) == 120_000
