"""Slices, steps and composites in the ledger: what was applied, and what is read again, agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from probes.result import Outcome, StepResult
from slo.composite import Mix
from slo.counts import Counts
from slo.slices import Age, Gaps, Ratio
from synthetics.accounting.ledger import Ledger
from synthetics.clock import instant
from synthetics.config.model import Composite, Config, Maintenance, Slices
from synthetics.store import Reader
from tests.accounting.support import DAY, HOUR, MINUTE, NOW, config, minutes, sample, slo, stored

QUARTERS = Slices(length_ms=15 * MINUTE, rule=Ratio(Fraction("0.9")), gaps=Gaps.BAD)
FRESH = Slices(length_ms=5 * MINUTE, rule=Age(12 * MINUTE), gaps=Gaps.BAD)
SLICED = slo("sliced", sli=QUARTERS)
ALL = (
    SLICED,
    slo("fresh", sli=FRESH),
    slo("plain"),
    slo("whole", sli=Composite(parts=("sliced", "plain"), mix=Mix(weights=(3, 1)))),
)
LETTERS = "." * 200 + " " * 100 + "." * 60 + "x" * 30 + "." * 90


def known(configured: Config, *letters: str) -> Ledger:
    ledger = Ledger(configured)
    for each in minutes("".join(letters), until_ms=NOW - 1):
        ledger.apply(each)
    return ledger


async def test_what_is_read_again_is_what_was_applied(tmp_path: Path) -> None:
    hour = Maintenance(
        start=instant(NOW - 3 * HOUR), end=instant(NOW - 3 * HOUR) + timedelta(hours=1), reason="db"
    )
    configured = config(*ALL, maintenance=(hour,))
    live = known(configured, LETTERS)
    path = tmp_path / "a.db"
    await stored(path, minutes(LETTERS, until_ms=NOW - 1), archive_at_ms=NOW + DAY)
    again = Ledger(configured)
    with Reader.open(path) as reader:
        again.load(reader, NOW)

    for each in ALL:
        for back in (HOUR, 5 * HOUR, 20 * DAY):
            assert again.counts(each.id, NOW - back, NOW) == live.counts(each.id, NOW - back, NOW)
            assert again.time(each.id, NOW - back, NOW) == live.time(each.id, NOW - back, NOW)
    assert live.counts("sliced", NOW - 8 * HOUR, NOW).excluded == 4


def test_a_gap_is_bad_from_the_first_sample_on_and_after_it_was_forgotten() -> None:
    ledger = known(config(SLICED), "." * 45)

    assert ledger.counts("sliced", 0, NOW).failed == 0
    later = NOW + 60 * DAY
    ledger.trim(later)
    assert ledger.counts("sliced", later - DAY, later) == Counts(bad=96)


def test_a_late_sample_changes_the_slice_it_belongs_to() -> None:
    ledger = known(config(SLICED), "." * 15, " " * 15)
    assert ledger.counts("sliced", NOW - HOUR, NOW) == Counts(good=1, bad=1)

    ledger.apply(sample(NOW - 7 * MINUTE))

    assert ledger.counts("sliced", NOW - HOUR, NOW) == Counts(good=2)


def test_maintenance_of_a_part_leaves_it_out_of_the_whole() -> None:
    closed = Maintenance(
        start=instant(NOW - HOUR), end=instant(NOW), reason="moved", services=("bank",)
    )
    parts = slo("shop"), slo("bank", service="bank", probes=("bank",))
    whole = slo("whole", sli=Composite(parts=("shop", "bank"), mix=Mix(weights=(1, 1))))
    ledger = Ledger(config(*parts, whole, maintenance=(closed,)))
    for each in (*minutes("." * 30), *minutes("x" * 30, name="bank")):
        ledger.apply(each)

    counts = ledger.counts("whole", NOW - HOUR, NOW - 1)

    assert counts.sli == 1
    assert counts.excluded == 29


def test_a_step_that_is_sent_again_as_not_reached_is_gone() -> None:
    ledger = Ledger(config(replace(slo("order"), step="order")))
    plain = sample(NOW, "x")

    def seen(outcome: Outcome) -> None:
        steps = (StepResult(name="order", outcome=outcome),)
        ledger.apply(replace(plain, result=replace(plain.result, steps=steps)))

    seen(Outcome.BAD)
    assert ledger.counts("order", NOW - 1, NOW) == Counts(bad=1)
    seen(Outcome.SKIPPED)
    assert ledger.counts("order", NOW - 1, NOW) == Counts()
