"""
Made-up outages and noise, and how a policy fares with them, before there is any history.

A trace is a quiet time, one fault, and a quiet time again, with losses at random
throughout.  The fault begins just after a sample, so it is found as late as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log1p
from random import Random
from statistics import fmean

from slo.history import History, Pool
from slo.policy import Policy
from slo.replay import replay
from slo.runs import Mark, Run
from slo.timeline import Timeline

WEEK_MS = 604_800_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    What goes wrong.

    Attributes:
        lasting_ms: For how long, > 0.
        share: The share of samples that fail while it does, 0 < share <= 1.
        even: Whether they fail at even distances, and not at random.
        bad_ms: If it flaps: for how long it fails at a time ...
        good_ms: ... and for how long it does not; both > 0, or both 0.
    """

    lasting_ms: int
    share: Fraction = Fraction(1)
    even: bool = False
    bad_ms: int = 0
    good_ms: int = 0

    def __post_init__(self) -> None:
        if self.lasting_ms <= 0 or not 0 < self.share <= 1:
            raise ValueError(f"not a fault: {self}")
        if min(self.bad_ms, self.good_ms) < 0 or bool(self.bad_ms) != bool(self.good_ms):
            raise ValueError(f"not how anything flaps: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """
    Samples that nobody took.

    Attributes:
        timeline: One series, from instant 0 on.
        fault: ``(from_ms, to_ms)`` of what went wrong; ``None`` if nothing did.
        to_ms: When the last sample was due.
    """

    timeline: Timeline
    fault: tuple[int, int] | None
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """
    How a policy fared with traces of one kind, on average.

    Attributes:
        pages: Times that anything of the severity began to fire, per trace.
        pages_per_week: The same, per week of trace.
        precision: Share of them during a fault, or firing on into one; ``None`` without any.
        recall: Share of faults that were found; ``None`` where there were none.
        detection_ms: From the beginning of a fault that was found to the first of them.
        reset_ms: From its end to where nothing fires, if that was seen.
    """

    pages: float
    pages_per_week: float
    precision: float | None
    recall: float | None
    detection_ms: float | None
    reset_ms: float | None


def trace(
    fault: Fault | None,
    *,
    interval_ms: int,
    before_ms: int,
    after_ms: int,
    loss: Fraction = Fraction(0),
    seed: int = 0,
) -> Trace:
    """
    Make one up; the same every time.

    Args:
        fault: What goes wrong, if anything.
        interval_ms: Distance of the samples, > 0.
        before_ms: Quiet time before the fault.
        after_ms: Quiet time after it.
        loss: Share of all samples that are lost at random, 0 <= loss < 1.
        seed: Another one makes another trace.
    """
    dice = Random(seed)  # noqa: S311 - made-up samples, not secrets
    quiet = before_ms // interval_ms + 1
    lasting = fault.lasting_ms // interval_ms if fault else 0
    total = quiet + lasting + after_ms // interval_ms
    failing = set(_chosen(total, loss, dice))
    if fault:
        failing.update(quiet + index for index in _failing(fault, interval_ms, lasting, dice))
    began_ms = (quiet - 1) * interval_ms + 1
    return Trace(
        timeline=Timeline(_runs(sorted(failing), total, interval_ms)),
        fault=(began_ms, began_ms + lasting * interval_ms) if fault else None,
        to_ms=(total - 1) * interval_ms,
    )


def pooled(timeline: Timeline) -> History:
    """Samples as events."""
    return Pool([timeline])


def score(
    policy: Policy,
    traces: Sequence[Trace],
    severity: str = "page",
    seen: Callable[[Timeline], History] = pooled,
) -> Score:
    """
    Put *traces* to *policy*, and say what its tiers of *severity* made of them.

    Args:
        policy: The policy.
        traces: What is made up.
        severity: ``page``, ``ticket`` or ``log``.
        seen: The events that samples make.
    """
    pages, right, found, detections, resets = 0, 0, 0, list[int](), list[int]()
    for each in traces:
        fired = replay(policy, seen(each.timeline), 0, each.to_ms).by_severity(severity)
        pages += len(fired)
        if each.fault is None:
            continue
        began_ms, ended_ms = each.fault
        during = [
            one
            for one in fired
            if one.fired_ms < ended_ms and (one.resolved_ms is None or one.resolved_ms > began_ms)
        ]
        right += len(during)
        if during:
            found += 1
            detections.append(max(during[0].fired_ms - began_ms, 0))
            if during[-1].resolved_ms is not None:
                resets.append(max(during[-1].resolved_ms - ended_ms, 0))
    faults = sum(each.fault is not None for each in traces)
    weeks = sum(each.to_ms for each in traces) / WEEK_MS
    return Score(
        pages=pages / len(traces),
        pages_per_week=pages / weeks,
        precision=right / pages if pages else None,
        recall=found / faults if faults else None,
        detection_ms=fmean(detections) if detections else None,
        reset_ms=fmean(resets) if resets else None,
    )


def _failing(fault: Fault, interval_ms: int, lasting: int, dice: Random) -> Iterator[int]:
    """Which of the samples of *fault* fail."""
    if fault.bad_ms:
        cycle = fault.bad_ms + fault.good_ms
        up = {index for index in range(lasting) if index * interval_ms % cycle >= fault.bad_ms}
    else:
        up = set()
    if fault.even:
        step = 1 / fault.share
        chosen = iter(range(round(step) - 1, lasting, round(step)))
    else:
        chosen = _chosen(lasting, fault.share, dice)
    return (index for index in chosen if index not in up)


def _chosen(total: int, share: Fraction, dice: Random) -> Iterator[int]:
    """Each of *total* with chance *share*: the distances between them are drawn."""
    if share == 1:
        yield from range(total)
    elif share:
        scale = log1p(-float(share))
        index = int(log1p(-dice.random()) / scale)
        while index < total:
            yield index
            index += 1 + int(log1p(-dice.random()) / scale)


def _runs(failing: Sequence[int], total: int, interval_ms: int) -> Iterator[Run]:
    """All samples, of which those at *failing* fail."""
    at = 0
    for index in failing:
        if index > at:
            yield Run(at * interval_ms, interval_ms, index - at, Mark.GOOD)
        yield Run(index * interval_ms, interval_ms, 1, Mark.BAD)
        at = index + 1
    if at < total:
        yield Run(at * interval_ms, interval_ms, total - at, Mark.GOOD)
