"""Phases: stable, on slots, spread."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetics.schedule.phase import SLOT_MS, grace_ms, last_due_ms, next_due_ms, phase_ms

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
