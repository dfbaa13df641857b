"""The table that the default policy is held to: 99.9 %, a sample a minute, 30 days."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from slo.history import Pool
from slo.policy import Policy, Reset, default_tiers
from slo.replay import replay
from slo.runs import Mark
from slo.simulate import Fault, Score, Trace, score, trace
from slo.spans import Spans
from slo.timeline import Timeline
from tests.slo.support import DAY, HOUR, MINUTE

OBJECTIVE = Fraction("0.999")
PAGING = tuple(
    tier for tier in default_tiers(30 * DAY, MINUTE, OBJECTIVE) if tier.severity == "page"
)
OURS = Policy(objective=OBJECTIVE, tiers=PAGING)
BOOK = Policy(
    objective=OBJECTIVE,
    tiers=tuple(replace(tier, min_bad=1) for tier in PAGING),
    reset=Reset.WINDOW,
)
PERCENT = Fraction(1, 100)


def one(fault: Fault, seed: int = 0) -> Trace:
    return trace(fault, interval_ms=MINUTE, before_ms=DAY, after_ms=DAY, seed=seed)


def lossy(seed: int) -> Trace:
    return trace(
        None,
        interval_ms=MINUTE,
        before_ms=30 * DAY,
        after_ms=0,
        loss=Fraction(1, 1000),
        seed=seed,
    )


def judged(*traces: Trace, policy: Policy = OURS) -> Score:
    return score(policy, traces)


def test_one_lost_sample_pages_nobody() -> None:
    lost = one(Fault(lasting_ms=MINUTE))

    assert judged(lost, policy=BOOK).pages == 1
    assert judged(lost).pages == 0


def test_random_loss_pages_hardly_ever() -> None:
    """Over 200 seeds, which the benchmark takes, it is 0.06 pages a month, by the book 43."""
    traces = [lossy(seed) for seed in range(6)]

    assert judged(*traces[:1], policy=BOOK).pages > 30
    assert judged(*traces).pages <= 0.2


def test_one_percent_of_errors_is_one_page_or_two() -> None:
    found = judged(*(one(Fault(lasting_ms=3 * DAY, share=PERCENT), seed) for seed in range(5)))

    assert found.recall == 1
    assert found.precision == 1
    assert found.pages <= 2


def test_every_hundredth_failing_is_one_page() -> None:
    steady = one(Fault(lasting_ms=3 * DAY, share=PERCENT, even=True))

    assert judged(steady, policy=BOOK).pages == 43
    assert judged(steady).pages == 1


@pytest.mark.parametrize("minutes", [3, 5, 10, 60, 600])
def test_a_total_outage_is_found_in_two_minutes_and_over_in_ten(minutes: int) -> None:
    found = judged(one(Fault(lasting_ms=minutes * MINUTE)))

    assert (found.pages, found.precision, found.recall) == (1, 1, 1)
    assert found.detection_ms is not None
    assert found.detection_ms <= 2 * MINUTE
    assert found.reset_ms is not None
    assert found.reset_ms <= 10 * MINUTE


def test_flapping_is_one_page() -> None:
    flapping = Fault(lasting_ms=2 * HOUR, bad_ms=5 * MINUTE, good_ms=5 * MINUTE)

    assert judged(one(flapping)).pages == 1


@pytest.mark.parametrize("blind", [False, True])
def test_an_outage_goes_on_through_maintenance_and_blindness(blind: bool) -> None:
    made = one(Fault(lasting_ms=3 * HOUR))
    start, end = DAY + HOUR, DAY + 2 * HOUR
    if blind:
        for at_ms in range(start, end, MINUTE):
            made.timeline.add(at_ms, Mark.VOID)
    history = Pool([made.timeline], Spans.EMPTY if blind else Spans.of([(start, end)]))

    [page] = replay(OURS, history, 0, made.to_ms).by_severity("page")

    assert page.fired_ms == DAY + 2 * MINUTE
    assert page.resolved_ms is not None
    assert page.resolved_ms > DAY + 3 * HOUR


def test_after_a_gap_without_samples_the_same_alert_goes_on() -> None:
    """The first bad sample after it is alone in its window, which R7 takes for an end."""
    made = one(Fault(lasting_ms=30 * HOUR))
    before, after = DAY + 10 * MINUTE, DAY + 25 * HOUR
    known = Timeline()
    for run in made.timeline.runs():
        for at_ms in range(run.first_ms, run.last_ms + 1, run.step_ms):
            if not before <= at_ms < after:
                known.add(at_ms, run.mark)

    [page] = replay(OURS, Pool([known]), 0, made.to_ms).by_severity("page")
    by_windows = replay(replace(OURS, reset=Reset.WINDOW), Pool([known]), 0, made.to_ms)

    assert page.fired_ms == DAY + 2 * MINUTE
    assert len(by_windows.by_severity("page")) == 2


def test_a_trace_is_the_same_every_time_and_as_lossy_as_was_asked() -> None:
    made, again, other = lossy(7), lossy(7), lossy(8)

    assert made.timeline.runs() == again.timeline.runs() != other.timeline.runs()
    counts = made.timeline.counts(-1, made.to_ms)
    assert counts.valid == 43_201
    assert 20 < counts.failed < 70


@pytest.mark.parametrize(
    "impossible",
    [{"lasting_ms": 0}, {"share": Fraction(0)}, {"bad_ms": MINUTE}, {"good_ms": -1}],
)
def test_impossible_faults_are_refused(impossible: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not "):
        Fault(**{"lasting_ms": HOUR} | impossible)
