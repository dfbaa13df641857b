"""What broke, since when, and the newest sample that shows it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from probes.result import Outcome, Result, StepResult
from slo.spans import Spans
from slo.timeline import Mark
from synthetics.accounting.views import View
from synthetics.receivers.base import Failing
from synthetics.sample import Sample
from synthetics.store.reader import Reader

_AT_ONCE = 1000

Views = Mapping[str, Collection[View]]
"""How an SLO looks at the samples of each of its probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    What the samples say of an alert.

    Attributes:
        probe: Identifier of the probe whose sample is the newest bad one; empty if there is none.
        location: Where that was asked from.
        step: Which step of a journey failed; empty outside journeys.
        reason: Why, a slug; empty if the sample was good but too slow.
        status: HTTP status of the failing answer, if there was one.
        since_ms: The first bad sample of this outage.
        failing: The newest one.
        took_s: How long that took, in seconds.
    """

    probe: str = ""
    location: str = ""
    step: str = ""
    reason: str = ""
    status: int | None = None
    since_ms: int | None = None
    failing: Failing | None = None
    took_s: float = 0.0


def evidence(newest: Sample | None, since_ms: int | None) -> Evidence:
    """What *newest*, a bad sample, shows of an outage that began at *since_ms*."""
    if newest is None:
        return Evidence(since_ms=since_ms)
    result = newest.result
    step = _failed_step(result)
    return Evidence(
        probe=newest.probe,
        location=newest.location,
        step=result.failed_step,
        reason=result.reason,
        status=(step and step.facts.status) or result.facts.status,
        since_ms=since_ms,
        failing=Failing(
            at_ms=newest.scheduled_ms,
            detail=result.detail,
            trace_id=result.trace_id,
            request_id=step.request_id if step else "",
        ),
        took_s=result.duration_s,
    )


def beginning(
    down: Spans, *, gap_ms: int, since_ms: int, explains: Callable[[int], bool]
) -> int | None:
    """
    When the newest outage in *down* began.

    What came before *gap_ms* without being down was another outage, if what came after
    explains the alert by itself.  Where it does not, the failures are scattered, and it
    began with the first of those that it took to fire.

    Args:
        down: When something was down, up to now.
        gap_ms: So long without being down, and an outage may be over.
        since_ms: Failures from before this did not make the alert fire.
        explains: Whether the failures from an instant on are an outage, or burn fast
            enough to fire.
    """
    began_ms: int | None = None
    for from_ms, to_ms in reversed(list(down)):
        if (
            began_ms is not None
            and began_ms - to_ms >= gap_ms
            and (to_ms <= since_ms or explains(began_ms))
        ):
            break
        began_ms = from_ms
    return began_ms


def newest_bad(
    samples: Iterable[Sample], looked_at: Views, *, until_ms: int, excluded: Spans
) -> Sample | None:
    """The newest of *samples* that is bad, as an SLO looks at it, and counts (R2)."""
    bad = (
        sample
        for sample in samples
        if sample.scheduled_ms <= until_ms
        and any(view.mark_of(sample) is Mark.BAD for view in looked_at.get(sample.probe, ()))
        and not excluded.contains(sample.scheduled_ms)
    )
    return max(bad, key=lambda sample: sample.scheduled_ms, default=None)


def look_up(
    reader: Reader,
    looked_at: Views,
    series: Collection[int],
    *,
    after_ms: int,
    until_ms: int,
    step_ms: int,
    excluded: Spans,
) -> Sample | None:
    """
    The newest bad sample of *series* in ``(after, until]``, from the store.

    Looks back over *step_ms*, then over twice that, and so on: the newest bad sample
    of an alert that fires is nearly always among the newest samples.
    """
    every_view = [view for views in looked_at.values() for view in views]
    failed_only = all(view.limit_us is None and not view.step for view in every_view)
    while until_ms > after_ms:
        begin_ms = max(after_ms, until_ms - step_ms)
        found = [
            stored.sample
            for one in series
            for stored in reader.samples(
                one, begin_ms, until_ms, limit=_AT_ONCE, failed_only=failed_only
            )
        ]
        newest = newest_bad(found, looked_at, until_ms=until_ms, excluded=excluded)
        if newest is not None:
            return newest
        until_ms, step_ms = begin_ms, step_ms * 2
    return None


def _failed_step(result: Result) -> StepResult | None:
    """The step that decided the sample, or its only request."""
    bad = [step for step in result.steps if step.outcome is Outcome.BAD]
    named = [step for step in bad if step.name == result.failed_step]
    return next(iter(named or bad or result.steps[-1:]), None)
