"""What happens to the shop in a month that never was, sample by sample."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from probes.result import Facts, Outcome, Result, StepResult
from slo.spans import Spans
from synthetics.clock import instant, millis
from synthetics.reports.spans import Month
from synthetics.sample import Sample

ZONE = ZoneInfo("Asia/Tokyo")
LOCATION = "local"
MINUTE_MS = 60_000

LOST = 0.0001
"""Share of samples that fail once and are well when asked again."""
SLOW = 0.05
"""Share of slow answers of the home page on its slow afternoon."""


class Plot:
    """
    The events of *month* in the shop's time zone; *seed* decides all that is left to chance.

    Attributes:
        outage: The order step answers 500 for 23 minutes.
        hanging: The order step does not answer within its time, for 6 minutes.
        maintenance: Declared, two hours.
        restart: In it, everything answers 503.
        blind: The prober's own network is down: void samples.
        asleep: The prober's machine is off: no samples.
        busy: The home page is slow now and then.
    """

    def __init__(self, month: Month, seed: int) -> None:
        self.month = month
        self._chance = random.Random(seed)  # noqa: S311 - for show, and to be repeatable
        self.outage = self._span(14, 18, 31, minutes=23)
        self.hanging = self._span(22, 3, 5, minutes=6)
        self.maintenance = self._span(18, 2, 0, minutes=120)
        self.restart = self._span(18, 2, 20, minutes=45)
        self.blind = self._span(7, 22, 40, minutes=12)
        self.asleep = self._span(25, 13, 0, minutes=190)
        self.busy = self._span(10, 14, 0, minutes=180)

    def samples(self, first_ms: int, end_ms: int) -> Iterator[Sample]:
        """Those of both probes due in ``[first_ms, end_ms)``, in order of time."""
        for at_ms in range(first_ms, end_ms, MINUTE_MS):
            if not self.asleep.contains(at_ms):
                yield self._home(at_ms)
                yield self._checkout(at_ms + MINUTE_MS // 2)

    def _home(self, at_ms: int) -> Sample:
        took_s = self._chance.lognormvariate(-2.1, 0.18)
        if self.busy.contains(at_ms) and self._chance.random() < SLOW:
            took_s += 0.5
        return self._usual("shop-home", at_ms, took_s)

    def _checkout(self, at_ms: int) -> Sample:
        took_s = self._chance.lognormvariate(-1.1, 0.15)
        if self.outage.contains(at_ms):
            return _order_failed(at_ms, took_s, "status", "status 500, expected 201", 500)
        if self.hanging.contains(at_ms):
            return _order_failed(at_ms, 10.0, "timeout", "no answer within 10s", None)
        return self._usual("checkout", at_ms, took_s)

    def _usual(self, probe: str, at_ms: int, took_s: float) -> Sample:
        """What both probes see alike."""
        if self.blind.contains(at_ms):
            return _sample(probe, at_ms, 0.0, Outcome.VOID, "network", attempts=0)
        if self.restart.contains(at_ms):
            return _sample(probe, at_ms, took_s, Outcome.BAD, "status", detail="status 503")
        if self._chance.random() < LOST:
            return _sample(
                probe, at_ms, 10.0, Outcome.BAD, "timeout", confirmed=Outcome.GOOD, attempts=2
            )
        return _sample(probe, at_ms, took_s, Outcome.GOOD, "")

    def _span(self, day: int, hour: int, minute: int, *, minutes: int) -> Spans:
        at = datetime(self.month.year, self.month.number, day, hour, minute, tzinfo=ZONE)
        return Spans.of([(millis(at), millis(at) + minutes * MINUTE_MS)])


def _order_failed(
    at_ms: int, took_s: float, reason: str, detail: str, status: int | None
) -> Sample:
    """A journey of which login and cart were well."""
    steps = (
        StepResult(name="login", outcome=Outcome.GOOD, duration_s=took_s / 4),
        StepResult(name="cart", outcome=Outcome.GOOD, duration_s=took_s / 4),
        StepResult(
            name="order",
            outcome=Outcome.BAD,
            reason=reason,
            detail=detail,
            duration_s=took_s / 2,
            facts=Facts(status=status),
        ),
    )
    return _sample(
        "checkout",
        at_ms,
        took_s,
        Outcome.BAD,
        reason,
        detail=f"order: {detail}",
        steps=steps,
        attempts=3,
    )


def _sample(
    probe: str,
    at_ms: int,
    took_s: float,
    outcome: Outcome,
    reason: str,
    *,
    detail: str = "",
    confirmed: Outcome | None = None,
    attempts: int = 1,
    steps: tuple[StepResult, ...] = (),
) -> Sample:
    return Sample(
        probe=probe,
        location=LOCATION,
        scheduled_ms=at_ms,
        result=Result(
            started_at=instant(at_ms),
            duration_s=took_s,
            outcome=outcome,
            reason=reason,
            detail=detail,
            failed_step="order" if steps else "",
            steps=steps,
        ),
        confirmed=outcome if confirmed is None else confirmed,
        attempts=attempts,
    )
