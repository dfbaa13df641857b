"""The sentences that every format for people shares, so that no two of them disagree."""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

from slo.budget import INFINITE, Rate
from synthetics import reasons, words
from synthetics.config.model import Service
from synthetics.reports import rules, strip
from synthetics.reports.model import (
    NotCounted,
    Report,
    ServiceReport,
    SloReport,
    State,
    Trouble,
)

NAMED = 3
"""Objectives that are named in one of the first sentences; more are only counted there."""


def title(report: Report) -> str:
    """``Availability, October 2026``."""
    return f"Availability, {report.span.title}"


def standing(report: Report) -> str:
    """How far the span has come, and on whose clock."""
    now = words.moment(report.as_of_ms, report.zone)
    match report.state:
        case State.FINISHED:
            return f"The whole {report.span.NOUN}, as of {now}.{_blind(report)}"
        case State.UNFINISHED:
            said = f"UNFINISHED: the {report.span.NOUN} so far, as of {now}."
            said += " Numbers will still change"
            return f"{said}{_hope(report)}.{_blind(report)}"
        case State.FUTURE:
            return f"It is {now}: nothing can be said of it yet."


def _hope(report: Report) -> str:
    """Why an objective can be missed so far with budget left."""
    slos = [slo for service in report.services for slo in service.slos]
    left = any(slo.met is False and (slo.budget.period_remaining or 0) > 0 for slo in slos)
    return "; what is missed so far can still be met" if left else ""


def _blind(report: Report) -> str:
    """Which verdicts rest on too little, so that nobody reads 100% of a day as that of a year."""
    dim = [
        f"{slo.name} ({words.covered(share)})"
        for service in report.services
        for slo in service.slos
        if slo.met is not None
        and (share := slo.tally.time.coverage) is not None
        and share < strip.MOSTLY_KNOWN
    ]
    if not dim:
        return ""
    whose = ", ".join(dim) if len(dim) <= NAMED else words.many(len(dim), "objective")
    return f" Known only in part: {whose}."


def answer(report: Report) -> str:
    """The first thing a reader wants to know, in one sentence."""
    slos = [slo for service in report.services for slo in service.slos]
    if not slos:
        return "No objective is declared for what was asked."
    missed = [slo.name for slo in slos if slo.met is False]
    unknown = sum(slo.met is None for slo in slos)
    so_far = " so far" if report.state is State.UNFINISHED else ""
    if unknown == len(slos):
        return nothing_kept(report)
    if len(slos) == 1:
        said = f"The objective is {'missed' if missed else 'met'}{so_far}"
    elif missed:
        said = f"{len(missed)} of {len(slos)} objectives missed{so_far}"
        if len(missed) <= NAMED:
            said += f" ({', '.join(missed)})"
    elif unknown:
        said = f"{len(slos) - unknown} of {len(slos)} objectives met{so_far}"
    else:
        said = "Both" if len(slos) == 2 else f"All {len(slos)}"
        said += f" objectives are met{so_far}"
    return said + (f", {unknown} unknown." if unknown else ".")


def nothing_kept(report: Report) -> str:
    """Why a report has no numbers."""
    said = report.span.title
    if report.state is State.FUTURE:
        return f"{said} has not begun."
    if report.first_ms is None:
        return "No sample was ever stored: availability is unknown."
    first = words.moment(report.first_ms, report.zone)
    if report.first_ms >= report.span.period(report.zone).to_ms:
        return f"No sample of {said} is kept, the oldest is of {first}: availability is unknown."
    if not any(slo.tally.kept for service in report.services for slo in service.slos):
        return f"No sample of {said} is kept: availability is unknown."
    return f"No sample of {said} counts: availability is unknown."


def verdict(met: bool | None) -> str:
    """``met``, ``missed`` or ``unknown``."""
    return {True: "met", False: "missed", None: words.UNKNOWN}[met]


def result(slo: SloReport) -> str:
    """The verdict by events; ``met so far`` while the span goes on."""
    goes_on = slo.met is not None and slo.in_progress
    return verdict(slo.met) + (" so far" if goes_on else "")


def promise(slo: SloReport) -> str:
    """``99% of samples of shop-home answered in under 500ms``."""
    whose = ", ".join(slo.probes) + (f", step {slo.step}," if slo.step else "")
    return f"{words.objective(slo.objective)} of {slo.event}s of {whose} {rules.sli(slo.sli)}"


def by_events(slo: SloReport) -> str:
    """Availability by events."""
    return words.availability(slo.tally.counts.sli, slo.objective)


def by_time(slo: SloReport) -> str:
    """Availability by time."""
    return words.availability(slo.tally.time.availability, slo.objective)


def events(slo: SloReport) -> str:
    """``43,180 of 43,200 good, 20 bad``, and what was left out."""
    counts = slo.tally.counts
    said = f"{words.count(counts.good)} of {words.count(counts.valid)} good"
    said += f", {words.count(counts.failed)} bad"
    if counts.blip:
        said += f" ({words.count(counts.blip)} not confirmed)"
    if counts.excluded:
        said += f"; {words.count(counts.excluded)} not counted"
    if counts.void:
        said += f"; {words.count(counts.void)} void"
    return said


def coverage(slo: SloReport) -> str:
    """Share of the time that is known, maintenance left out."""
    share = slo.tally.time.coverage
    return "none" if share == 0 else words.covered(share)


def downtime(slo: SloReport) -> str:
    """Time of bad samples; unknown where nothing is known."""
    return words.lost(slo.tally.time.down_ms) if slo.tally.known else words.UNKNOWN


def not_counted(slo: SloReport) -> str:
    """Time that was left out."""
    return words.allowed(slo.tally.time.excluded_ms) if slo.tally.time.excluded_ms else "none"


def why_not_counted(window: NotCounted, zone: ZoneInfo) -> str:
    """Why a time was left out, who says so, and since when it is said."""
    said = f"{window.reason}; {window.kind} "
    if window.declared_ms is None:
        said += "in the configuration"
    else:
        said += f"by {window.author}, declared {words.moment(window.declared_ms, zone)}"
    if window.cut_short:
        said += f"; ended early by {window.cut_short}"
    if window.slos:
        said += f"; only {', '.join(window.slos)}"
    return said


def reach(slo: SloReport) -> str:
    """How several locations saw it; empty if there was only one."""
    if slo.reach is None:
        return ""
    return (
        f"{words.availability(slo.reach.uptime, slo.objective)} uptime (somebody was served), "
        f"{words.availability(slo.reach.reachability, slo.objective)} reachability (of all "
        f"samples), from {slo.reach.locations} locations"
    )


def parts(slo: SloReport) -> str:
    """What each part of a composite came to; empty for what is none."""
    return "; ".join(rules.parts(slo.sli, slo.tally.counts, slo.objective))


def unknown_time(slo: SloReport) -> str:
    """Time that nothing is known of."""
    return words.lost(slo.tally.time.unknown_ms) if slo.tally.time.unknown_ms else "none"


def budget_events(slo: SloReport) -> str:
    """Share of the budget used, by events; of the whole span's while that goes on."""
    return words.used(slo.budget.period_consumed)


def budget_time(slo: SloReport) -> str:
    """The budget as time: ``4m of 44m38s``."""
    if not slo.tally.known:
        return words.UNKNOWN
    return f"{words.lost(slo.budget.spent_ms)} of {words.allowed(slo.budget.allowed_ms)}"


def budget(slo: SloReport) -> str:
    """The budget both ways: ``46.3% of events, 53.7% left; 20m of 44m38s as time``."""
    if slo.objective == 1 and slo.tally.known:
        failed = slo.tally.counts.failed
        return f"no failure is allowed, and {words.count(failed) if failed else 'none'} happened"
    what = f"of the whole {slo.span.NOUN}'s, by events" if slo.in_progress else "of events"
    of_events = f"{budget_events(slo)} {what}, {left(slo.budget.period_remaining)}"
    return f"{of_events}; {budget_time(slo)} as time" if slo.tally.known else words.UNKNOWN


def cause(trouble: Trouble) -> str:
    """``checkout, step order: wrong status``."""
    where = trouble.probe + (f", step {trouble.step}" if trouble.step else "")
    if not where:
        return reasons.said(trouble.reason) or "cause not kept"
    return f"{where}: {reasons.said(trouble.reason)}" if trouble.reason else where


def length(trouble: Trouble, as_of_ms: int) -> str:
    """How long it was, or has been."""
    end = trouble.end_ms if trouble.end_ms is not None else as_of_ms
    return words.lost(end - trouble.start_ms) + ("" if trouble.end_ms is not None else " so far")


def detection(trouble: Trouble) -> str:
    """Time from the first bad sample to the first alert."""
    return words.lost(trouble.detected_ms - trouble.start_ms)


def unpromised(report: Report) -> str:
    """``No objective: search.``; empty if every service has one."""
    names = ", ".join(map(named, report.unpromised))
    return f"No objective: {names}." if names else ""


def named(service: ServiceReport | Service) -> str:
    """A service's name, and its identifier where that is another."""
    return service.name if service.name == service.id else f"{service.name} ({service.id})"


def left(remaining: Rate | None) -> str:
    """What is left of a budget: ``53.7% left``, or how much more than all of it was used."""
    if remaining is None:
        return words.UNKNOWN
    if remaining == -INFINITE:
        return "none allowed"
    if remaining < 0:
        return f"overspent by {words.used(-remaining)}"
    return f"{words.covered(Fraction(remaining))} left"
