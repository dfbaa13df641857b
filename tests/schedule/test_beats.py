"""Beats under a clock that is held, set back, set forward, or slept through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, tzinfo

import apscheduler.schedulers.base
import pytest

from synthetics.clock import HeldClock, instant
from synthetics.config.model import Probe
from synthetics.schedule.beats import Beats
from synthetics.schedule.phase import phase_ms
from tests.schedule.support import a_probe

START_MS = 1_800_000_000_000
HOUR_S = 3600


class Drive:
    """Real beats on a clock that only the test moves; writes down what they say."""

    def __init__(self, clock: HeldClock) -> None:
        self.clock = clock
        self.ran: list[tuple[str, int]] = []
        self.gaps: list[tuple[str, int, int]] = []
        self.beats = Beats(clock=clock, on_beat=self._beat, on_gap=self._gap)

    def _beat(self, probes: Sequence[Probe], due_ms: int) -> None:
        self.ran += [(probe.id, due_ms) for probe in probes]

    def _gap(self, probes: Sequence[Probe], first_ms: int, missed: int) -> None:
        self.gaps += [(probe.id, first_ms, missed) for probe in probes]

    def start(self, probes: Iterable[Probe]) -> None:
        self.beats.set(probes)
        self.beats.start()

    async def wake(self) -> None:
        """What the scheduler's timer does when its time has come."""
        self.beats._scheduler.wakeup()
        for _ in range(3):
            await asyncio.sleep(0)

    async def look(self) -> None:
        """What happens every second by itself."""
        self.beats.look()
        for _ in range(3):
            await asyncio.sleep(0)

    async def advance(self, seconds: float, *, step_s: float = 0.25) -> None:
        """Let time pass as it does: in small steps, the scheduler awake."""
        for _ in range(round(seconds / step_s)):
            self.clock.advance(step_s)
            await self.wake()


@pytest.fixture
async def drive(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drive]:
    clock = HeldClock(START_MS)

    class Held(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Held:
            return cls.fromtimestamp(clock.now_ms() / 1000, tz=tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Held)
    drive = Drive(clock)
    yield drive
    drive.beats.stop()
    await asyncio.sleep(0)


async def test_every_probe_is_asked_once_an_interval_at_its_own_phase(drive: Drive) -> None:
    probes = [a_probe(f"p{number}", every_s=10) for number in range(20)]
    drive.start(probes)

    await drive.advance(30)

    assert len(drive.ran) == 3 * len(probes)
    assert len(set(drive.ran)) == len(drive.ran)
    assert all(due_ms % 10_000 == phase_ms(name, 10_000) for name, due_ms in drive.ran)
    assert drive.gaps == []


async def test_the_first_run_comes_within_the_first_interval(drive: Drive) -> None:
    drive.start([a_probe(f"p{number}", every_s=60) for number in range(50)])

    await drive.advance(60)

    assert len({name for name, _ in drive.ran}) == 50


async def test_probes_with_one_interval_and_phase_share_a_job(drive: Drive) -> None:
    drive.beats.set(a_probe(f"p{number}", every_s=60) for number in range(5000))

    assert len(drive.beats) == 240


async def test_a_beat_within_grace_runs_late(drive: Drive) -> None:
    drive.start([a_probe(every_s=60)])
    due_ms = START_MS + phase_ms("home", 60_000)

    drive.clock.advance((due_ms + 4_900 - START_MS) / 1000)
    await drive.wake()

    assert drive.ran == [("home", due_ms)]


async def test_a_beat_beyond_grace_is_a_gap(drive: Drive) -> None:
    """APScheduler by itself would drop it without a word."""
    drive.start([a_probe(every_s=60)])
    due_ms = START_MS + phase_ms("home", 60_000)

    drive.clock.advance((due_ms + 5_100 - START_MS) / 1000)
    await drive.wake()

    assert drive.ran == []
    assert drive.gaps == [("home", due_ms, 1)]


async def test_an_hour_of_suspend_is_one_gap_a_probe_and_no_flood(drive: Drive) -> None:
    """While a machine sleeps the monotonic clock stands still and the wall clock does not."""
    probes = [a_probe(f"p{number}", every_s=60) for number in range(600)]
    drive.start(probes)
    await drive.advance(60)
    drive.ran.clear()

    drive.clock.jump(HOUR_S)
    await drive.look()
    at_once = len(drive.ran)
    await drive.advance(60)

    assert len(drive.gaps) == len(probes)
    assert {missed for _, _, missed in drive.gaps} <= {59, 60}
    assert at_once <= len(probes) * 5 / 60 * 1.5
    assert {name for name, _ in drive.ran} == {probe.id for probe in probes}
    assert drive.beats.jumps == 1


async def test_a_clock_set_forward_by_a_month_costs_no_more_than_a_moment(drive: Drive) -> None:
    """APScheduler by itself computes every missed second: five seconds of a blocked loop."""
    drive.start([a_probe(every_s=1, timeout_s=1)])

    drive.clock.jump(30 * 24 * HOUR_S)
    began = time.perf_counter()
    await drive.look()

    assert time.perf_counter() - began < 2
    assert len(drive.gaps) == 1
    assert drive.gaps[0][2] >= 30 * 24 * HOUR_S - 1


async def test_a_clock_set_back_an_hour_goes_on_probing_at_once(drive: Drive) -> None:
    """APScheduler by itself would fire nothing for that hour."""
    drive.start([a_probe(every_s=10)])
    await drive.advance(30)
    drive.ran.clear()

    drive.clock.jump(-HOUR_S)
    await drive.look()
    await drive.advance(30)

    assert len(drive.ran) == 3
    assert all(due_ms < START_MS for _, due_ms in drive.ran)
    assert drive.gaps == []


async def test_a_clock_set_back_a_little_asks_nothing_twice(drive: Drive) -> None:
    drive.start([a_probe(every_s=10)])
    await drive.advance(10)

    drive.clock.jump(-0.9)
    await drive.look()
    await drive.advance(20)

    assert len(drive.ran) == len(set(drive.ran)) == 3
    assert drive.beats.jumps == 0


async def test_a_new_set_keeps_what_stays_and_its_rhythm(drive: Drive) -> None:
    drive.start([a_probe("stays", every_s=10), a_probe("goes", every_s=10)])
    await drive.advance(10)
    drive.ran.clear()

    drive.beats.set([a_probe("stays", every_s=10), a_probe("comes", every_s=20)])
    await drive.advance(20)

    assert [name for name, _ in drive.ran].count("stays") == 2
    assert [name for name, _ in drive.ran].count("comes") == 1
    assert "goes" not in dict(drive.ran)


async def test_nothing_runs_after_stop(drive: Drive) -> None:
    drive.start([a_probe(every_s=1, timeout_s=1)])
    await drive.advance(2)
    drive.ran.clear()

    drive.beats.stop()
    drive.clock.advance(5)
    await asyncio.sleep(0)

    assert drive.ran == []


async def test_on_the_machines_own_clock_beats_come_by_themselves() -> None:
    """No clock is held here: the real timers of APScheduler and of the loop."""
    from synthetics.clock import SystemClock

    came = asyncio.Event()
    due: list[int] = []

    def on_beat(_: Sequence[Probe], due_ms: int) -> None:
        due.append(due_ms)
        came.set()

    beats = Beats(clock=SystemClock(), on_beat=on_beat, on_gap=lambda *_: None)
    beats.set([a_probe(every_s=1, timeout_s=1)])
    beats.start()
    async with asyncio.timeout(3):
        await came.wait()
    beats.stop()
    await asyncio.sleep(0)

    assert due[0] % 1000 == phase_ms("home", 1000)
    assert instant(due[0]) <= instant(SystemClock().now_ms())
