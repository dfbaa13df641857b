"""
The runner: asks the probes of a beat, and makes one sample of whatever happens.

Every due time of every probe ends in a sample, also where we could not ask: then it
is ``void`` with one of the reasons below, never silence.  After a gap of many
missed times it is one ``void`` sample at the first of them; the rest is unknown time (R9).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from probes.result import Outcome, Result
from probes.watch import Shared, Watch
from synthetics.clock import Clock, instant
from synthetics.config.model import Config, Probe
from synthetics.sample import Sample
from synthetics.schedule.asking import watch_of
from synthetics.schedule.backstop import Backstop
from synthetics.schedule.guards import Guards
from synthetics.schedule.phase import asked_of, grace_ms, interval_of_ms
from synthetics.schedule.places import FullError, Places
from synthetics.schedule.stats import ScheduleStats
from synthetics.schedule.verdict import verdict

logger = logging.getLogger(__name__)

BUSY = "busy"
"""The run before was still going on."""

OVERLOAD = "overload"
"""Too many runs were in flight for too long."""

MISSED = "missed"
"""The time passed while the machine slept, stood still or had another time."""

PROBE_BUG = "probe-bug"
"""The kind raised: a fault of ours, not the target's."""

STOPPED = "stopped"
"""The service was stopped before the run could begin."""

BACKSTOP_S = 0.25
"""What a kind that watches its own limit gets on top, to come back with its evidence."""

NEARLY_OVER_S = 0.5
"""A due time waits this long for a run that is about to end, such as one that timed out."""


class Kind(Protocol):
    """What the runner needs of a kind."""

    @property
    def act(self) -> Callable[[Any, Watch], Awaitable[Result]]:
        """Asks once."""


Sink = Callable[[Sequence[Sample]], Awaitable[None]]
"""Takes samples; waits while it is full."""


@dataclass(slots=True)
class _Run:
    """A run that goes on, how long it may, and the due time that waits for its end."""

    longest_s: float
    over_by: float
    next_due: tuple[Probe, int] | None = None


class Runner:
    """
    Runs probes.

    Args:
        clock: Read for lateness, starts and durations.
        kinds: By name, as the probes' ``kind``.
        shared: Resources that outlive runs.
        sink: Where samples go.
        config: For location, limits and masks; see `configure`.

    Attributes:
        guards: Say whether this location can see at all.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        kinds: Mapping[str, Kind],
        shared: Shared,
        sink: Sink,
        config: Config,
    ) -> None:
        self._clock = clock
        self._kinds = kinds
        self._shared = shared
        self._sink = sink
        self._runs: dict[str, _Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._bugs: dict[str, str] = {}
        self._backstop = Backstop()
        self.stats = ScheduleStats()
        self.asking = 0
        self._config = config
        self._places = Places(kinds, config)
        self.guards = Guards(clock=clock, ask=self._ask, config=config)

    def configure(self, config: Config) -> None:
        """Take the limits of *config* for the runs to come; those in flight keep their places."""
        self._places.configure(config)
        self._config = config
        self.guards.configure(config)

    @property
    def in_flight(self) -> int:
        """Runs that were begun, wait for a place, or pause before a confirmation."""
        return len(self._runs)

    def beat(self, probes: Sequence[Probe], due_ms: int) -> None:
        """Ask those of *probes* that are asked at *due_ms*, when they are due; returns at once."""
        busy = []
        for probe in probes:
            if probe.only is not None and not probe.only.holds(due_ms):
                continue
            run = self._runs.get(probe.id)
            if run is None:
                self._begin(probe, due_ms)
            elif run.next_due is None and run.over_by - self._clock.monotonic() <= NEARLY_OVER_S:
                run.next_due = (probe, due_ms)
            else:
                busy.append(probe)
        if busy:
            self._spawn(self._void(busy, due_ms, BUSY, "the run before had not ended"))

    def gap(self, probes: Sequence[Probe], first_ms: int, missed: int) -> None:
        """
        Note that *probes* missed *missed* due times, the first at *first_ms*.

        What is asked only at times missed only what fell into these.
        """
        alike: dict[tuple[int, int], list[Probe]] = {}
        for probe in probes:
            due = asked_of(probe, first_ms, missed)
            if due is not None:
                alike.setdefault(due, []).append(probe)
        for (began_ms, count), those in alike.items():
            self.stats.missed_beats += count * len(those)
            detail = f"{count} due {'time' if count == 1 else 'times'} passed unasked"
            self._spawn(self._void(those, began_ms, MISSED, detail))

    async def drain(self) -> None:
        """Begin nothing more, and wait until every run has ended and its sample is taken."""
        self._stopping = True
        await self.idle()

    async def idle(self) -> None:
        """Wait until nothing runs and every sample is taken."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, probe: Probe, due_ms: int) -> None:
        longest = longest_s(probe)
        run = _Run(longest, self._clock.monotonic() + longest)
        self._runs[probe.id] = run
        self._spawn(self._run(probe, due_ms, run))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, probe: Probe, due_ms: int, run: _Run) -> None:
        try:
            await self._emit([await self._sample(probe, due_ms, run)])
        finally:
            del self._runs[probe.id]
        if run.next_due is not None:
            probe, due_ms = run.next_due
            late_s = (self._clock.now_ms() - due_ms) / 1000
            if late_s <= NEARLY_OVER_S and not self._stopping:
                self._begin(probe, due_ms)
            else:
                await self._void([probe], due_ms, BUSY, "the run before had not ended")

    async def _sample(self, probe: Probe, due_ms: int, run: _Run) -> Sample:
        try:
            within_s = grace_ms(interval_of_ms(probe)) / 1000
            place = await self._places.take(probe, within_s=within_s)
        except FullError as full:
            return self._unasked(probe, due_ms, OVERLOAD, str(full))
        if self._stopping:
            self._places.give_back(place)
            return self._unasked(probe, due_ms, STOPPED, "the service was being stopped")
        late_ms = max(0, self._clock.now_ms() - due_ms)
        self.stats.lateness.observe(late_ms / 1000)
        began = self._clock.monotonic()
        run.over_by = began + run.longest_s
        try:
            first = await self._ask(probe)
        finally:
            self._places.give_back(place)
        confirmed, attempts = first.outcome, 1
        blind = await self._blind(probe, first.outcome, began)
        if not blind and probe.confirm is not None and first.outcome is Outcome.BAD:
            confirmed, attempts = await self._confirm(probe)
            blind = await self._blind(probe, confirmed, began)
        if blind:
            first, confirmed = self.guards.unseen(first), Outcome.VOID
        return Sample(
            probe=probe.id,
            location=self._config.location,
            scheduled_ms=due_ms,
            late_ms=late_ms,
            result=first,
            confirmed=confirmed,
            attempts=attempts,
        )

    async def _blind(self, probe: Probe, outcome: Outcome, began: float) -> bool:
        """
        Whether *outcome* of a run from *began* on says nothing, because guards failed.

        A good answer is void as well: of a time in which only good ones counted, the rest
        would look better than it was.
        """
        if not self.guards or probe.guard:
            return False
        if outcome is Outcome.BAD:
            return await self.guards.blind_since(began)
        return await self.guards.blind_now()

    async def _confirm(self, probe: Probe) -> tuple[Outcome, int]:
        """
        Ask again until one attempt is good; the outcome of all, and how many there were.

        A place among the runs in flight is given up during the pauses.  An attempt
        that could not ask proves nothing, so it does not make the failure certain.
        """
        confirm = probe.confirm
        assert confirm is not None
        seen = {Outcome.BAD}
        for attempt in range(2, confirm.attempts + 2):
            await asyncio.sleep(confirm.after.total_seconds())
            place = await self._places.take(probe)
            try:
                outcome = (await self._ask(probe)).outcome
            finally:
                self._places.give_back(place)
            if outcome is Outcome.GOOD:
                return outcome, attempt
            seen.add(outcome)
        return (Outcome.VOID if Outcome.VOID in seen else Outcome.BAD), confirm.attempts + 1

    async def _ask(self, probe: Probe) -> Result:
        timeout_s = probe.timeout.total_seconds()
        watch = watch_of(probe, self._config, clock=self._clock, shared=self._shared)
        self.asking += 1
        limit = self._backstop.begin(timeout_s + BACKSTOP_S)
        try:
            result = verdict(probe, await self._kinds[probe.kind].act(probe.options, watch))
        except asyncio.CancelledError:
            if not limit.passed():
                raise
            result = verdict(probe, watch.bad("timeout", f"no answer within {timeout_s:g} s"))
        except Exception as error:  # noqa: BLE001 - a bug of a kind must not stop the service
            self._log_bug(probe, error)
            result = watch.void(PROBE_BUG, f"{type(error).__name__}: {error}".rstrip(": "))
        finally:
            self._backstop.end(limit)
            self.asking -= 1
        self.guards.saw(probe, result)
        return result

    def _log_bug(self, probe: Probe, error: Exception) -> None:
        """Log the traceback the first time, and then only that it goes on."""
        known = self._bugs.get(probe.id) == repr(error)
        self._bugs[probe.id] = repr(error)
        logger.error(
            "a probe kind raised %s",
            "the same again" if known else type(error).__name__,
            extra={"action": "probe_bug", "probe": probe.id, "kind": probe.kind},
            exc_info=None if known else error,
        )

    def _unasked(self, probe: Probe, due_ms: int, reason: str, detail: str) -> Sample:
        return Sample(
            probe=probe.id,
            location=self._config.location,
            scheduled_ms=due_ms,
            result=Result(
                started_at=instant(due_ms),
                duration_s=0.0,
                outcome=Outcome.VOID,
                reason=reason,
                detail=detail,
            ),
            confirmed=Outcome.VOID,
            attempts=0,
        )

    async def _void(self, probes: Sequence[Probe], due_ms: int, reason: str, detail: str) -> None:
        await self._emit([self._unasked(probe, due_ms, reason, detail) for probe in probes])

    async def _emit(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            result = sample.result
            reason = result.reason if result.outcome is Outcome.VOID else ""
            self.stats.samples[result.outcome.value, reason] += 1
        await self._sink(samples)


def longest_s(probe: Probe) -> float:
    """Seconds that a run of *probe* may take, confirmations included."""
    timeout_s = probe.timeout.total_seconds()
    if probe.confirm is None:
        return timeout_s
    pause_s = probe.confirm.after.total_seconds()
    return timeout_s + probe.confirm.attempts * (pause_s + timeout_s)
