"""What the service knows of itself while it runs: the service writes it, the pages read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from probes.result import Outcome
from synthetics.clock import Clock
from synthetics.config.model import Config
from synthetics.sample import Sample
from synthetics.web.probe_metrics import Seen, labels_of


class Phase(StrEnum):
    """How far the service has come."""

    STARTING = "starting"
    """The history is being read."""
    RUNNING = "running"
    STOPPING = "stopping"
    """Nothing more is asked; what runs is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """
    The newest attempt to take a configuration; the start is the first.

    Attributes:
        taken: Whether it took over.
        at_ms: When.
        problems: What was wrong with it, as the command line says it; empty if nothing was.
        taken_ms: When a configuration was last taken, this one or an earlier one.
    """

    taken: bool
    at_ms: int
    problems: str = ""
    taken_ms: int


class Board:
    """
    The newest of everything.

    Args:
        clock: Read for times.
        config: In force from the start.
    """

    def __init__(self, *, clock: Clock, config: Config) -> None:
        self.clock = clock
        self.started_ms = clock.now_ms()
        self.phase = Phase.STARTING
        self.reload = Reload(taken=True, at_ms=self.started_ms, taken_ms=self.started_ms)
        self._seen: dict[str, Seen] = {}
        self.adopt(config)

    def adopt(self, config: Config) -> None:
        """Go by another configuration; what was seen of probes that stay is kept."""
        self.config = config
        nothing = Seen("")
        before = self._seen
        self._seen = {
            probe.id: Seen(
                labels_of(probe.id, probe.kind, probe.service),
                None if probe.within is None else probe.within.total_seconds(),
                before.get(probe.id, nothing).asked,
                before.get(probe.id, nothing).newest,
            )
            for probe in config.probes.values()
        }

    def taken(self) -> None:
        """A configuration took over just now."""
        now_ms = self.clock.now_ms()
        self.reload = Reload(taken=True, at_ms=now_ms, taken_ms=now_ms)

    def refused(self, problems: str) -> None:
        """A configuration could not be taken; the one before stays in force."""
        self.reload = Reload(
            taken=False,
            at_ms=self.clock.now_ms(),
            problems=problems,
            taken_ms=self.reload.taken_ms,
        )

    def show(self, samples: Iterable[Sample]) -> None:
        """
        Take *samples*; of each probe the one that was due last is its newest.

        One from the future is no obstacle: the clock was set back since.
        """
        now_ms = self.clock.now_ms()
        for sample in samples:
            seen = self._seen.get(sample.probe)
            if seen is None:
                continue
            if seen.newest and sample.scheduled_ms < seen.newest.scheduled_ms <= now_ms:
                continue
            asked = seen.asked if sample.result.outcome is Outcome.VOID else sample
            self._seen[sample.probe] = Seen(seen.labels, seen.within_s, asked, sample)

    @property
    def seen(self) -> Mapping[str, Seen]:
        """
        What was seen of every probe of *config*, by identifier.

        A reload replaces the mapping, so one that was taken stays whole while it is read.
        """
        return self._seen
