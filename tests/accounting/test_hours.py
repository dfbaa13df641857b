"""Probes that are asked only at some hours: other time does not count, and is nobody's fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slo.shares import TimeShares
from slo.window import Rolling
from synthetics.accounting.ledger import Ledger
from synthetics.clock import instant
from synthetics.config.model import Config, Maintenance
from synthetics.oncall.hours import Hours, When
from synthetics.store import Reader
from tests.accounting.support import DAY, HOUR, MINUTE, NOW, config, minutes, slo, stored

MORNING = NOW + 8 * HOUR
HOURS = Hours(zone=ZoneInfo("UTC"), weekly=dict.fromkeys(range(7), ((8 * 60, 9 * 60),)))
HOME = slo("home", window=Rolling(30 * DAY))


def limited(only: Hours = HOURS, **more: object) -> Config:
    whole = config(HOME)
    probes = {"home": replace(whole.probes["home"], only=When(hours=only))}
    return replace(whole, probes=probes, **more)  # type: ignore[arg-type]  # any field of it


async def ledger(tmp_path: Path, *, at_ms: int, of: Config, letters: str = "." * 60) -> Ledger:
    """An hour of samples, one a minute, that was asked whole."""
    path = tmp_path / "synthetics.db"
    await stored(path, minutes(letters, until_ms=MORNING + 59 * MINUTE))
    with_hours = Ledger(of)
    with Reader.open(path) as reader:
        with_hours.load(reader, at_ms)
    return with_hours


async def test_time_outside_of_the_hours_is_neither_up_nor_down_nor_unknown(tmp_path: Path) -> None:
    known = await ledger(tmp_path, at_ms=NOW + DAY, of=limited())

    found = known.time("home", NOW, NOW + DAY)
    assert found == TimeShares(up_ms=HOUR, excluded_ms=23 * HOUR)
    assert found.coverage == 1


async def test_the_last_sample_does_not_speak_past_the_end_of_the_hours(tmp_path: Path) -> None:
    failing = await ledger(tmp_path, at_ms=NOW + DAY, of=limited(), letters="." * 59 + "x")

    assert failing.time("home", NOW, NOW + DAY).down_ms == MINUTE


async def test_a_morning_without_samples_is_unknown(tmp_path: Path) -> None:
    found = await ledger(tmp_path, at_ms=NOW + 2 * DAY, of=limited())

    assert found.time("home", NOW + DAY, NOW + 2 * DAY) == TimeShares(
        unknown_ms=HOUR, excluded_ms=23 * HOUR
    )


async def test_the_budget_in_time_is_of_the_hours_alone(tmp_path: Path) -> None:
    at_ms = NOW + DAY
    known = await ledger(tmp_path, at_ms=at_ms, of=limited())

    assert known.standing("home", at_ms).budget.allowed_ms == 30 * HOUR * (1 - HOME.objective)


async def test_maintenance_within_the_hours_is_left_out_besides(tmp_path: Path) -> None:
    half = Maintenance(
        start=instant(MORNING), end=instant(MORNING + 30 * MINUTE), reason="a new database"
    )
    found = await ledger(tmp_path, at_ms=NOW + DAY, of=limited(maintenance=(half,)))

    counts = found.counts("home", NOW, NOW + DAY)
    assert (counts.good, counts.excluded) == (30, 30)
    assert found.time("home", NOW, NOW + DAY) == TimeShares(
        up_ms=30 * MINUTE, excluded_ms=23 * HOUR + 30 * MINUTE
    )


@pytest.mark.parametrize("later", [0, 99 * DAY, 101 * DAY, 3000 * DAY])
async def test_a_ledger_that_lives_on_knows_the_hours_of_later_days(
    tmp_path: Path, later: int
) -> None:
    found = await ledger(tmp_path, at_ms=NOW + DAY, of=limited())

    found.trim(NOW + DAY + later)

    day = NOW + DAY + later
    assert found.excluded("home").length_ms(day, day + DAY) == 23 * HOUR


async def test_hours_that_changed_are_those_of_now_for_all_the_past(tmp_path: Path) -> None:
    """What does not count is applied when reading (R2), as maintenance is."""
    found = await ledger(tmp_path, at_ms=NOW + DAY, of=limited())
    shorter = Hours(zone=ZoneInfo("UTC"), weekly=dict.fromkeys(range(7), ((480, 510),)))

    found.adopt(limited(shorter))

    counts = found.counts("home", NOW, NOW + DAY)
    assert (counts.good, counts.excluded) == (30, 30)
