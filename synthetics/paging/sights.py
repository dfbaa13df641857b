"""What the newest samples say of those whose pages may have to wait for others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from probes.result import Outcome
from slo.history import History
from synthetics.sample import Sample

LOOK_BACK_MS = 6 * 3_600_000
"""How far back a failure is looked for: longer than anything waits."""


@dataclass(frozen=True, slots=True)
class Sights:
    """
    Attributes:
        failing: Probes whose newest sample was bad, confirmations included.
        last_bad_ms: By objective, its newest bad event; ``None`` where there was none of late.
    """

    failing: frozenset[str] = frozenset()
    last_bad_ms: Mapping[str, int | None] = field(default_factory=dict)

    def failed_since(self, slo: str, since_ms: int) -> bool:
        """Whether *slo* failed after *since_ms*; what is not known is taken to have."""
        if slo not in self.last_bad_ms:
            return True
        bad_ms = self.last_bad_ms[slo]
        return bad_ms is not None and bad_ms > since_ms


class Newest:
    """The newest sample of each probe: when it was due, and whether it was bad in the end."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, bool]] = {}

    def see(self, samples: Iterable[Sample]) -> None:
        """Know *samples*, in any order."""
        for sample in samples:
            seen = self._seen.get(sample.probe)
            if seen is None or seen[0] <= sample.scheduled_ms:
                bad = sample.confirmed is Outcome.BAD
                self._seen[sample.probe] = sample.scheduled_ms, bad

    def failing(self) -> frozenset[str]:
        """Probes whose newest sample was bad."""
        return frozenset(probe for probe, (_, bad) in self._seen.items() if bad)


def last_bad_ms(history: History, at_ms: int) -> int | None:
    """The newest instant up to *at_ms* at which something was bad; ``None`` if none was of late."""
    low, high = at_ms - LOOK_BACK_MS, at_ms
    if not history(low, high).bad:
        return None
    # The newest bad event is in (low, high]; halve until one instant is left.
    while high - low > 1:
        middle = (low + high) // 2
        if history(middle, high).bad:
            low = middle
        else:
            high = middle
    return high
