"""What an answer means for the probe: whether it should have failed, and whether it was slow."""

from __future__ import annotations

from dataclasses import replace

from probes.result import DETAIL_LIMIT, Outcome, Result
from synthetics.config.model import Probe

SHOULD_FAIL = "should-fail"
"""It works, and a probe with ``invert`` expects that it does not."""


def verdict(probe: Probe, result: Result) -> Result:
    """
    *result* as it counts for *probe*.

    Of one that should fail, a good answer is bad, and a failure is good: any, or only one for
    the reasons that were named.  Where we could not ask, nothing is known either way.
    """
    if not probe.invert or result.outcome is Outcome.VOID:
        return result
    if result.outcome is Outcome.GOOD:
        return replace(
            result,
            outcome=Outcome.BAD,
            reason=SHOULD_FAIL,
            detail="it works, and should not",
        )
    if probe.inverted and result.reason not in probe.inverted:
        return result
    told = f"fails as it should: {result.reason}: {result.detail}".removesuffix(": ")
    return replace(
        result,
        outcome=Outcome.GOOD,
        reason="",
        detail=told if len(told) <= DETAIL_LIMIT else told[: DETAIL_LIMIT - 1] + "…",
        failed_step="",
        evidence=None,
    )


def degraded(probe: Probe, result: Result) -> bool:
    """Whether *result* is good, but took longer than *probe* may."""
    return probe.within is not None and too_slow(result, probe.within.total_seconds())


def too_slow(result: Result, within_s: float | None) -> bool:
    """Whether *result* is good, but took longer than *within_s*, if that matters."""
    good = within_s is not None and result.outcome is Outcome.GOOD
    return good and within_s is not None and result.duration_s > within_s
