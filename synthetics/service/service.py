"""The service: opens the house, reloads, and leaves in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from synthetics import __version__
from synthetics.clock import Clock, SystemClock
from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.config.problems import ConfigError, render
from synthetics.config.told import unreached
from synthetics.kinds import KindError
from synthetics.service.asides import Asides
from synthetics.service.doors import Doors
from synthetics.service.house import House, Readers
from synthetics.service.logs import Masking
from synthetics.store import Store, StoreError
from synthetics.web.binding import bind
from synthetics.web.board import Board, Phase
from synthetics.web.prober import Prober
from synthetics.web.server import Server, Site

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
        self._board = Board(clock=self._clock, config=config)
        self._prober = Prober(settings.blackbox)
        self._site = Site(board=self._board, reload=self.reload, prober=self._prober)
        self._house: House | None = None
        self._stop = asyncio.Event()
        self._failed = False
        self._reloading = asyncio.Lock()
        self._asides = Asides(self._fail)

    async def run(self) -> int:
        """
        Run until a signal, and stop in order; the exit code.

        Raises:
            StoreError: The database cannot be used.
            StartError: Nothing can be served there.
        """
        self._masking.use(self._board.config.mask)
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
            house = self._house
            if house is None:
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
                await self._adopt(config, house)
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

    async def _adopt(self, config: Config, house: House) -> None:
        self._masking.use(config.mask)
        await house.adopt(config)
        await self._warn(config)
        logger.info("the configuration took over", extra={"action": "reloaded", **_sizes(config)})

    async def _start(self, stack: AsyncExitStack) -> None:
        """
        Open everything; it is closed by *stack*, the last one first.

        A ``SIGHUP`` that waits, see `synthetics.cli.run`, is taken once there is what to reload.
        """
        board, config = self._board, self._board.config
        began = self._clock.monotonic()
        # Two services on one database mostly want one port as well: who holds the file says more.
        Store.check_free(self._settings.database)
        sockets = self._bind(stack)  # before a refused port could leave a new database behind
        store = await Store.open(self._settings.database, clock=self._clock)
        stack.push_async_callback(store.close)
        readers = Readers.open(stack, store.path)
        server = await self._serve(stack, sockets)

        house = await House.open(stack, store, readers, board=board, asides=self._asides)
        self._prober.shared = house.shared
        self._house = house
        stack.push_async_callback(self._leave)
        doors = Doors(self._site, house)
        doors.open()
        stack.callback(doors.close)
        store.announce(server.url, doors.token)
        house.begin(stack)
        await self._warn(config)
        board.phase = Phase.RUNNING
        took_s = round(self._clock.monotonic() - began, 3)
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

        self._asides.begin(reload(), "reload")

    def _fail(self, what: str, error: BaseException) -> None:
        unexpected = None if isinstance(error, StoreError) else error
        logger.critical("%s: %s", what, error, extra={"action": "failed"}, exc_info=unexpected)
        self._failed = True
        self._stop.set()

    async def _leave(self) -> None:
        """Let a reload that goes on come to its end, and begin none."""
        async with self._reloading:
            self._house = None


def _sizes(config: Config) -> dict[str, int]:
    return {"probes": len(config.probes), "slos": len(config.slos)}
