"""What broke, since when, and the newest sample that shows it, found in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from probes.result import Outcome, Result, StepResult
from slo.spans import Spans
from slo.timeline import Mark
from synthetics.accounting.past import read
from synthetics.accounting.views import View
from synthetics.config.model import Slo
from synthetics.receivers.base import Failing
from synthetics.store.reader import Reader
from synthetics.store.values import Series


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
    """

    probe: str = ""
    location: str = ""
    step: str = ""
    reason: str = ""
    status: int | None = None
    since_ms: int | None = None
    failing: Failing | None = None


def find(
    reader: Reader,
    slo: Slo,
    series: Iterable[Series],
    *,
    after_ms: int,
    until_ms: int,
    gap_ms: int,
    excluded: Spans,
) -> Evidence:
    """
    Look for the outage of *slo* that goes on at *until_ms*.

    Args:
        reader: Where to look.
        slo: Says which probes, and what is bad.
        series: All there are of its probes.
        after_ms: Not so far back as here.
        until_ms: Up to and including here.
        gap_ms: So long without a bad sample, and what came before was another outage.
        excluded: Maintenance, which does not count.
    """
    by_id = {one.id: one for one in series}
    bad = _bad(reader, slo, by_id.keys(), (after_ms, until_ms), excluded)
    if not bad:
        return Evidence()
    newest_ms, series_id = bad[-1]
    where = by_id[series_id]
    since_ms = _beginning([at_ms for at_ms, _ in bad], gap_ms)
    stored = reader.samples(series_id, newest_ms - 1, newest_ms, limit=1)
    if not stored:
        return Evidence(
            probe=where.probe,
            location=where.location,
            since_ms=since_ms,
            failing=Failing(at_ms=newest_ms),
        )
    result = stored[0].sample.result
    step = _failed_step(result)
    status = step.facts.status if step else None
    return Evidence(
        probe=where.probe,
        location=where.location,
        step=result.failed_step,
        reason=result.reason,
        status=status or result.facts.status,
        since_ms=since_ms,
        failing=Failing(
            at_ms=newest_ms,
            detail=result.detail or f"took {result.duration_s * 1000:.0f} ms",
            trace_id=result.trace_id,
            request_id=step.request_id if step else "",
        ),
    )


def _bad(
    reader: Reader, slo: Slo, series: Collection[int], span: tuple[int, int], excluded: Spans
) -> list[tuple[int, int]]:
    """Instants and series of the bad samples in ``(after, until]``, in order of time."""
    found = []
    for series_id, runs in read(reader, series, View.of(slo), *span):
        for run in runs:
            if run.mark is not Mark.BAD:
                continue
            for number in range(run.count):
                at_ms = run.first_ms + number * run.step_ms
                if not excluded.contains(at_ms):
                    found.append((at_ms, series_id))
    return sorted(found)


def _beginning(bad_ms: Sequence[int], gap_ms: int) -> int:
    """Going back from the newest, the first before a gap."""
    since_ms = bad_ms[-1]
    for at_ms in reversed(bad_ms):
        if since_ms - at_ms >= gap_ms:
            break
        since_ms = at_ms
    return since_ms


def _failed_step(result: Result) -> StepResult | None:
    """The step that decided the sample, or its only request."""
    bad = [step for step in result.steps if step.outcome is Outcome.BAD]
    named = [step for step in bad if step.name == result.failed_step]
    return next(iter(named or bad or result.steps[-1:]), None)
