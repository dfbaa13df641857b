"""What runs once the history is known: rooms, opened in order and closed the other way round."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from probes.watch import Shared
from synthetics.accounting.ledger import Ledger
from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.heartbeats.remembered import Remembered
from synthetics.heartbeats.room import Heartbeats
from synthetics.kinds import probe_kinds
from synthetics.paging.courier import Courier, lines
from synthetics.paging.drill import abandon
from synthetics.paging.exercise import Exercises
from synthetics.paging.judge import Judge
from synthetics.paging.watch_samples import SilenceWatch
from synthetics.schedule.beats import Beats
from synthetics.schedule.runner import Runner
from synthetics.service.asides import Asides, cancelled, ended
from synthetics.service.books import Books
from synthetics.service.housekeeping import tend
from synthetics.service.intake import Intake
from synthetics.service.minutes import minutes
from synthetics.service.settling import Settling
from synthetics.service.vigil import Rooms, Vigil, spoken_lately
from synthetics.store import Reader, Store
from synthetics.web.board import Board
from synthetics.web.status import Health, Sources


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads the database beside its writer; each is used by one thread at a time."""

    accounting: Reader
    pages: Reader
    watch: Reader

    @classmethod
    def open(cls, stack: AsyncExitStack, path: Path) -> Readers:
        """Open them until *stack* closes, which is after the pages are no longer served."""
        return cls(*(stack.enter_context(closing(Reader.open(path))) for _ in range(3)))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The rooms, open."""

    board: Board
    clock: Clock
    store: Store
    readers: Readers
    ledger: Ledger
    judge: Judge
    books: Books
    courier: Courier
    exercises: Exercises
    intake: Intake
    settling: Settling
    runner: Runner
    beats: Beats
    heartbeats: Heartbeats
    vigil: Vigil
    shared: Shared

    @classmethod
    async def open(
        cls,
        stack: AsyncExitStack,
        store: Store,
        readers: Readers,
        *,
        board: Board,
        asides: Asides,
    ) -> House:
        """
        Open all rooms on what *store* holds; *stack* closes them, the last one first.  Nothing is
        probed before `begin`.

        Raises:
            StoreError: The database cannot be used.
        """
        clock, config, reader = board.clock, board.config, readers.accounting
        ledger = Ledger(config)
        await asyncio.to_thread(ledger.load, reader, clock.now_ms())
        newest = await asyncio.to_thread(reader.latest)
        board.show(stored.sample for stored in newest.values())

        await store.write(partial(abandon, at_ms=clock.now_ms()))
        courier = await stack.enter_async_context(Courier(store, lines(config), clock=clock))
        judge = await Judge.resume(store, ledger, config, clock=clock, wake=courier.wake)
        stack.callback(judge.close)
        books = Books(ledger=ledger, board=board, judge=judge, reader=reader, clock=clock)
        silence = SilenceWatch(clock, config)
        silence.heard(spoken_lately((one.sample for one in newest.values()), clock.now_ms()))
        exercises = Exercises(store, reader, clock=clock, wake=courier.wake)
        stack.callback(exercises.close)
        settling = Settling(
            store, silence=silence, books=books, exercises=exercises, clock=clock, config=config
        )
        settling.composites.remember([one.sample for one in newest.values()])
        intake = Intake(store, settling)
        shared = Shared()
        stack.push_async_callback(shared.close)
        runner = Runner(
            clock=clock, kinds=probe_kinds(), shared=shared, sink=intake.put, config=config
        )
        beats = Beats(clock=clock, on_beat=runner.beat, on_gap=runner.gap)
        stack.push_async_callback(ended, asides.begin(intake.work(), "intake"))
        stack.callback(intake.close)
        stack.push_async_callback(runner.drain)
        heartbeats = Heartbeats(
            store,
            clock=clock,
            sink=settling.keep,
            config=config,
            remembered=await asyncio.to_thread(Remembered.read, reader),
        )
        stack.push_async_callback(ended, asides.begin(heartbeats.work(), "heartbeats"))
        stack.callback(heartbeats.close)
        watched = Rooms(
            store=store,
            reader=readers.watch,
            board=board,
            ledger=ledger,
            books=books,
            judge=judge,
            courier=courier,
            runner=runner,
            beats=beats,
        )
        vigil = Vigil(watched, config, silence=silence, clock=clock)
        await vigil.resume()
        for name, work in (
            ("composites", settling.composites.work()),
            *((name, work()) for name, work in vigil.works.items()),
            ("housekeeping", _each_minute(books, store, clock)),
            ("housekeeping", tend(books, store, clock=clock, config=lambda: board.config)),
        ):
            stack.push_async_callback(cancelled, asides.begin(work, name))
        return cls(
            board=board,
            clock=clock,
            store=store,
            readers=readers,
            ledger=ledger,
            judge=judge,
            books=books,
            courier=courier,
            exercises=exercises,
            intake=intake,
            settling=settling,
            runner=runner,
            beats=beats,
            heartbeats=heartbeats,
            vigil=vigil,
            shared=shared,
        )

    def begin(self, stack: AsyncExitStack) -> None:
        """Probe from now on, until *stack* closes."""
        self.beats.set(self.board.config.probes.values())
        self.beats.start()
        stack.callback(self.beats.stop)

    async def adopt(self, config: Config) -> None:
        """
        Go by *config* from now on.

        Raises:
            StoreError: The database was lost.
        """
        await self.books.adopt(config)
        self.courier.use(lines(config))
        self.runner.configure(config)
        self.vigil.use(config)
        self.heartbeats.use(config)
        self.settling.composites.use(config)
        self.beats.set(config.probes.values())

    def sources(self) -> Sources:
        """Where the pages read."""
        return Sources(
            board=self.board,
            ledger=self.ledger,
            judge=self.judge,
            health=self.health,
            reader=self.readers.pages,
            books=self.books.lock,
            reading=asyncio.Lock(),
            heartbeats=self.heartbeats.standings,
        )

    def health(self) -> Health:
        """How the service itself stands."""
        return Health(
            schedule=self.runner.stats,
            store=self.store.stats(),
            in_flight=self.runner.in_flight,
            capacity=self.board.config.in_flight,
            waiting=len(self.intake),
            waits=self.intake.waits,
            beats=len(self.beats),
            clock_jumps=self.beats.jumps,
            judge=self.judge.stats(),
            courier=self.courier.stats(),
            watched=self.vigil.stats(),
            pings=self.heartbeats.stats,
        )


async def _each_minute(books: Books, store: Store, clock: Clock) -> None:
    async for at_ms in minutes(clock):
        await books.minute(at_ms)
        if (failure := store.stats().failure) is not None:
            raise failure
