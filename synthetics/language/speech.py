"""A speech: how numbers, lengths of time and moments are said in a language, on a clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from slo.budget import Rate
from synthetics import words
from synthetics.clock import instant
from synthetics.language import Language
from synthetics.language.every import PHRASES
from synthetics.language.phrases import Phrases

UTC = "UTC"

_UNIT = re.compile(r"(?<=\d)(ms|[dhms])(?=\d|\b)")


@dataclass(frozen=True, slots=True)
class Speech:
    """
    What a page is written in.

    Attributes:
        language: Of its words.
        phrases: They.
        zone: Whose clock its times are read from.
    """

    language: Language
    phrases: Phrases
    zone: ZoneInfo

    def about(self, ms: int) -> str:
        """A length of time at a glance, see `words.about`: ``3h20m``, ``3時間20分``."""
        return self._length(words.about(ms))

    def exactly(self, ms: int) -> str:
        """A length of time from a configuration, see `words.exactly`."""
        return self._length(words.exactly(ms))

    def bound(self, us: int) -> str:
        """A latency bound, see `words.bound`."""
        return self._length(words.bound(us))

    def took(self, duration_s: float) -> str:
        """How long an answer took, see `words.took`."""
        return self.phrases.took.format(time=self._length(words.took(duration_s)))

    def rate(self, rate: Rate | None) -> str:
        """A burn rate that was measured: ``57.2×``, ``57.2倍``."""
        if rate is None:
            return self.phrases.unknown
        if isinstance(rate, float):
            return self.phrases.infinite
        return words.burn(rate).replace("×", self.phrases.times)

    def factor(self, rate: Fraction) -> str:
        """A burn rate's threshold, see `words.factor`."""
        return words.factor(rate).replace("×", self.phrases.times)

    def left(self, remaining: Rate | None) -> str:
        """What is left of a budget, see `words.left`."""
        if remaining is None:
            return self.phrases.unknown
        if isinstance(remaining, float):
            return self.phrases.none_allowed
        if remaining < 0:
            return self.phrases.overspent.format(share=words.used(1 - remaining))
        return self.phrases.left.format(share=words.covered(remaining))

    def reason(self, slug: str) -> str:
        """Why a sample is bad; a slug that only a third party's probe knows, as it is."""
        return self.phrases.reasons.get(slug, slug)

    def when(self, ms: int, seen_from_ms: int) -> str:
        """A moment on its clock: ``14:03 UTC``; of another day than *seen_from_ms*, with it."""
        then = instant(ms).astimezone(self.zone)
        now = instant(seen_from_ms).astimezone(self.zone)
        zone = then.tzname() or ""
        zone = f"UTC{zone}" if zone[:1] in "+-" else zone
        shape = "%H:%M" if then.date() == now.date() else "%Y-%m-%d %H:%M"
        return f"{then:{shape}} {zone}"

    def _length(self, text: str) -> str:
        units = self.phrases.units
        return _UNIT.sub(lambda found: units[found[1]], text)


@cache
def speech(language: Language = Language.EN, zone: str = UTC) -> Speech:
    """
    The speech of *language* on the clock of *zone*, an IANA name.

    Raises:
        ZoneInfoNotFoundError: There is no such zone here.
    """
    return Speech(language, PHRASES[language], ZoneInfo(zone))
