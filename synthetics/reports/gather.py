"""From what was kept to the value of a report: counting only, nothing rounded, nothing worded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from slo.budget import budget
from slo.counts import NOTHING
from slo.window import Calendar
from synthetics.accounting.ledger import Ledger
from synthetics.clock import millis
from synthetics.config.model import Config, Slo
from synthetics.reports import policy_text
from synthetics.reports.model import (
    Before,
    NotCounted,
    Part,
    Report,
    ServiceReport,
    SloReport,
    State,
    Tally,
    Trouble,
)
from synthetics.reports.rules import rules
from synthetics.reports.spans import Period, Span
from synthetics.store.exclusions import Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What the report shall be of.

    Attributes:
        zone: Stands in where an SLO names no time zone of its own.
        as_of_ms: Nothing later than this is looked at.
        services: Identifiers; all services if empty.
        label: A line that every format prints prominently.
    """

    span: Span
    zone: ZoneInfo
    as_of_ms: int
    services: Collection[str] = ()
    label: str = ""

    def slos(self, config: Config) -> list[Slo]:
        """The objectives that it is about, in the order of the configuration."""
        return [
            slo for slo in config.slos.values() if not self.services or slo.service in self.services
        ]

    def period(self, slo: Slo) -> Period:
        """The span on the clock of *slo*."""
        window = slo.window
        zone = window.timezone if isinstance(window, Calendar) else self.zone
        return self.span.period(zone)

    def reach(self, config: Config) -> tuple[int, int]:
        """The stretch of time that has to be read: from the oldest span shown to the end."""
        oldest = self.span.plus(-self.span.BEFORE)
        periods = [self.period(slo) for slo in self.slos(config)]
        start = min(
            (oldest.period(period.zone).from_ms for period in periods), default=self.as_of_ms
        )
        end = max((period.to_ms for period in periods), default=self.as_of_ms)
        return start, min(end, self.as_of_ms + 1)


def gather(
    config: Config,
    asked: Asked,
    *,
    ledger: Ledger,
    troubles: Sequence[tuple[str, Trouble]],
    first_ms: int | None,
) -> Report:
    """
    Count the span *asked*.

    Args:
        config: The objectives.
        asked: What it shall be of.
        ledger: Their histories, complete over `Asked.reach`.
        troubles: Incidents, each with the identifier of its service.
        first_ms: The oldest sample that was kept.
    """
    services, unpromised = [], []
    for service in config.services.values():
        slos = [slo for slo in asked.slos(config) if slo.service == service.id]
        if not slos:
            if not asked.services or service.id in asked.services:
                unpromised.append(service)
            continue
        periods = [asked.period(slo) for slo in slos]
        own = tuple(
            trouble
            for whose, trouble in troubles
            if whose == service.id and any(trouble.touches(period) for period in periods)
        )
        services.append(
            ServiceReport(
                id=service.id,
                name=service.name,
                owner=service.owner,
                slos=tuple(
                    _slo_report(config, asked, slo, ledger, troubles=own, first_ms=first_ms)
                    for slo in slos
                ),
                maintenance=_not_counted(config, ledger.declared, service.id, periods),
                incidents=own,
            )
        )
    return Report(
        span=asked.span,
        zone=asked.zone,
        as_of_ms=asked.as_of_ms,
        state=_state(asked, [slo.period for service in services for slo in service.slos]),
        first_ms=first_ms,
        label=asked.label,
        services=tuple(services),
        unpromised=tuple(unpromised),
    )


def _state(asked: Asked, periods: Sequence[Period]) -> State:
    """In some zones a span begins and ends before it does in others."""
    periods = periods or [asked.span.period(asked.zone)]
    if all(asked.as_of_ms < period.from_ms for period in periods):
        return State.FUTURE
    if any(asked.as_of_ms < period.to_ms for period in periods):
        return State.UNFINISHED
    return State.FINISHED


def _slo_report(
    config: Config,
    asked: Asked,
    slo: Slo,
    ledger: Ledger,
    *,
    troubles: Sequence[Trouble],
    first_ms: int | None,
) -> SloReport:
    period = asked.period(slo)
    tally = _tally(ledger, slo, period, asked.as_of_ms)
    counted_to_ms = max(period.from_ms, min(asked.as_of_ms, period.to_ms))
    aside_ms = ledger.excluded(slo.id).length_ms(period.from_ms, period.to_ms)

    return SloReport(
        id=slo.id,
        name=slo.name,
        sli=slo.sli,
        probes=slo.probes,
        step=slo.step,
        objective=slo.objective,
        span=asked.span,
        period=period,
        counted_to_ms=counted_to_ms,
        tally=tally,
        event=slo.event,
        reach=ledger.reach(slo.id, period.from_ms - 1, min(period.to_ms - 1, asked.as_of_ms)),
        budget=budget(
            tally.counts,
            slo.objective,
            # Maintenance earns no budget (R2).
            length_ms=period.length_ms - aside_ms,
            passed=Fraction(counted_to_ms - period.from_ms, period.length_ms),
            down_ms=tally.time.down_ms,
        ),
        parts=_parts(asked, slo, ledger, period),
        before=_before(asked, slo, ledger, first_ms),
        incidents=tuple(
            trouble for trouble in troubles if slo.id in trouble.slos and trouble.touches(period)
        ),
        rules=rules(slo, config.probes, asked.span.NOUN, period.zone.key),
        choices=policy_text.choices(slo, config.probes),
    )


def _parts(asked: Asked, slo: Slo, ledger: Ledger, period: Period) -> tuple[Part, ...]:
    parts, so_far = [], NOTHING
    for span in asked.span.parts():
        part = span.period(period.zone)
        tally = None
        if part.from_ms <= asked.as_of_ms:
            tally = _tally(ledger, slo, part, asked.as_of_ms)
            so_far += tally.counts
        end_ms = max(part.from_ms, min(part.to_ms, asked.as_of_ms))
        parts.append(Part(span=span, end_ms=end_ms, tally=tally, so_far=so_far))
    return tuple(parts)


def _tally(ledger: Ledger, slo: Slo, period: Period, as_of_ms: int) -> Tally:
    """What was counted in as much of *period* as had passed."""
    until_ms = min(period.to_ms - 1, as_of_ms)
    return Tally(
        counts=ledger.counts(slo.id, period.from_ms - 1, until_ms),
        time=ledger.time(slo.id, period.from_ms, period.to_ms, as_of_ms),
    )


def _before(asked: Asked, slo: Slo, ledger: Ledger, first_ms: int | None) -> tuple[Before, ...]:
    """The spans before, without those that lie before anything was kept."""
    zone = asked.period(slo).zone
    past: list[Before] = []
    for back in range(asked.span.BEFORE, 0, -1):
        span = asked.span.plus(-back)
        period = span.period(zone)
        if first_ms is None or period.to_ms <= first_ms:
            continue
        before = Before(span=span, tally=_tally(ledger, slo, period, asked.as_of_ms))
        if past or before.tally.kept:
            past.append(before)
    return tuple(past)


def _not_counted(
    config: Config, declared: Sequence[Exclusion], service: str, periods: Sequence[Period]
) -> tuple[NotCounted, ...]:
    """What the file and what commands declare for *service*, or for some of its SLOs."""
    found = [
        NotCounted(start_ms=millis(each.start), end_ms=millis(each.end), reason=each.reason)
        for each in config.maintenance
        if not each.services or service in each.services
    ]
    own = [slo.id for slo in config.slos.values() if slo.service == service]
    for each in declared:
        slos = tuple(slo for slo in own if each.concerns(slo, service))
        if slos and not each.taken_back:
            found.append(
                NotCounted(
                    start_ms=each.from_ms,
                    end_ms=each.end_ms,
                    reason=each.reason,
                    kind=each.kind.value,
                    author=each.author,
                    declared_ms=each.declared_ms,
                    slos=() if len(slos) == len(own) else slos,
                    cut_short=f"{each.end.author}: {each.end.reason}" if each.end else "",
                )
            )
    touching = (
        window
        for window in found
        if any(
            window.start_ms < period.to_ms and window.end_ms > period.from_ms for period in periods
        )
    )
    return tuple(sorted(touching, key=lambda window: window.start_ms))
