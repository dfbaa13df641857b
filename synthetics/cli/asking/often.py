"""The same probes asked again and again: what each time came to, and how the times are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from probes.result import Outcome, Phases
from synthetics.cli.asking.ask import Seen

PERCENTILES = (50, 90, 95, 99)
PHASES = tuple(field.name for field in fields(Phases))


def spread(seen: Sequence[Seen]) -> dict[str, dict[str, float]]:
    """
    How the times of the good attempts are spread, in seconds: ``total_s`` and each phase.

    Percentiles are by nearest rank; a phase that never happened is left out.
    """
    good = [one.result for one in seen if one.result.outcome is Outcome.GOOD]
    times = {"total_s": [result.duration_s for result in good]}
    for phase in PHASES:
        each = [
            value
            for result in good
            for value in [getattr(result.phases, phase)]
            if value is not None
        ]
        times[phase] = each
    return {name: _of(sorted(each)) for name, each in times.items() if each}


def _of(times: Sequence[float]) -> dict[str, float]:
    found = {"min": times[0]}
    for percent in PERCENTILES:
        found[f"p{percent}"] = times[-(-len(times) * percent // 100) - 1]
    return {**found, "max": times[-1], "mean": sum(times) / len(times)}


def counts(seen: Sequence[Seen]) -> dict[str, int]:
    """How often it was what; ``degraded`` ones are good too."""
    return {
        "asked": len(seen),
        **{
            outcome.value: sum(one.result.outcome is outcome for one in seen)
            for outcome in (Outcome.GOOD, Outcome.BAD, Outcome.VOID)
        },
        "degraded": sum(one.degraded for one in seen),
    }


def as_json(seen: Sequence[Seen], runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All attempts of one probe."""
    probe = seen[0].probe
    return {
        "probe": probe.id,
        "service": probe.service,
        "kind": probe.kind,
        "counts": counts(seen),
        "spread": spread(seen),
        "runs": runs,
    }
