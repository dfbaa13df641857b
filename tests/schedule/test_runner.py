"""The runner: one sample for every due time, whatever happens."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from probes.result import Outcome, Result
from probes.watch import Watch
from synthetics.clock import HeldClock
from synthetics.config.model import Confirm
from synthetics.schedule import runner as runner_module
from tests.schedule.support import Taken, a_config, a_probe, a_runner

TWICE = Confirm(attempts=2, after=timedelta(milliseconds=1))


def in_turn(*outcomes: str) -> Any:
    """A kind's ``run`` that has these outcomes, one after the other."""
    left = list(outcomes)

    async def run(_: Any, watch: Watch) -> Result:
        outcome = left.pop(0)
        if outcome == "good":
            return watch.good()
        return getattr(watch, outcome)(f"{outcome}-{len(left)}", "as told")  # type: ignore[no-any-return]

    return run


class Gate:
    """A kind whose runs begin, then wait to be let through."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.began = 0
        self.changed = asyncio.Event()

    async def run(self, _: Any, watch: Watch) -> Result:
        self.began += 1
        self.changed.set()
        await self.open.wait()
        return watch.good()


async def test_a_run_becomes_a_sample_with_its_due_time_and_lateness() -> None:
    taken, clock = Taken(), HeldClock(10_120)
    runner = a_runner(taken, clock=clock)

    runner.beat([a_probe()], 10_000)
    await runner.idle()

    (sample,) = taken.samples
    assert (sample.probe, sample.location) == ("home", "here")
    assert (sample.scheduled_ms, sample.late_ms) == (10_000, 120)
    assert (sample.confirmed, sample.attempts) == (Outcome.GOOD, 1)
    assert runner.stats.lateness.total == pytest.approx(0.12)


@pytest.mark.parametrize(
    ("outcomes", "confirmed", "attempts"),
    [
        pytest.param(["bad", "good"], "good", 2, id="the first good answer ends it: a blip"),
        pytest.param(["bad", "bad", "bad"], "bad", 3, id="bad every time is bad"),
        pytest.param(["bad", "bad", "good"], "good", 3, id="the last one counts too"),
        pytest.param(["bad", "void", "bad"], "void", 3, id="an attempt we lost proves nothing"),
        pytest.param(["good"], "good", 1, id="good is not asked again"),
        pytest.param(["void"], "void", 1, id="nor is what we could not ask"),
    ],
)
async def test_confirmation(outcomes: list[str], confirmed: str, attempts: int) -> None:
    taken = Taken()
    runner = a_runner(taken, in_turn(*outcomes))

    runner.beat([a_probe(confirm=TWICE)], 0)
    await runner.idle()

    (sample,) = taken.samples
    assert sample.result.outcome == outcomes[0]
    assert sample.confirmed == confirmed
    assert sample.attempts == attempts


async def test_a_probe_that_is_still_running_is_not_run_again() -> None:
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, gate.run)
    runner.beat([a_probe()], 0)
    await gate.changed.wait()

    runner.beat([a_probe()], 60_000)
    await taken.came.wait()
    gate.open.set()
    await runner.idle()

    assert gate.began == 1
    assert taken.shown() == ["60000 void busy", "0 good"]


async def test_a_run_that_is_nearly_over_is_waited_for() -> None:
    """
    ``timeout`` may equal ``every``.  Then a probe that times out ends just after its next
    due time, and every second sample of an outage would be lost to ``busy``.
    """
    taken, gate, clock = Taken(), Gate(), HeldClock()
    runner = a_runner(taken, gate.run, clock=clock)
    probe = a_probe(every_s=10, timeout_s=10)
    runner.beat([probe], 0)
    await gate.changed.wait()

    clock.advance(10)
    runner.beat([probe], 10_000)
    clock.advance(0.2)
    gate.open.set()
    await taken.came.wait()
    await asyncio.sleep(0)
    await runner.idle()

    assert taken.shown() == ["0 good", "10000 good"]
    assert taken.samples[1].late_ms == 200


async def test_a_run_that_was_nearly_over_but_did_not_end_leaves_a_busy_sample() -> None:
    taken, gate, clock = Taken(), Gate(), HeldClock()
    runner = a_runner(taken, gate.run, clock=clock)
    probe = a_probe(every_s=10, timeout_s=10)
    runner.beat([probe], 0)
    await gate.changed.wait()

    clock.advance(10)
    runner.beat([probe], 10_000)
    clock.advance(3)
    gate.open.set()
    await runner.idle()

    assert taken.shown() == ["0 good", "10000 void busy"]


async def test_no_more_than_the_cap_are_in_flight_and_the_others_wait() -> None:
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, gate.run, in_flight=3)

    runner.beat([a_probe(f"p{number}") for number in range(10)], 0)
    await gate.changed.wait()
    await asyncio.sleep(0)
    asking_at_once = runner.asking
    gate.open.set()
    await runner.idle()

    assert asking_at_once == 3
    assert taken.shown() == ["0 good"] * 10


async def test_waiting_too_long_for_a_place_is_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "grace_ms", lambda _: 10)
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, gate.run, in_flight=1)

    runner.beat([a_probe("first"), a_probe("second")], 0)
    await taken.came.wait()
    gate.open.set()
    await runner.idle()

    assert [(s.probe, s.result.reason) for s in taken.samples] == [
        ("second", "overload"),
        ("first", ""),
    ]


async def test_a_pause_before_a_confirmation_holds_no_place() -> None:
    """In an outage every probe pauses; the healthy ones must still be asked."""
    taken = Taken()
    runner = a_runner(taken, in_turn("bad", "good", "good"), in_flight=1)
    slow = Confirm(attempts=1, after=timedelta(milliseconds=50))

    runner.beat([a_probe("failing", confirm=slow), a_probe("healthy")], 0)
    await runner.idle()

    assert [sample.probe for sample in taken.samples] == ["healthy", "failing"]


async def test_a_kind_that_ignores_its_limit_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "BACKSTOP_S", 0.0)

    async def forever(_: Any, watch: Watch) -> Result:
        await asyncio.Event().wait()
        return watch.good()

    taken = Taken()
    runner = a_runner(taken, forever)
    runner.beat([a_probe(timeout_s=0.01)], 0)
    await runner.idle()

    (sample,) = taken.samples
    assert sample.result.reason == "timeout"
    assert sample.result.duration_s == 0.01


@pytest.mark.parametrize("error", [ValueError("hunter2hunter2\nx"), TimeoutError(), KeyError("a")])
async def test_a_kind_that_raises_is_our_fault_and_the_service_goes_on(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Any, __: Watch) -> Result:
        raise error

    taken = Taken()
    runner = a_runner(taken, broken)
    with caplog.at_level(logging.ERROR):
        runner.beat([a_probe()], 0)
        await runner.idle()

    (sample,) = taken.samples
    assert (sample.result.outcome, sample.result.reason) == (Outcome.VOID, "probe-bug")
    assert "hunter2" not in sample.result.detail
    assert caplog.records[0].exc_info is not None


async def test_the_same_bug_is_shown_in_full_once(caplog: pytest.LogCaptureFixture) -> None:
    """A broken kind with a short interval must not fill the disk with tracebacks."""

    async def broken(_: Any, __: Watch) -> Result:
        raise KeyError("a")

    runner = a_runner(Taken(), broken)
    for due_ms in (0, 60_000):
        runner.beat([a_probe()], due_ms)
        await runner.idle()

    assert [record.exc_info is not None for record in caplog.records] == [True, False]


async def test_a_gap_is_one_sample_a_probe_at_the_first_missed_time() -> None:
    taken = Taken()
    runner = a_runner(taken)

    runner.gap([a_probe("a"), a_probe("b")], 60_000, 59)
    await taken.came.wait()

    assert taken.shown() == ["60000 void missed"] * 2
    assert taken.samples[0].result.detail == "59 due times passed unasked"
    assert taken.samples[0].attempts == 0
    assert runner.stats.missed_beats == 118


async def test_draining_ends_what_runs_and_begins_nothing() -> None:
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, gate.run, in_flight=1)
    runner.beat([a_probe("running"), a_probe("waiting")], 0)
    await gate.changed.wait()

    draining = asyncio.create_task(runner.drain())
    await asyncio.sleep(0)
    gate.open.set()
    await draining

    assert [(s.probe, s.result.reason) for s in taken.samples] == [
        ("running", ""),
        ("waiting", "stopped"),
    ]
    assert gate.began == 1


async def test_a_reload_with_the_same_limit_gives_no_second_helping() -> None:
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, gate.run, in_flight=1)
    runner.beat([a_probe("before")], 0)
    await gate.changed.wait()

    runner.configure(a_config(in_flight=1))
    runner.beat([a_probe("after")], 0)
    await asyncio.sleep(0)
    asking = runner.asking
    gate.open.set()
    await runner.idle()

    assert asking == 1


async def test_new_limits_hold_for_the_runs_to_come() -> None:
    taken, gate = Taken(), Gate()
    runner = a_runner(taken, gate.run, in_flight=1)

    runner.configure(a_config(in_flight=2))
    runner.beat([a_probe(f"p{number}") for number in range(5)], 0)
    await gate.changed.wait()
    await asyncio.sleep(0)
    asking = runner.asking
    gate.open.set()
    await runner.idle()

    assert asking == 2
