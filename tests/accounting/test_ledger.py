"""The ledger: fed sample by sample, loaded from a database, and asked."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.counts import Counts
from slo.policy import Cause, State
from slo.shares import TimeShares
from slo.spans import Spans
from slo.window import Calendar, Rolling
from synthetics.accounting.ledger import Ledger
from synthetics.accounting.views import View
from synthetics.clock import instant
from synthetics.config.model import Latency, Maintenance, Retries
from synthetics.sample import Sample
from synthetics.store import Reader
from tests.accounting.support import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    config,
    minutes,
    probe,
    sample,
    slo,
    stored,
)

FAST_HOME = slo("fast-home", sli=Latency(bound_us=200_000))
LENIENT = slo("lenient", retries=Retries.LAST)


def ledger_of(*samples: Sample, of: tuple[str, ...] = ("home",)) -> Ledger:
    ledger = Ledger(config(slo(probes=of), FAST_HOME, LENIENT))
    for each in samples:
        ledger.apply(each)
    return ledger


def test_each_objective_counts_the_same_samples_its_own_way() -> None:
    ledger = ledger_of(*minutes("..xbo"), sample(NOW + MINUTE, ms=300))

    assert ledger.counts("home", 0, NOW + MINUTE) == Counts(good=3, bad=1, blip=1, void=1)
    assert ledger.counts("fast-home", 0, NOW + MINUTE) == Counts(good=2, bad=2, blip=1, void=1)
    assert ledger.counts("lenient", 0, NOW + MINUTE) == Counts(good=4, bad=1, void=1)


@given(st.permutations(minutes("..xbo.x") * 2))
def test_order_and_repetition_change_nothing(arrived: list[Sample]) -> None:
    """R3."""
    ledger = ledger_of(*arrived)

    assert ledger.counts("home", 0, NOW) == Counts(good=3, bad=2, blip=1, void=1)


def test_a_sample_of_a_probe_without_an_objective_counts_for_nobody() -> None:
    ledger = ledger_of(sample(NOW, "x", name="stranger"))

    assert ledger.counts("home", 0, NOW) == Counts()


def test_probes_of_one_objective_are_pooled() -> None:
    """R12: events are added up, time is averaged."""
    ledger = ledger_of(*minutes("...."), *minutes("xx..", name="cart"), of=("home", "cart"))
    start = NOW - 3 * MINUTE

    assert ledger.counts("home", 0, NOW) == Counts(good=6, bad=2)
    assert ledger.time("home", start, NOW + MINUTE) == TimeShares(up_ms=3 * MINUTE, down_ms=MINUTE)
    assert ledger.down_spans("home", start, NOW) == Spans.of([(start, start + 2 * MINUTE)])


def test_a_probe_that_never_answered_is_missing_from_the_coverage() -> None:
    ledger = ledger_of(*minutes("...."), of=("home", "cart"))

    assert ledger.time("home", NOW - 3 * MINUTE, NOW + MINUTE).coverage == Fraction(1, 2)


def test_another_location_takes_part_while_it_has_something_to_say() -> None:
    far = [sample(NOW - HOUR + minute * MINUTE, location="far") for minute in range(4)]
    ledger = ledger_of(*minutes("...."), *far)

    assert ledger.counts("home", 0, NOW) == Counts(good=8)
    assert ledger.time("home", NOW - 3 * MINUTE, NOW).coverage == 1
    assert ledger.time("home", NOW - HOUR, NOW - HOUR + 4 * MINUTE).coverage == Fraction(1, 2)


def test_a_sample_speaks_for_two_intervals_of_its_probe_unless_told_otherwise() -> None:
    """R9."""
    slow = probe("slow", every=timedelta(minutes=5))
    ledger = Ledger(
        config(
            slo("usual", probes=("slow",)),
            slo("brief", probes=("slow",), valid_for=timedelta(minutes=1)),
            probes=[slow],
        )
    )
    ledger.apply(sample(NOW, name="slow"))

    assert ledger.time("usual", NOW, NOW + HOUR).up_ms == 10 * MINUTE
    assert ledger.time("brief", NOW, NOW + HOUR).up_ms == MINUTE
    assert ledger.time("usual", NOW, NOW + HOUR, NOW + MINUTE) == TimeShares(up_ms=MINUTE)


def test_maintenance_of_a_service_leaves_numerator_and_denominator() -> None:
    """R2; its bounds are cut outward to whole minutes."""
    declared = Maintenance(
        start=instant(NOW - 2 * MINUTE + 1),
        end=instant(NOW - MINUTE - 1),
        services=("shop",),
        reason="DB upgrade",
    )
    ours, theirs = slo(), slo("vault", service="bank")
    ledger = Ledger(config(ours, theirs, maintenance=(declared,)))
    for each in minutes("..xx."):
        ledger.apply(each)

    assert ledger.excluded("home") == Spans.of([(NOW - 2 * MINUTE, NOW - MINUTE)])
    assert ledger.excluded("vault") == Spans.EMPTY
    assert ledger.counts("home", 0, NOW) == Counts(good=3, bad=1, excluded=1)
    assert ledger.counts("vault", 0, NOW) == Counts(good=3, bad=2)
    shares = ledger.time("home", NOW - 4 * MINUTE, NOW)
    assert shares == TimeShares(up_ms=2 * MINUTE, down_ms=MINUTE, excluded_ms=MINUTE)


def test_maintenance_that_names_no_service_is_for_all() -> None:
    declared = Maintenance(start=instant(NOW), end=instant(NOW + MINUTE), reason="network")
    ledger = Ledger(config(slo(), slo("vault", service="bank"), maintenance=(declared,)))

    assert ledger.excluded("home") == ledger.excluded("vault") != Spans.EMPTY


def test_a_standing_says_all_that_is_shown() -> None:
    ledger = ledger_of(*minutes("." * 1430 + "x" * 10))

    standing = ledger.standing("home", NOW)

    assert standing.counts == Counts(good=1430, bad=10)
    assert standing.sli == Fraction(143, 144)
    assert standing.burn == Fraction(10, 1440) * 1000
    assert standing.budget.consumed == standing.burn
    assert standing.budget.spent_ms == 9 * MINUTE
    assert standing.budget.allowed_ms == 43 * MINUTE + 12_000
    assert standing.coverage == Fraction(1439, 30 * 1440)
    assert standing.bounds == Rolling(30 * DAY).bounds(NOW)
    assert [decision.firing for decision in standing.decisions] == [True] * 4
    assert standing.pace == Fraction(10, 60) * 1000
    assert standing.exhausted_in_ms == 0


def test_a_standing_in_the_middle_of_a_month_counts_only_what_has_passed() -> None:
    """Ten of thirty days at twice the allowed errors spend two thirds of the month's budget."""
    month = Calendar("month", ZoneInfo("UTC"))
    start = month.bounds(1_776_000_000_000).from_ms  # April 2026, thirty days
    ledger = Ledger(config(slo(window=month, objective="0.99", tiers=())))
    for minute in range(10 * 24 * 60):
        ledger.apply(sample(start + minute * MINUTE, "x" if minute % 50 == 7 else "."))

    standing = ledger.standing("home", start + 10 * DAY - 1)

    assert standing.burn == 2
    assert (standing.budget.consumed, standing.budget.remaining) == (2, -1)
    consumed = standing.budget.period_consumed
    assert consumed is not None
    assert consumed == 2 * Fraction(10 * DAY - 1, 30 * DAY)
    assert standing.coverage == 1
    assert standing.pace == standing.burn
    assert standing.exhausted_in_ms == int((1 - consumed) * 30 * DAY / 2)


def test_maintenance_earns_no_budget() -> None:
    declared = Maintenance(start=instant(NOW - 3 * DAY), end=instant(NOW), reason="moving")
    ledger = Ledger(config(slo(), maintenance=(declared,)))

    assert ledger.standing("home", NOW).budget.allowed_ms == 27 * DAY // 1000


def test_without_samples_nothing_is_known_and_alerts_hold() -> None:
    ledger = ledger_of()

    standing = ledger.standing("home", NOW, states={"slow": State(firing=True)})

    assert standing.sli is standing.burn is standing.budget.consumed is None
    assert standing.exhausted_in_ms is None
    assert standing.coverage == 0
    assert {decision.cause for decision in standing.decisions} == {Cause.NO_DATA_HELD}
    firing = [decision.tier.name for decision in standing.decisions if decision.firing]
    assert firing == ["slow"]


async def test_what_was_stored_counts_as_what_was_applied(tmp_path: Path) -> None:
    """Raw rows, and archived days with some of them, and some latencies too long."""
    path = tmp_path / "synthetics.db"
    letters = ("." * 50 + "x" + "." * 20 + "bb" + "." * 9 + "o" + "  ") * 50
    samples = minutes(letters)
    samples[1000:1003] = [sample(each.scheduled_ms, ms=201) for each in samples[1000:1003]]
    applied = ledger_of(*samples)
    await stored(path, samples, archive_at_ms=NOW + HOUR)

    loaded = Ledger(config(slo(), FAST_HOME, LENIENT))
    with Reader.open(path) as reader:
        loaded.load(reader, NOW)

    assert not loaded.unknown()
    for name in ("home", "fast-home", "lenient"):
        assert loaded.standing(name, NOW) == applied.standing(name, NOW)
        assert loaded.counts(name, NOW - DAY, NOW).valid > 0
    loaded.apply(sample(NOW + MINUTE))
    assert loaded.counts("home", NOW, NOW + MINUTE) == Counts(good=1)


async def test_no_more_is_read_than_the_windows_need_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "synthetics.db"
    await stored(path, minutes("." * 300))
    short = slo(window=Rolling(HOUR), tiers=())

    with Reader.open(path) as reader:
        needed, asked = Ledger(config(short)), Ledger(config(short))
        needed.load(reader, NOW)
        asked.load(reader, NOW, NOW - 2 * HOUR)

    assert needed.counts("home", 0, NOW).good == 60 + 2 + 1
    assert asked.counts("home", 0, NOW).good == 120 + 1


async def test_another_configuration_keeps_what_is_known_and_names_what_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "synthetics.db"
    await stored(path, minutes("." * 120 + "x"))
    short = slo(window=Rolling(HOUR), tiers=())
    ledger = Ledger(config(short))
    with Reader.open(path) as reader:
        ledger.load(reader, NOW)
        ledger.apply(sample(NOW + MINUTE, "x"))

        kept = ledger.adopt(config(slo(window=Rolling(HOUR // 2), tiers=())))
        known = ledger.counts("home", 0, NOW + MINUTE)
        missing = ledger.adopt(config(slo(window=Rolling(2 * HOUR), tiers=()), FAST_HOME))
        ledger.load(reader, NOW)

    assert kept == frozenset()
    assert known == Counts(good=62, bad=2)
    assert missing == {("home", View()), ("home", View.of(FAST_HOME))}
    assert ledger.unknown() == frozenset()
    assert ledger.counts("home", 0, NOW + MINUTE) == Counts(good=120, bad=2)


def test_what_no_window_reaches_is_forgotten() -> None:
    ledger = Ledger(config(slo(window=Rolling(HOUR), tiers=())))
    for each in minutes("." * 200):
        ledger.apply(each)
    before = ledger.standing("home", NOW)

    ledger.trim(NOW)

    assert ledger.counts("home", 0, NOW).good == 60 + 2 + 1
    assert ledger.standing("home", NOW) == before


def test_an_objective_that_is_not_configured_is_an_error() -> None:
    with pytest.raises(KeyError):
        ledger_of().standing("nobody", NOW)
