"""The room where jobs report: what was answered is not lost, what was not heard is known."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from synthetics.clock import HeldClock
from synthetics.heartbeats.room import KEPT, UnknownError
from synthetics.store import DiskFullError
from tests.heartbeats.support import BACKUP, CONFIG, MINUTE_MS, REPORT, START_MS, a_config, a_room


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(START_MS)


async def test_a_report_is_on_the_disk_when_it_is_answered(
    tmp_path: Path, clock: HeldClock
) -> None:
    async with a_room(tmp_path, clock) as room:
        await room.says(BACKUP, body="fertig ✓".encode())

        [ping] = room.kept("backup")
        assert (ping.word, ping.at_ms, ping.body) == ("success", START_MS, "fertig ✓")


async def test_an_address_that_nobody_has_is_unknown(tmp_path: Path, clock: HeldClock) -> None:
    async with a_room(tmp_path, clock) as room:
        with pytest.raises(UnknownError):
            await room.says("6f1d1b6e-9d38-4b57-a9f6-0c6f2f6a0fff")

        assert room.heartbeats.stats.unknown == 1


async def test_what_comes_and_what_does_not_are_samples(tmp_path: Path, clock: HeldClock) -> None:
    async with a_room(tmp_path, clock) as room:
        await room.passes(60)
        await room.says(REPORT, "start")
        await room.passes(5)
        await room.says(REPORT)
        await room.passes(20)

        assert room.reasons("report") == [""]
        assert room.reasons("backup") == ["missing"]
        assert room.samples["report", START_MS + 60 * MINUTE_MS].result.duration_s == 300


async def test_a_run_goes_on_over_a_restart(tmp_path: Path, clock: HeldClock) -> None:
    async with a_room(tmp_path, clock) as room:
        await room.passes(60)
        await room.says(REPORT, "start", rid=BACKUP)
    clock.advance(1)
    async with a_room(tmp_path, clock) as room:
        clock.advance(239)
        await room.says(REPORT, rid=BACKUP)
        await room.heartbeats.step()

        assert room.reasons("report") == [""]
        assert room.samples["report", START_MS + 60 * MINUTE_MS].result.duration_s == 240


async def test_after_a_crash_reports_are_told_again_and_give_the_same(
    tmp_path: Path, clock: HeldClock
) -> None:
    async with a_room(tmp_path, clock, crashes=True) as room:
        await room.passes(60)
        await room.says(REPORT, "start")
        clock.advance(2)
        await room.says(REPORT, "fail", body=b"no space left")
        await room.says(BACKUP)
    async with a_room(tmp_path, clock) as again:
        await again.heartbeats.step()

        assert again.reasons("report") == ["job-failed"]
        assert again.reasons("backup") == [""]
        result = again.samples["report", START_MS + 60 * MINUTE_MS].result
        assert result.duration_s == 2
        assert result.evidence is not None
        assert result.evidence.body == "no space left"


async def test_what_could_not_come_because_we_were_down_is_void(
    tmp_path: Path, clock: HeldClock
) -> None:
    async with a_room(tmp_path, clock) as room:
        await room.says(BACKUP)
        await room.passes(30)
    clock.advance(50 * 60)
    async with a_room(tmp_path, clock) as room:
        await room.passes(1)

        assert room.reasons("backup") == ["unheard"]
        assert room.reasons("report") == ["unheard"]


async def test_a_machine_that_slept_could_not_hear(tmp_path: Path, clock: HeldClock) -> None:
    async with a_room(tmp_path, clock) as room:
        await room.passes(30)
        clock.advance(60 * 60)
        await room.passes(1)

        assert room.reasons("backup") == ["unheard"]


async def test_a_clock_that_was_set_back_harms_nothing(tmp_path: Path, clock: HeldClock) -> None:
    async with a_room(tmp_path, clock) as room:
        await room.says(BACKUP)
        clock.jump(-600)
        await room.passes(5)
        await room.says(BACKUP)
        await room.passes(60)

        assert room.reasons("backup") == [""]


async def test_a_report_under_way_is_not_missed_meanwhile(tmp_path: Path, clock: HeldClock) -> None:
    """It came in the last moment, and the disk takes its time."""
    async with a_room(tmp_path, clock) as room:
        await room.passes(79.99)
        saying = asyncio.create_task(room.says(REPORT))
        await asyncio.sleep(0)
        clock.advance(4)
        await room.heartbeats.step()
        await saying
        await room.heartbeats.step()

        assert room.reasons("report") == [""]


async def test_a_reload_takes_jobs_up_and_lets_them_go(tmp_path: Path, clock: HeldClock) -> None:
    async with a_room(tmp_path, clock) as room:
        await room.says(BACKUP)
        fewer = "\n".join(line for line in CONFIG.splitlines() if "backup:" not in line)
        room.heartbeats.use(a_config(tmp_path, fewer))
        with pytest.raises(UnknownError):
            await room.says(BACKUP)
        await room.heartbeats.step(save=True)
        assert room.kept("backup") == []

        await room.passes(120)
        room.heartbeats.use(a_config(tmp_path))
        await room.passes(69)
        assert room.reasons("backup") == [""], "nothing is expected from before it was back"
        await room.passes(2)
        assert room.reasons("backup") == ["", "missing"]


async def test_only_the_last_reports_are_kept(tmp_path: Path, clock: HeldClock) -> None:
    async with a_room(tmp_path, clock) as room:
        for _ in range(KEPT + 20):
            await room.says(BACKUP)
        await room.heartbeats.step(save=True)

        assert len(room.kept("backup")) == KEPT


async def test_no_secret_of_the_configuration_is_kept(tmp_path: Path, clock: HeldClock) -> None:
    text = CONFIG.replace("get:", 'headers: {X: "${env:PASSWORD}"}, get:')
    async with a_room(tmp_path, clock, text) as room:
        await room.says(BACKUP, "fail", body=f"login open & sesame, {BACKUP}, {REPORT}".encode())

        assert room.kept("backup")[0].body == "login ***, ***, ***"


async def test_a_full_disk_refuses_reports_and_keeps_its_reserve(
    tmp_path: Path, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_room(tmp_path, clock) as room:
        full = replace(room.store.stats(), disk_full=True)
        monkeypatch.setattr(room.store, "stats", lambda: full)
        with pytest.raises(DiskFullError):
            await room.says(BACKUP)
        monkeypatch.undo()

        await room.says(BACKUP)
        await room.heartbeats.step()
        assert room.reasons("backup") == [""]
