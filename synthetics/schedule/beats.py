"""
Beats: all probes with the same interval and phase are started by one job of APScheduler.

APScheduler keeps the queue of what is due next.  What it does with time that went
wrong is replaced here, because each default would lose or flood something:

- It drops a run that is a second late, in silence.  Here nothing is dropped
  (``misfire_grace_time=None``); a beat too late to run is reported as a gap.
- It computes every time that was missed, one by one.  Here the trigger's next time is
  always after *now*, so a jump of a month costs what a jump of a second costs.
- After the clock is set back it waits until the old time comes again.  Here a
  look at both clocks, once a second, sees the jump and gives every beat a new time.
- Its executor makes a task per run and cancels it at shutdown.  Here a beat is a plain
  call that hands its probes to the runner, which owns the runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from synthetics.clock import Clock, instant, millis
from synthetics.config.model import Probe
from synthetics.schedule.phase import grace_ms, interval_of_ms, last_due_ms, next_due_ms, phase_ms

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""Seconds between two looks at the clocks."""

JUMP_S = 1.0
"""A wall clock that moved this much against the monotonic one was set, or the machine slept."""

OnBeat = Callable[[Sequence[Probe], int], None]
"""Called with the probes of a beat and when they are due, in ms."""

OnGap = Callable[[Sequence[Probe], int, int], None]
"""Called with the probes, the first due time that was missed, and how many were."""


@dataclass(slots=True)
class Beat:
    """The probes that start together, and when."""

    interval_ms: int
    phase: int
    probes: dict[str, Probe] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its name among the scheduler's jobs."""
        return f"{self.interval_ms}+{self.phase}"


class _DueTimes(BaseTrigger):  # type: ignore[misc]  # apscheduler carries no types
    """The due times of a beat, never one that has passed."""

    def __init__(self, beat: Beat) -> None:
        self._beat = beat

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        after_ms = millis(now)
        if previous_fire_time is not None:
            after_ms = max(after_ms, millis(previous_fire_time))
        return instant(next_due_ms(after_ms, self._beat.interval_ms, self._beat.phase))


class _Inline(BaseExecutor):  # type: ignore[misc]  # apscheduler carries no types
    """Calls the job at once with the time it was due; nothing outlives the call to be counted."""

    def submit_job(self, job: Any, run_times: list[datetime]) -> None:
        self._do_submit_job(job, run_times)

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        job.func(*job.args, *run_times)


class Beats:
    """
    Says when which probes are due.

    Args:
        clock: The machine's clocks.  APScheduler reads the wall clock by itself.
        on_beat: Told of every beat that is on time, or late within `grace_ms`.
        on_gap: Told once of beats that were missed, however many.
    """

    def __init__(self, *, clock: Clock, on_beat: OnBeat, on_gap: OnGap) -> None:
        self._clock = clock
        self._on_beat = on_beat
        self._on_gap = on_gap
        self._beats: dict[str, Beat] = {}
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": _Inline()},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        self._offset_s = self._read_offset_s()
        self._look: asyncio.TimerHandle | None = None
        self._looked = clock.monotonic()
        self.jumps = 0

    def __len__(self) -> int:
        return len(self._beats)

    def set(self, probes: Iterable[Probe]) -> None:
        """
        Replace what is scheduled by those of *probes* that are asked.

        A probe that stays keeps its due times; one that is new is first due within
        its interval.
        """
        wanted: dict[str, Beat] = {}
        for probe in probes:
            if probe.listens or probe.members:
                continue
            interval_ms = interval_of_ms(probe)
            beat = Beat(interval_ms, phase_ms(probe.id, interval_ms))
            wanted.setdefault(beat.key, beat).probes[probe.id] = probe
        with _Paused(self._scheduler):
            for key in self._beats.keys() - wanted.keys():
                self._scheduler.remove_job(key)
                del self._beats[key]
            for key, beat in wanted.items():
                if key in self._beats:
                    self._beats[key].probes = beat.probes
                else:
                    self._add(beat)

    def start(self) -> None:
        """Begin; must be called with a running event loop."""
        self._offset_s = self._read_offset_s()
        self._scheduler.start()
        self._look = asyncio.get_running_loop().call_later(LOOK_S, self.look)

    def stop(self) -> None:
        """No further beat; runs that were started are the runner's."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
            self._scheduler.remove_all_jobs()
            self._beats.clear()
            self._scheduler.shutdown(wait=False)

    def look(self) -> None:
        """
        Compare the clocks, and mend the beats if the wall clock jumped.

        Called by itself every `LOOK_S`.  A jump forward, which is also what a
        suspended machine looks like, leaves beats behind *now*: they are reported as
        gaps.  After a jump back they are due again from *now* on; samples of
        times that come twice replace the earlier ones (R3).
        """
        self._looked = self._clock.monotonic()
        offset_s = self._read_offset_s()
        jump_s = offset_s - self._offset_s
        self._offset_s = offset_s
        if abs(jump_s) > JUMP_S:
            self.jumps += 1
            logger.warning(
                "the wall clock jumped", extra={"action": "clock_jumped", "seconds": round(jump_s)}
            )
            if jump_s < 0:
                self._due_again()
            self._scheduler.wakeup()
        if self._look is not None:
            self._look = asyncio.get_running_loop().call_later(LOOK_S, self.look)

    def looked_s(self) -> float:
        """Seconds since it last looked at the clocks; little more than `LOOK_S` while it runs."""
        return self._clock.monotonic() - self._looked

    def _add(self, beat: Beat) -> None:
        due_ms = next_due_ms(self._clock.now_ms(), beat.interval_ms, beat.phase)
        self._beats[beat.key] = beat
        self._scheduler.add_job(
            self._fire,
            trigger=_DueTimes(beat),
            args=(beat,),
            id=beat.key,
            next_run_time=instant(due_ms),
        )

    def _due_again(self) -> None:
        now_ms = self._clock.now_ms()
        with _Paused(self._scheduler):
            for key, beat in self._beats.items():
                due_ms = next_due_ms(now_ms, beat.interval_ms, beat.phase)
                self._scheduler.modify_job(key, next_run_time=instant(due_ms))

    def _fire(self, beat: Beat, *due: datetime) -> None:
        first_ms = millis(due[0])
        now_ms = self._clock.now_ms()
        last_ms = max(first_ms, last_due_ms(now_ms, beat.interval_ms, beat.phase))
        runs = now_ms - last_ms <= grace_ms(beat.interval_ms)
        missed = (last_ms - first_ms) // beat.interval_ms + (not runs)
        probes = tuple(beat.probes.values())
        if missed:
            self._on_gap(probes, first_ms, missed)
        if runs:
            self._on_beat(probes, last_ms)

    def _read_offset_s(self) -> float:
        return self._clock.now_ms() / 1000 - self._clock.monotonic()


class _Paused:
    """Holds a running scheduler still, so that many changes wake it once."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._running = scheduler.running

    def __enter__(self) -> None:
        if self._running:
            self._scheduler.pause()

    def __exit__(self, *_: object) -> None:
        if self._running:
            self._scheduler.resume()
