"""
The room where jobs report.

A ping is on the disk before it is answered.  Then it is told to the follower of its job, and what
follows are samples like any other.  What the followers know is kept every few seconds, after the
samples that came of it, so that a crash loses neither: the pings since are told again, and give
the same samples once more (R3).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from probes.heartbeat_parts.facts import Ping, State, Word
from probes.heartbeat_parts.follower import Follower
from probes.heartbeat_parts.verdict import Verdict
from synthetics.clock import Clock, millis
from synthetics.config.model import Config, Probe
from synthetics.heartbeats.ear import Ear
from synthetics.heartbeats.inbox import Inbox
from synthetics.heartbeats.remembered import SHOWN_OF_BODY, Remembered, as_ping
from synthetics.heartbeats.standing import JobStanding, PingStats, standing
from synthetics.kinds import probe_kinds
from synthetics.sample import Sample
from synthetics.store import DiskFullError, Store, pings
from synthetics.store.pings import Saved

LOOK_S = 0.5
"""Seconds between two looks at what time has changed."""

SAVE_S = 5.0
"""Seconds between two times that what is known is kept."""

KEPT = 100
"""Pings of a job that are kept for people to look at."""

BODY_LIMIT = 10_000
"""Bytes of what comes with a ping that are kept, as at Healthchecks.io."""

LISTENING_MS = 90 * 86_400_000
"""How long it is remembered when we listened."""

Sink = Callable[[Sequence[Sample]], Awaitable[None]]
"""Stores samples and counts them; they are on the disk when it returns."""


class UnknownError(Exception):
    """No job has this address."""


@dataclass(slots=True)
class _Job:
    """One job: who follows it, when time changes something, and its pings."""

    follower: Follower
    next_ms: int
    ping_id: int = 0
    kept: deque[int] = field(default_factory=deque)


class Heartbeats:
    """
    All jobs of a configuration.

    Args:
        store: Where pings are kept.
        clock: The wall clock, and the one for pauses.
        sink: Where samples go.
        config: In force.
        remembered: Where the last process stopped.
    """

    def __init__(
        self, store: Store, *, clock: Clock, sink: Sink, config: Config, remembered: Remembered
    ) -> None:
        self._store = store
        self._clock = clock
        self._sink = sink
        self._ear = Ear(clock, remembered.listened)
        self._inbox = Inbox(store, self._hear)
        self._jobs: dict[str, _Job] = {}
        self._by_address: dict[str, str] = {}
        self._out: list[tuple[str, Verdict]] = []
        self._changed: set[str] = set()
        self._old: list[int] = []
        self._gone = set(remembered.states) | set(remembered.pings)
        self._saved_at = clock.monotonic()
        self._closing = asyncio.Event()
        self.stats = PingStats()
        for probe in _heartbeats(config):
            self._resume(probe, remembered)
        self.use(config)

    def use(self, config: Config) -> None:
        """Go by *config* from now on; of a job that is new something is expected from now on."""
        self._config = config
        self._by_address = {}
        now_ms = self.look()
        jobs: dict[str, _Job] = {}
        for probe in _heartbeats(config):
            before = self._jobs.get(probe.id)
            state = None if before is None else before.follower.state
            follower = probe_kinds()[probe.kind].act(probe.options, state=state, since_ms=now_ms)
            jobs[probe.id] = before or _Job(follower, 0)
            jobs[probe.id].follower, jobs[probe.id].next_ms = follower, follower.next_ms
            for address in probe.options.addresses(probe.id).values():
                self._by_address[address] = probe.id
        self._gone = (self._gone | self._jobs.keys()) - jobs.keys()
        self._changed |= jobs.keys()
        self._jobs = jobs

    async def take(
        self,
        address: str,
        word: Word,
        *,
        rid: str = "",
        exit_code: int | None = None,
        body: bytes = b"",
    ) -> None:
        """
        Take a ping of the job that has *address*: a UUID, or a key, ``/`` and a slug.

        On return it is on the disk.

        Raises:
            UnknownError: There is no such job.
            StoreError: It could not be stored.
        """
        job = self._by_address.get(address)
        if job is None:
            self.stats.unknown += 1
            raise UnknownError
        text = self._shown(body) if body else ""
        ping = Ping(
            at_ms=self.look(),
            word=word,
            rid=rid,
            exit_code=exit_code,
            body=text[:SHOWN_OF_BODY],
        )
        await self._inbox.put(job, ping, text)
        self.stats.pings[word.value] += 1

    def standings(self) -> dict[str, JobStanding]:
        """How each job stands."""
        return {name: standing(job.follower.state) for name, job in self._jobs.items()}

    def look(self) -> int:
        """What time it is; what could not be heard since the last look is noted."""
        now_ms, deaf = self._ear.look()
        if deaf is not None:
            for job in self._jobs.values():
                job.follower.deaf(*deaf)
        return now_ms

    async def work(self) -> None:
        """
        Notice what does not come, hand samples on, and keep what is known; until `close`.

        Raises:
            StoreError: The database was lost, or cannot be written at all.
        """
        while not self._closing.is_set():
            await self.step()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._closing.wait()
        await self._inbox.idle()
        await self.step(save=True)

    def close(self) -> None:
        """Let `work` hear what has come, keep what is known, and end."""
        self._closing.set()

    async def step(self, *, save: bool = False) -> None:
        """Do now what `work` does; keep what is known also if that was done just now."""
        now_ms = self.look()
        # A ping that came in time may be on its way to the disk still.
        oldest_ms = self._inbox.oldest_ms
        until_ms = now_ms if oldest_ms is None else min(now_ms, oldest_ms - 1)
        for name, job in self._jobs.items():
            if job.next_ms <= until_ms:
                self._note(name, job, job.follower.advance(until_ms))
        due = save or self._clock.monotonic() - self._saved_at >= SAVE_S
        states = self._states() if due else {}
        found, self._out = self._out, []
        if found:
            await self._sink([self._sample(name, one) for name, one in found])
        if due:
            await self._save(states)

    def _resume(self, probe: Probe, remembered: Remembered) -> None:
        """Follow *probe* from where that was kept, and tell the pings since once more."""
        saved = remembered.states.get(probe.id)
        came = remembered.pings.get(probe.id, ())
        state = None if saved is None else State.loads(saved.state)
        since_ms = came[0].at_ms if came else self.look()
        follower: Follower = probe_kinds()[probe.kind].act(
            probe.options, state=state, since_ms=since_ms
        )
        for from_ms, until_ms in self._ear.deaf:
            if until_ms > follower.state.now_ms:
                follower.deaf(from_ms, until_ms)
        job = self._jobs[probe.id] = _Job(follower, 0, 0 if saved is None else saved.ping_id)
        for one in came:
            if one.id <= job.ping_id:
                job.kept.append(one.id)
                continue
            self._hear(probe.id, as_ping(one), one.id)

    def _hear(self, name: str, ping: Ping, number: int) -> None:
        """Take a ping that is on the disk; one of a job that a reload took away is late."""
        job = self._jobs.get(name)
        if job is None:
            self._gone.add(name)
            return
        job.ping_id = number
        job.kept.append(number)
        if len(job.kept) > KEPT:
            self._old.append(job.kept.popleft())
        self._note(name, job, job.follower.hear(ping))

    def _shown(self, body: bytes) -> str:
        """The beginning of *body* as text that the database takes, without secrets."""
        text = body[:BODY_LIMIT].decode(errors="replace").replace("\0", "\ufffd")
        return self._config.mask(text)

    def _note(self, name: str, job: _Job, found: Sequence[Verdict]) -> None:
        job.next_ms = job.follower.next_ms
        self._out += [(name, one) for one in found]
        self._changed.add(name)

    def _states(self) -> dict[str, Saved]:
        """What is known and not kept yet, as it is now."""
        changed, self._changed = self._changed, set()
        return {
            name: Saved(
                ping_id=self._jobs[name].ping_id, state=self._jobs[name].follower.state.dumps()
            )
            for name in changed & self._jobs.keys()
        }

    async def _save(self, states: Mapping[str, Saved]) -> None:
        old, self._old = self._old, []
        gone, self._gone = self._gone, set()
        spans = tuple(self._ear.spans)
        before_ms = spans[-1][1] - LISTENING_MS

        def write(db: sqlite3.Connection) -> None:
            pings.save(db, states, old, spans)
            pings.drop(db, gone)
            pings.forget_listening(db, before_ms)

        self._saved_at = self._clock.monotonic()
        try:
            await self._store.write(write)
        except DiskFullError:  # the store has said so; the pings are told again if we end here
            self._changed |= states.keys()
            self._old += old
            self._gone |= gone - self._jobs.keys()
        else:
            self._ear.saved(spans)

    def _sample(self, name: str, one: Verdict) -> Sample:
        return Sample(
            probe=name,
            location=self._config.location,
            scheduled_ms=one.due_ms,
            late_ms=max(0, millis(one.result.started_at) - one.due_ms),
            result=one.result,
            confirmed=one.confirmed,
            attempts=one.attempts,
        )


def _heartbeats(config: Config) -> list[Probe]:
    return [probe for probe in config.probes.values() if probe.listens]
