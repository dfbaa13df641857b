"""The watch over the service itself, wired together: watchers, and the dead man's switch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from synthetics.accounting.ledger import Ledger
from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.paging.courier import Courier
from synthetics.paging.heartbeat import Heartbeat
from synthetics.paging.judge import Judge
from synthetics.paging.watch import Watchman
from synthetics.paging.watch_blind import BlindWatch
from synthetics.paging.watch_coverage import CoverageWatch
from synthetics.paging.watch_delivery import DeliveryWatch
from synthetics.paging.watch_samples import FORGOTTEN_S, Series, SilenceWatch
from synthetics.sample import Sample
from synthetics.schedule.beats import Beats
from synthetics.schedule.runner import Runner
from synthetics.service.books import Books
from synthetics.service.pulse import Pulse
from synthetics.store import Reader, Store
from synthetics.web.board import Board
from synthetics.web.status import Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What is watched."""

    store: Store
    reader: Reader
    board: Board
    ledger: Ledger
    books: Books
    judge: Judge
    courier: Courier
    runner: Runner
    beats: Beats


class Vigil:
    """
    Watches *rooms*.

    Args:
        rooms: Already started.
        config: In force.
        silence: Already told of what arrives.
        clock: The present.

    Attributes:
        works: What is to be run beside the rest, by name.
    """

    def __init__(
        self, rooms: Rooms, config: Config, *, silence: SilenceWatch, clock: Clock
    ) -> None:
        self._rooms = rooms
        self._silence = silence
        wake = rooms.courier.wake
        self._deliveries = DeliveryWatch(rooms.store, rooms.reader, wake)
        self._watchman = Watchman(
            rooms.store,
            config,
            [
                BlindWatch(rooms.runner.guards.sight),
                silence,
                CoverageWatch(rooms.ledger, rooms.books.lock),
                self._deliveries,
            ],
            clock=clock,
            wake=wake,
        )
        pulse = Pulse(
            board=rooms.board,
            beats=rooms.beats,
            silence=silence,
            store=rooms.store,
            judge=rooms.judge,
            courier=rooms.courier,
            clock=clock,
            config=lambda: rooms.board.config,
        )
        self._heartbeat = Heartbeat(pulse, clock=clock, switch=config.switch)
        self.works = {"watch": self._watchman.run, "heartbeat": self._heartbeat.run}

    async def resume(self) -> None:
        """Go on where the last process stopped; see `Watchman.resume`."""
        await self._watchman.resume()

    def use(self, config: Config) -> None:
        """Go by *config* from now on."""
        self._silence.use(config)
        self._watchman.use(config)
        self._heartbeat.use(config.switch)

    def stats(self) -> Watched:
        """How it stands."""
        guards = self._rooms.runner.guards
        return Watched(
            firing=self._watchman.firing(),
            blind=guards.blind,
            guards=bool(guards),
            guard_rounds=guards.rounds,
            given_up=self._deliveries.given_up,
            heartbeat=self._heartbeat.stats if self._heartbeat.configured else None,
        )


def spoken_lately(newest: Iterable[Sample], now_ms: int) -> Iterable[Series]:
    """Series of the last day among *newest*, the newest sample of each."""
    return {
        (sample.probe, sample.location)
        for sample in newest
        if now_ms - sample.scheduled_ms < FORGOTTEN_S * 1000
    }
