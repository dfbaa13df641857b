"""One alert for a location that cannot see, instead of one for each of its targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol

from synthetics.config.model import Config
from synthetics.language.speech import speech
from synthetics.paging.watch import Condition

_MS = timedelta(milliseconds=1)
_NAMED = 3


class Sight(Protocol):
    """What guards say of this location; see `synthetics.schedule.guards.Sight`."""

    @property
    def known(self) -> bool:
        """Whether they have been asked."""

    @property
    def since_ms(self) -> int | None:
        """Since when it is blind."""

    @property
    def failing(self) -> Mapping[str, str]:
        """Why each guard fails that does."""


class BlindWatch:
    """
    Watches the guards.

    Args:
        sight: What they say now.
    """

    tier = "blind"

    def __init__(self, sight: Callable[[], Sight]) -> None:
        self._sight = sight

    async def look(self, config: Config, at_ms: int) -> Mapping[str, Condition] | None:
        """See `Watcher`."""
        sight, settings = self._sight(), config.watch.blind
        if not sight.known:
            return None
        since_ms = sight.since_ms
        if since_ms is None:
            return {}
        if at_ms - since_ms < settings.after // _MS:
            return None  # it may be over soon; one that fires since before a restart goes on
        said = speech(config.language, config.zone)
        phrases = said.phrases
        failing = list(sight.failing.items())
        guards = phrases.comma.join(
            name + phrases.because.format(why=said.reason(why)) for name, why in failing[:_NAMED]
        )
        if len(failing) > _NAMED:
            guards = phrases.together.format(summary=guards, count=len(failing) - _NAMED)
        return {
            config.location: Condition(
                severity=settings.severity,
                summary=phrases.watch.blind.format(
                    location=config.location, when=said.when(since_ms, at_ms), guards=guards
                ),
                reason="blind",
                since_ms=since_ms,
                topic=self.tier,
            )
        }
