"""The list of probes on the status page: what each is called, and which comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from probes.result import Outcome
from synthetics import words
from synthetics.config.model import Probe
from synthetics.sample import Sample
from synthetics.web import kept
from synthetics.web.status import Overview

DEGRADED = "degraded"
"""What a good sample is called that took longer than it may."""

RANK = {Outcome.BAD: 0, Outcome.VOID: 1, DEGRADED: 2, None: 3, Outcome.GOOD: 4}
LOOKS = {
    Outcome.GOOD: "well", DEGRADED: "hurt", Outcome.BAD: "missed", Outcome.VOID: "unknown",
    None: "unknown",
}  # fmt: skip

KEPT = {"png": "screenshot", "har": "HAR"}
"""What people call the files that a probe keeps of a failure."""

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLine:
    """One probe and its newest sample, if there is one."""

    probe: Probe
    newest: Sample | None
    degraded: bool = False

    @property
    def state(self) -> str | None:
        """The outcome of the newest sample, or `DEGRADED`."""
        if self.newest is None:
            return None
        return DEGRADED if self.degraded else self.newest.result.outcome

    @property
    def kept(self) -> dict[str, str]:
        """Where files that were kept of it are, by what they are."""
        served = kept.links(self.probe, self.newest)
        return {name: served[ending] for ending, name in KEPT.items() if ending in served}

    @property
    def look(self) -> str:
        """How it looks: ``well``, ``hurt``, ``missed`` or ``unknown``."""
        return LOOKS[self.state]


def over(probe: Probe) -> str:
    """What a degraded sample of *probe* took longer than: ``over 2s``."""
    return "" if probe.within is None else f"over {words.exactly(probe.within // _MS)}"


def probe_lines(overview: Overview) -> Sequence[ProbeLine]:
    """Every probe, the worst first."""
    lines = [
        ProbeLine(probe=probe, newest=seen.newest, degraded=seen.degraded)
        for probe in overview.config.probes.values()
        for seen in [overview.seen[probe.id]]
    ]
    return sorted(lines, key=lambda line: RANK[line.state])
