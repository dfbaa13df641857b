"""A heartbeat is only for a service that asks, stores, decides and delivers."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from synthetics.paging.courier import Courier
from synthetics.paging.watch_samples import SilenceWatch
from synthetics.schedule.beats import Beats
from synthetics.service.pulse import ALIVE, Pulse
from synthetics.web.board import Board, Phase
from tests.paging.support import Desk


@dataclass
class Patient:
    """A service whose clock is held, and its pulse."""

    desk: Desk
    beats: Beats
    silence: SilenceWatch
    pulse: Pulse

    def live(self, seconds: float, *, look: bool = True, samples: bool = True) -> None:
        """So much time passes, with the scheduler looking and samples arriving, or not."""
        self.desk.clock.advance(seconds)
        if look:
            self.beats.look()
        if samples:
            self.silence.heard([("checkout", "tokyo")])


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Patient]:
    async with Desk.open(tmp_path) as desk, Courier(desk.store, {}, clock=desk.clock) as courier:
        board = Board(clock=desk.clock, config=desk.config)
        board.phase = Phase.RUNNING
        beats = Beats(clock=desk.clock, on_beat=lambda *_: None, on_gap=lambda *_: None)
        beats.start()
        silence = SilenceWatch(desk.clock, desk.config)
        pulse = Pulse(
            board=board,
            beats=beats,
            silence=silence,
            store=desk.store,
            judge=desk.judge,
            courier=courier,
            clock=desk.clock,
            config=lambda: desk.config,
        )
        yield Patient(desk, beats, silence, pulse)
        beats.stop()


async def test_a_service_that_works_is_well_and_its_last_sign_of_life_is_on_the_disk(
    patient: Patient,
) -> None:
    patient.live(60)
    assert await patient.pulse() == ""

    def alive(db: sqlite3.Connection) -> int:
        return int(db.execute("SELECT value FROM state WHERE name = 'alive_ms'").fetchone()[0])

    assert "alive_ms" in ALIVE
    assert await patient.desk.store.write(alive) == patient.desk.clock.now_ms()


async def test_a_scheduler_that_stands_still_is_noticed(patient: Patient) -> None:
    patient.live(11, look=False)

    assert await patient.pulse() == "the scheduler stands still"


async def test_probes_that_all_fell_silent_are_noticed(patient: Patient) -> None:
    patient.live(301, samples=False)

    assert await patient.pulse() == "no probe brings samples"


async def test_a_judge_that_decides_nothing_is_noticed_whatever_the_clock_says(
    patient: Patient,
) -> None:
    assert await patient.pulse() == ""
    patient.desk.clock.jump(86_400)
    patient.live(150)
    assert await patient.pulse() == ""

    patient.live(1)

    assert await patient.pulse() == "alerts are not decided"
    await patient.desk.judge.on_minute(patient.desk.clock.now_ms())
    assert await patient.pulse() == ""


async def test_a_store_that_cannot_be_written_is_noticed(patient: Patient) -> None:
    patient.live(1)
    patient.desk.store.path.rename(patient.desk.store.path.with_suffix(".gone"))

    assert await patient.pulse() == "the store cannot be written"


async def test_nothing_is_said_before_the_service_is_ready_and_while_it_stops(
    patient: Patient,
) -> None:
    for phase in (Phase.STARTING, Phase.STOPPING):
        patient.pulse.board.phase = phase

        assert await patient.pulse() == f"the service is {phase}"
