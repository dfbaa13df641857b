"""A report as one frozen value: everything counted, nothing yet rounded or worded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from slo.budget import Budget, Rate, budget, burn_rate
from slo.counts import Counts
from slo.shares import TimeShares
from synthetics.accounting.rounds import Reach
from synthetics.config.model import Service, Sli
from synthetics.reports.spans import Period, Span


class State(StrEnum):
    """How far the span has come at the instant the report speaks of."""

    FINISHED = "finished"
    UNFINISHED = "unfinished"
    FUTURE = "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    What was counted over one stretch of time.

    Attributes:
        counts: Its samples, as events.
        time: Its time; the time that has not come yet is in no part of it.
    """

    counts: Counts
    time: TimeShares

    @property
    def kept(self) -> bool:
        """Whether any sample was kept, even one that counts for nothing."""
        return self.counts.valid + self.counts.void + self.counts.excluded > 0

    @property
    def known(self) -> bool:
        """Whether any sample counts; without one, availability is unknown."""
        return self.counts.valid > 0

    def met(self, objective: Fraction) -> bool | None:
        """Whether the share of good events is at least *objective*; ``None``: unknown."""
        sli = self.counts.sli
        return None if sli is None else sli >= objective

    def consumed(self, objective: Fraction) -> Rate | None:
        """Share of its budget that was used (R6); ``None``: unknown."""
        return burn_rate(self.counts, objective)

    def met_by_time(self, objective: Fraction) -> bool | None:
        """Whether the share of time up is at least *objective*; ``None``: unknown."""
        share = self.time.availability
        return None if share is None else share >= objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    A day of a month, or a month of a year: one cell of the strip.

    Attributes:
        span: Which; on the clock of the period.
        end_ms: Where counting it ended.
        tally: What was counted; ``None`` for one that has not begun.
        so_far: Samples of the whole up to its end.
    """

    span: Span
    end_ms: int
    tally: Tally | None
    so_far: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A month before a month, or a year before a year, beside the objective of today."""

    span: Span
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """
    One incident, as far as it was known at the instant the report speaks of.

    Attributes:
        slos: Identifiers of the SLOs that it touched.
        start_ms: The first bad sample.
        detected_ms: When the first alert of it fired.
        end_ms: When the first good sample after the last bad one was due; ``None`` while its
            alerts fire.
        closed_ms: When the last of its alerts resolved, which needs some good time first.
        down_ms: Downtime in it, of any of its SLOs; less than its length if it came and went.
        probe: Who saw it; empty if not kept.
        step: Step of a journey that failed; empty if none.
        reason: Stable slug.
    """

    id: str
    severity: str
    slos: tuple[str, ...]
    start_ms: int
    detected_ms: int
    end_ms: int | None
    closed_ms: int | None
    down_ms: int
    probe: str
    step: str
    reason: str

    def touches(self, period: Period) -> bool:
        """Whether any part of it lies in *period*."""
        return self.start_ms < period.to_ms and (
            self.end_ms is None or self.end_ms > period.from_ms
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """
    One maintenance or correction that touches the report's span.

    Attributes:
        kind: ``maintenance`` or ``correction``.
        author: Who declared it; empty if the configuration says so.
        declared_ms: When; ``None`` if the configuration says so.
        slos: Those of the service that leave it out, if not all do.
        cut_short: Who ended it before its time, and why; empty if nobody did.
    """

    start_ms: int
    end_ms: int
    reason: str
    kind: str = "maintenance"
    author: str = ""
    declared_ms: int | None = None
    slos: tuple[str, ...] = ()
    cut_short: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SloReport:
    """
    One objective over the span of the report.

    Attributes:
        span: That of the report.
        period: The whole of it in the SLO's own time zone, or else the report's.
        counted_to_ms: Where counting ended: the period's end, or the report's instant if earlier.
        tally: All of it, or as much as has passed.
        event: What one event is called, such as ``sample`` or ``slice``.
        step: Which step of its journeys counts; empty if the whole does.
        reach: How several locations saw it; ``None`` if there was only one.
        budget: The error budget, R6; of one in progress people are shown that of the whole.
        parts: Its days, or its months.
        before: Those before it, the oldest first, ending with the one just before.
        incidents: Those that touched this SLO and the period.
        rules: The accounting policy with the values in force, a sentence each.
        choices: The same values for programs.
    """

    id: str
    name: str
    sli: Sli
    probes: tuple[str, ...]
    objective: Fraction
    span: Span
    period: Period
    counted_to_ms: int
    tally: Tally
    event: str
    reach: Reach | None
    budget: Budget
    parts: tuple[Part, ...]
    before: tuple[Before, ...]
    incidents: tuple[Trouble, ...]
    rules: tuple[tuple[str, str], ...]
    choices: Mapping[str, Any]
    step: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the objective is met by events; ``None``: unknown."""
        return self.tally.met(self.objective)

    @property
    def in_progress(self) -> bool:
        """Whether it goes on, or had not begun."""
        return self.counted_to_ms < self.period.to_ms

    def budget_after(self, part: Part) -> Budget | None:
        """The budget as it was at the end of *part*; ``None`` for one that has not begun."""
        if part.tally is None:
            return None
        passed = Fraction(part.end_ms - self.period.from_ms, self.period.length_ms)
        length_ms = self.budget.length_ms
        return budget(part.so_far, self.objective, length_ms=length_ms, passed=passed)

    @property
    def met_by_time(self) -> bool | None:
        """Whether the objective is met by time; ``None``: unknown."""
        return self.tally.met_by_time(self.objective)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """One service and its objectives."""

    id: str
    name: str
    owner: str
    slos: tuple[SloReport, ...]
    maintenance: tuple[NotCounted, ...]
    incidents: tuple[Trouble, ...]

    @property
    def met(self) -> bool | None:
        """False if any objective is missed, unknown if any is, else true."""
        verdicts = [slo.met for slo in self.slos]
        if False in verdicts:
            return False
        return None if None in verdicts or not verdicts else True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    The report.

    Attributes:
        span: What it is of.
        zone: Stands in where an SLO names no time zone of its own.
        as_of_ms: The instant it speaks of; nothing later is in it.
        first_ms: The oldest sample that was kept; ``None`` where there is none.
        label: A line that every format prints prominently, such as "Simulated history".
        unpromised: Services that were asked for and have no objective.
    """

    span: Span
    zone: ZoneInfo
    as_of_ms: int
    state: State
    first_ms: int | None
    label: str
    services: tuple[ServiceReport, ...]
    unpromised: tuple[Service, ...] = ()

    @property
    def missed(self) -> tuple[SloReport, ...]:
        """Every objective that was missed by events."""
        return tuple(slo for service in self.services for slo in service.slos if slo.met is False)
