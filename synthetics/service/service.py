"""The service: starts every room in order, reloads, and stops them the other way round."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from probes.watch import Shared
from synthetics import __version__
from synthetics.accounting.ledger import Ledger
from synthetics.clock import Clock, SystemClock
from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.config.problems import ConfigError, render
from synthetics.config.told import unreached
from synthetics.heartbeats.remembered import Remembered
from synthetics.heartbeats.room import Heartbeats
from synthetics.kinds import KindError, probe_kinds
from synthetics.paging.acknowledging import Answer
from synthetics.paging.changes import Note, Noted
from synthetics.paging.courier import Courier, lines
from synthetics.paging.drill import abandon, drill
from synthetics.paging.exercise import Exercises
from synthetics.paging.judge import Judge
from synthetics.paging.watch_samples import SilenceWatch
from synthetics.paging.ways import Way
from synthetics.results.lines import Lines
from synthetics.schedule.beats import Beats
from synthetics.schedule.composites import Composites
from synthetics.schedule.runner import Runner
from synthetics.service.asides import cancelled, ended
from synthetics.service.books import Books
from synthetics.service.housekeeping import tend
from synthetics.service.intake import Intake
from synthetics.service.logs import Masking
from synthetics.service.minutes import minutes
from synthetics.service.settling import Settling
from synthetics.service.vigil import Rooms, Vigil, spoken_lately
from synthetics.store import Reader, Store, StoreError
from synthetics.store.acknowledgements import Acknowledgement
from synthetics.store.drills import Drill
from synthetics.web.acknowledge import Answers
from synthetics.web.binding import bind
from synthetics.web.board import Board, Phase
from synthetics.web.changes import Diary
from synthetics.web.desk import Change, Desk
from synthetics.web.drills import Range
from synthetics.web.prober import Prober
from synthetics.web.results import Hatch
from synthetics.web.server import Server, Site
from synthetics.web.status import Health, Sources

logger = logging.getLogger(__name__)


class StartError(Exception):
    """The service cannot start; says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line says."""

    config: Path
    env: str = ""
    database: Path
    host: str
    port: int
    blackbox: Path | None = None


@dataclass(slots=True, kw_only=True)
class _Rooms:
    """What runs once the history is known."""

    store: Store
    books: Books
    courier: Courier
    runner: Runner
    heartbeats: Heartbeats
    composites: Composites
    beats: Beats
    vigil: Vigil


class Service:
    """
    One service.

    Args:
        settings: From the command line.
        config: Already loaded from ``settings.config``.
        environ: Where secrets are looked up at a reload.
        masking: Told of every configuration's secrets.
    """

    def __init__(
        self,
        settings: Settings,
        config: Config,
        *,
        environ: Mapping[str, str],
        masking: Masking,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._masking = masking
        self._clock = clock or SystemClock()
        self._config = config
        self._board = Board(clock=self._clock, config=config)
        self._prober = Prober(settings.blackbox)
        self._site = Site(board=self._board, reload=self.reload, prober=self._prober)
        self._rooms: _Rooms | None = None
        self._stop = asyncio.Event()
        self._failed = False
        self._reloading = asyncio.Lock()
        self._asides: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """
        Run until a signal, and stop in order; the exit code.

        Raises:
            StoreError: The database cannot be used.
            StartError: Nothing can be served there.
        """
        self._masking.use(self._config.mask)
        self._listen_to_signals()
        started = False
        try:
            async with AsyncExitStack() as stack:
                await self._start(stack)
                started = True
                await self._stop.wait()
                self._board.phase = Phase.STOPPING
                logger.info("stopping", extra={"action": "stopping"})
        except StoreError as error:
            if not started:
                raise
            self._fail("the database was lost", error)
        logger.info("stopped", extra={"action": "stopped"})
        return 1 if self._failed else 0

    async def reload(self) -> str:
        """
        Take the configuration anew: all of it, or nothing.

        Returns:
            What is wrong with it, for people; empty if it took over.
        """
        async with self._reloading:
            rooms = self._rooms
            if rooms is None:
                logger.warning("no reload now", extra={"action": "reload_not_now"})
                return "not now: the service is starting or stopping\n"
            path = self._settings.config
            try:
                config = await asyncio.to_thread(
                    load,
                    path,
                    environ=self._environ,
                    env=self._settings.env,
                    reach_ms=self._clock.now_ms(),
                )
                modules = self._prober.read()
                await self._adopt(config, rooms)
                self._prober.use(modules)
            except ConfigError as error:
                text = render(error.problems, therefore="the configuration before stays")
                found = [(str(problem), problem.mend) for problem in error.problems]
            except (KindError, StoreError) as error:
                text = f"{error}\nThe configuration before stays.\n"
                found = [(str(error), "")]
            else:
                return ""
            self._board.refused(text)
            logger.error("the configuration was refused", extra={"action": "reload_refused"})
            for problem, mend in found:
                logger.error("%s", problem, extra={"action": "problem", "mend": mend})
            return text

    async def _adopt(self, config: Config, rooms: _Rooms) -> None:
        self._masking.use(config.mask)
        await rooms.books.adopt(config)
        rooms.courier.use(lines(config))
        rooms.runner.configure(config)
        rooms.vigil.use(config)
        rooms.heartbeats.use(config)
        rooms.composites.use(config)
        rooms.beats.set(config.probes.values())
        self._config = config
        await self._warn(config)
        logger.info("the configuration took over", extra={"action": "reloaded", **_sizes(config)})

    async def _start(self, stack: AsyncExitStack) -> None:
        """
        Start all rooms; each is stopped by *stack*, the last one first.

        A ``SIGHUP`` that waits, see `synthetics.cli.run`, is taken once there is what to reload.
        """
        clock, config, board = self._clock, self._config, self._board
        began = clock.monotonic()
        # Two services on one database mostly want one port as well: who holds the file says more.
        Store.check_free(self._settings.database)
        sockets = self._bind(stack)  # before a refused port could leave a new database behind
        store = await Store.open(self._settings.database, clock=clock)
        stack.push_async_callback(store.close)
        reader, pages_reader, watch_reader = (Reader.open(store.path) for _ in range(3))
        for each in (reader, pages_reader, watch_reader):
            stack.callback(each.close)
        server = await self._serve(stack, sockets)

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
        settle = Settling(
            store, silence=silence, books=books, exercises=exercises, clock=clock, config=config
        )
        settle.composites.remember([one.sample for one in newest.values()])
        intake = Intake(store, settle)
        shared = Shared()
        stack.push_async_callback(shared.close)
        self._prober.shared = shared
        runner = Runner(
            clock=clock, kinds=probe_kinds(), shared=shared, sink=intake.put, config=config
        )
        beats = Beats(clock=clock, on_beat=runner.beat, on_gap=runner.gap)

        working = self._aside(intake.work(), "intake")
        stack.push_async_callback(ended, working)
        stack.callback(intake.close)
        stack.push_async_callback(runner.drain)
        heartbeats = Heartbeats(
            store,
            clock=clock,
            sink=settle.keep,
            config=config,
            remembered=await asyncio.to_thread(Remembered.read, reader),
        )
        stack.push_async_callback(ended, self._aside(heartbeats.work(), "heartbeats"))
        stack.callback(heartbeats.close)
        stack.push_async_callback(cancelled, self._aside(settle.composites.work(), "composites"))
        watched = Rooms(
            store=store,
            reader=watch_reader,
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
        for name, work in vigil.works.items():
            stack.push_async_callback(cancelled, self._aside(work(), name))
        for housekeeping in (
            self._each_minute(books, store),
            tend(books, store, clock=clock, config=lambda: self._config),
        ):
            stack.push_async_callback(cancelled, self._aside(housekeeping, "housekeeping"))
        self._rooms = _Rooms(
            store=store,
            books=books,
            courier=courier,
            runner=runner,
            heartbeats=heartbeats,
            composites=settle.composites,
            beats=beats,
            vigil=vigil,
        )
        stack.push_async_callback(self._close_rooms)

        def health() -> Health:
            return Health(
                schedule=runner.stats,
                store=store.stats(),
                in_flight=runner.in_flight,
                capacity=self._config.in_flight,
                waiting=len(intake),
                waits=intake.waits,
                beats=len(beats),
                clock_jumps=beats.jumps,
                judge=judge.stats(),
                courier=courier.stats(),
                watched=vigil.stats(),
                pings=heartbeats.stats,
            )

        self._site.sources = Sources(
            board=board,
            ledger=ledger,
            judge=judge,
            health=health,
            reader=pages_reader,
            books=books.lock,
            reading=asyncio.Lock(),
            heartbeats=heartbeats.standings,
        )
        self._site.heartbeats = heartbeats
        token = secrets.token_urlsafe(24)
        self._site.hatch = Hatch(token, self._lines, settle.take)
        self._site.desk = Desk(token, board, partial(self._declare, store, books))
        noting = partial(self._note, store, courier)
        self._site.diary = Diary(token, board, noting, pages_reader, self._site.sources.reading)
        drilling = partial(self._drill, store, courier)
        self._site.drills = Range(
            token,
            board,
            drilling,
            partial(self._fail_probe, exercises),
            pages_reader,
            self._site.sources.reading,
        )
        answering = partial(self._answer, store, courier)
        self._site.answers = Answers(
            token, board, answering, pages_reader, self._site.sources.reading
        )
        store.announce(server.url, token)
        stack.callback(self._close_pages)
        beats.set(config.probes.values())
        beats.start()
        stack.callback(beats.stop)
        await self._warn(config)
        board.phase = Phase.RUNNING
        took_s = round(clock.monotonic() - began, 3)
        logger.info("ready", extra={"action": "ready", "took_s": took_s, **_sizes(config)})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})

    async def _warn(self, config: Config) -> None:
        """Say which pages reach nobody at times; running all the same, the others do."""
        found = await asyncio.to_thread(lambda: list(unreached(config, self._clock.now_ms())))
        for one in found:
            extra = {"action": "unreached", "slo": one.slo, "mend": one.mend}
            logger.warning("SLO %s: %s", one.slo, one.what, extra=extra)

    def _bind(self, stack: AsyncExitStack) -> list[socket.socket]:
        try:
            sockets = bind(self._settings.host, self._settings.port)
        except OSError as error:
            raise self._not_there(error) from error
        for each in sockets:
            stack.callback(each.close)
        return sockets

    async def _serve(self, stack: AsyncExitStack, sockets: list[socket.socket]) -> Server:
        try:
            server = await Server.start(self._site, host=self._settings.host, sockets=sockets)
        except OSError as error:
            raise self._not_there(error) from error
        stack.push_async_callback(server.stop)
        logger.info(
            "listening",
            extra={
                "action": "listening",
                "url": server.url,
                "pid": os.getpid(),
                "version": __version__,
            },
        )
        return server

    def _not_there(self, error: OSError) -> StartError:
        return StartError(
            f"{self._settings.host} port {self._settings.port} cannot be listened on: "
            f"{error.strerror or error}\n"
            f"  to mend: name another with --host and --port, or stop what listens there"
        )

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_or_die, number)
        loop.add_signal_handler(signal.SIGHUP, self._reload_aside)

    def _stop_or_die(self, number: signal.Signals) -> None:
        """The first asks, the second insists: what is stored and owed survives that too."""
        if self._stop.is_set():
            logger.warning("stopped at once", extra={"action": "killed", "signal": number.name})
            os._exit(1)
        self._stop.set()

    def _reload_aside(self) -> None:
        async def reload() -> None:
            await self.reload()

        self._aside(reload(), "reload")

    def _aside(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run *work* beside the rest; if it fails, the service stops and says so."""
        task = asyncio.create_task(work, name=name)
        self._asides.add(task)
        task.add_done_callback(self._aside_ended)
        return task

    def _aside_ended(self, task: asyncio.Task[None]) -> None:
        self._asides.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        self._fail(f"{task.get_name()} failed", task.exception())

    def _fail(self, what: str, error: BaseException | None) -> None:
        unexpected = None if isinstance(error, StoreError) else error
        logger.critical(
            "%s: %s", what, error or "", extra={"action": "failed"}, exc_info=unexpected
        )
        self._failed = True
        self._stop.set()

    async def _each_minute(self, books: Books, store: Store) -> None:
        async for at_ms in minutes(self._clock):
            await books.minute(at_ms)
            failure = store.stats().failure
            if failure:
                self._fail(failure, None)

    def _lines(self) -> Lines:
        return Lines(self._config.probes, self._config.location, self._clock.now_ms())

    @staticmethod
    async def _declare(store: Store, books: Books, change: Change) -> dict[str, Any]:
        """Write what a command declares, and go by it."""
        done = await store.write(change)
        await books.declared()
        return done

    async def _drill(
        self, store: Store, courier: Courier, way: Way, author: str, limit_s: float
    ) -> Drill:
        """Test a way."""
        return await drill(
            store,
            self._config,
            way,
            author=author,
            clock=self._clock,
            wake=courier.wake,
            limit_s=limit_s,
        )

    async def _fail_probe(
        self, exercises: Exercises, probe: str, lasts_s: float, author: str
    ) -> Drill:
        """Take a probe to fail."""
        return await exercises.start(self._config, probe, lasts_s=lasts_s, author=author)

    @staticmethod
    async def _note(store: Store, courier: Courier, note: Note) -> Noted:
        """Keep a change, and send it to whom it is owed."""
        done = await store.write(note)
        courier.wake()
        return done

    @staticmethod
    async def _answer(store: Store, courier: Courier, answer: Answer) -> Acknowledgement:
        """Write that somebody took an incident on, and tell it."""
        done = await store.write(answer)
        courier.wake()
        return done

    async def _close_rooms(self) -> None:
        """Let a reload that goes on come to its end, and begin none."""
        async with self._reloading:
            self._rooms = None

    def _close_pages(self) -> None:
        self._site.answers = None
        self._site.sources = self._site.hatch = self._site.desk = self._site.diary = None
        self._site.drills = self._site.heartbeats = None


def _sizes(config: Config) -> dict[str, int]:
    return {"probes": len(config.probes), "slos": len(config.slos)}
