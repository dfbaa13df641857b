"""No samples: a probe of which nothing is stored any more, whatever may be the cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from synthetics.clock import Clock
from synthetics.config.model import Config, Probe
from synthetics.language.every import PHRASES
from synthetics.paging.watch import Condition

LEAST_S = 30.0
"""Silence shorter than this is not worth a word, however short the interval."""

FORGOTTEN_S = 86_400.0
"""A location that is not this one, and silent for so long, was given up on purpose."""

Series = tuple[str, str]
"""A probe and a location."""


class SilenceWatch:
    """
    Watches what arrives, by a clock that does not jump and that stands still while we sleep.

    Args:
        clock: Its monotonic side.
        config: Probes of this location are expected from now on.
    """

    tier = "no-samples"

    def __init__(self, clock: Clock, config: Config) -> None:
        self._clock = clock
        self._heard: dict[Series, float] = {}
        self.use(config)

    def use(self, config: Config) -> None:
        """Expect what *config* has, new probes from now on."""
        now = self._clock.monotonic()
        self._own = {(name, config.location) for name in config.probes}
        for series in self._own:
            self._heard.setdefault(series, now)
        self._heard = {
            series: at for series, at in self._heard.items() if series[0] in config.probes
        }

    def heard(self, series: Iterable[Series]) -> None:
        """Samples of *series* arrived, whatever they say."""
        self._heard |= dict.fromkeys(series, self._clock.monotonic())

    def silent(self, config: Config) -> dict[Series, float]:
        """What is silent for too long, and for how many seconds."""
        now, at_ms = self._clock.monotonic(), self._clock.now_ms()
        found = {}
        for series, at in self._heard.items():
            probe = config.probes.get(series[0])
            if probe is None:
                continue
            if not _asked(probe, at_ms):
                self._heard[series] = now  # a first sample is expected once its hours begin
                continue
            silence = now - at
            if silence > limit_s(probe, config) and (series in self._own or silence < FORGOTTEN_S):
                found[series] = silence
        return found

    def all_silent(self, config: Config) -> bool:
        """Whether probes are to be asked here now, and nothing arrives of any."""
        at_ms = self._clock.now_ms()
        asked = {
            series
            for series in self._own
            if (probe := config.probes.get(series[0])) is not None and _asked(probe, at_ms)
        }
        return bool(asked) and asked <= self.silent(config).keys()

    async def look(self, config: Config, at_ms: int) -> Mapping[str, Condition]:
        """See `Watcher`."""
        found = {}
        phrases = PHRASES[config.language].watch
        for (name, location), silence in self.silent(config).items():
            probe = config.probes[name]
            here = location == config.location
            where = "" if here else phrases.elsewhere.format(location=location)
            found[name + (f"@{location}" if where else "")] = Condition(
                severity=config.watch.no_samples.severity,
                summary=phrases.no_samples.format(
                    probe=probe.name, where=where, count=_intervals(silence, probe)
                ),
                reason="no-samples",
                since_ms=at_ms - round(silence * 1000),
                probe=name,
                topic=self.tier,
            )
        return found


def _asked(probe: Probe, at_ms: int) -> bool:
    """Whether *probe* is asked at such a time."""
    return probe.only is None or probe.only.holds(at_ms)


def limit_s(probe: Probe, config: Config) -> float:
    """How long nothing may arrive of *probe*; of a job something is known after its grace only."""
    silence = config.watch.no_samples.intervals * probe.every
    if probe.listens:
        silence += probe.options.grace
    return max(silence / timedelta(seconds=1), LEAST_S)


def _intervals(silence: float, probe: Probe) -> int:
    return int(silence / (probe.every / timedelta(seconds=1)))
