"""What every probe can say besides what it asks: hours, inversion, slowness, places, its source."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from probes.result import Outcome, Result
from probes.watch import Watch
from synthetics.clock import instant
from synthetics.config.model import Probe
from synthetics.oncall.hours import Hours, When
from synthetics.schedule import runner as runner_module
from synthetics.schedule.phase import asked_of
from synthetics.schedule.verdict import degraded, verdict
from tests.schedule.support import Taken, Told, a_config, a_probe, a_runner, always_good
from tests.schedule.test_runner import Gate

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MONDAY_MS = 4 * DAY_MS
MORNINGS = When(
    hours=Hours(zone=ZoneInfo("UTC"), weekly=dict.fromkeys(range(5), ((8 * 60, 12 * 60),)))
)


def at(hour: int, *, day: int = 0) -> int:
    """An hour of a week that begins on a Monday."""
    return MONDAY_MS + day * DAY_MS + hour * HOUR_MS


async def test_outside_of_its_hours_a_probe_is_not_asked_and_leaves_no_sample() -> None:
    taken = Taken()
    runner = a_runner(taken)
    limited = replace(a_probe("limited"), only=MORNINGS)

    for due_ms in (at(7), at(8), at(11), at(12), at(9, day=5)):
        runner.beat([limited, a_probe("always")], due_ms)
        await runner.idle()

    asked = [sample.scheduled_ms for sample in taken.samples if sample.probe == "limited"]
    assert asked == [at(8), at(11)]
    assert len(taken.samples) == 2 + 5


async def test_a_gap_counts_only_the_due_times_within_the_hours() -> None:
    """The machine slept from Friday night to Monday night, and was to be asked every hour."""
    taken = Taken()
    runner = a_runner(taken)
    hourly = replace(a_probe("limited", every_s=3600), only=MORNINGS)

    runner.gap([hourly], at(20, day=4), 72)
    runner.gap([hourly], at(13), 3)
    await runner.idle()

    (sample,) = taken.samples
    assert (sample.scheduled_ms, sample.result.reason) == (at(8, day=7), "missed")
    assert sample.result.detail == "4 due times passed unasked"
    assert runner.stats.missed_beats == 4


@pytest.mark.parametrize(
    ("first_ms", "due", "asked"),
    [
        (at(7), 1, None),
        (at(8), 1, (at(8), 1)),
        (at(7), 2, (at(8), 1)),
        (at(11) + 1, 2, (at(11) + 1, 1)),
        (at(12), 20, None),
        (at(12), 21, (at(8, day=1), 1)),
    ],
)
def test_due_times_are_counted_exactly(
    first_ms: int, due: int, asked: tuple[int, int] | None
) -> None:
    hourly = replace(a_probe(every_s=3600), only=MORNINGS)

    assert asked_of(hourly, first_ms, due) == asked
    assert asked_of(a_probe(every_s=3600), first_ms, due) == (first_ms, due)


def seen(outcome: Outcome, reason: str = "", took_s: float = 0.1) -> Result:
    return Result(
        started_at=instant(0),
        duration_s=took_s,
        outcome=outcome,
        reason=reason,
        detail="127.0.0.1:1: Connection refused" if reason else "",
    )


@pytest.mark.parametrize(
    ("inverted", "came", "counts"),
    [
        ((), seen(Outcome.GOOD), (Outcome.BAD, "should-fail")),
        ((), seen(Outcome.BAD, "connect"), (Outcome.GOOD, "")),
        (("connect",), seen(Outcome.BAD, "connect"), (Outcome.GOOD, "")),
        (("connect",), seen(Outcome.BAD, "dns"), (Outcome.BAD, "dns")),
        ((), seen(Outcome.VOID, "no-sockets"), (Outcome.VOID, "no-sockets")),
    ],
)
def test_what_should_fail_is_good_when_it_does(
    inverted: tuple[str, ...], came: Result, counts: tuple[Outcome, str]
) -> None:
    probe = replace(a_probe(), invert=True, inverted=frozenset(inverted))

    result = verdict(probe, came)

    assert (result.outcome, result.reason) == counts
    if result.outcome is Outcome.GOOD:
        assert result.detail == "fails as it should: connect: 127.0.0.1:1: Connection refused"


async def test_the_runner_inverts_also_what_ran_into_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "BACKSTOP_S", 0.0)

    async def forever(_: Any, watch: Watch) -> Result:
        await asyncio.Event().wait()
        return watch.good()

    taken = Taken()
    runner = a_runner(taken, forever)
    runner.beat([replace(a_probe(timeout_s=0.01), invert=True)], 0)
    await runner.idle()

    assert taken.shown() == ["0 good"]


def test_only_a_good_sample_that_took_longer_is_degraded() -> None:
    probe = replace(a_probe(), within=timedelta(milliseconds=500))

    assert not degraded(probe, seen(Outcome.GOOD, took_s=0.5))
    assert degraded(probe, seen(Outcome.GOOD, took_s=0.501))
    assert not degraded(probe, seen(Outcome.BAD, "slow", took_s=3))
    assert not degraded(a_probe(), seen(Outcome.GOOD, took_s=3))


async def test_it_is_asked_from_its_source() -> None:
    asked: list[str] = []

    async def note(_: Any, watch: Watch) -> Result:
        asked.append(watch.source)
        return watch.good()

    runner = a_runner(Taken(), note)
    runner.beat([replace(a_probe("one"), source="192.0.2.7"), a_probe("two")], 0)
    await runner.idle()

    assert asked == ["192.0.2.7", ""]


class OfHosts:
    """A module whose options are the host."""

    @staticmethod
    def host(options: str) -> str:
        return options


class ToldOfHosts(Told):
    """A kind that says which host it asks."""

    module = OfHosts


def at_host(name: str, host: str) -> Probe:
    return replace(a_probe(name), options=host)


async def test_one_host_is_asked_by_no_more_than_its_limit_and_others_do_not_wait() -> None:
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, kinds={"told": ToldOfHosts(gate.run)})
    runner.configure(replace(a_config(), per_host=2))

    slow = [at_host(f"slow{number}", "Slow.example") for number in range(5)]
    runner.beat([*slow, at_host("other", "other.example"), at_host("nowhere", "")], 0)
    for _ in range(5):
        await asyncio.sleep(0)
    asking_at_once = runner.asking
    gate.open.set()
    await runner.idle()

    assert asking_at_once == 2 + 1 + 1
    assert taken.shown() == ["0 good"] * 7


async def test_waiting_too_long_for_a_host_is_overload_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "grace_ms", lambda _: 10)
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, kinds={"told": ToldOfHosts(gate.run)})
    runner.configure(replace(a_config(), per_host=1))

    runner.beat([at_host("first", "shop.example"), at_host("second", "shop.example")], 0)
    await taken.came.wait()
    gate.open.set()
    await runner.idle()

    assert [(s.probe, s.result.reason, s.result.detail) for s in taken.samples] == [
        ("second", "overload", "one run is at shop.example already"),
        ("first", "", ""),
    ]


async def test_without_a_limit_the_kind_is_not_asked_for_its_host() -> None:
    taken = Taken()
    runner = a_runner(taken, always_good)

    runner.beat([a_probe()], 0)
    await runner.idle()

    assert taken.shown() == ["0 good"]
