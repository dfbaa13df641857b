"""The report as Markdown, for a wiki or a pull request; reads well as plain text too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from synthetics import words
from synthetics.reports import rules, story, strip
from synthetics.reports.model import Before, Part, Report, ServiceReport, SloReport
from synthetics.reports.spans import Month

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def render(report: Report) -> str:
    """*report* with a heading a service, tables of pipes, and no HTML."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield from (f"# {plain(story.title(report))}", "")
    if report.label:
        yield from (f"> **{plain(report.label)}**", "")
    yield from (f"**{plain(story.answer(report))}**", "", plain(story.standing(report)), "")
    if report.unpromised:
        yield from (plain(story.unpromised(report)), "")
    if not report.services:
        return
    yield from _table(
        ("Service", "SLO", "Objective:", "Available:", "Coverage:", "Result", "Budget used:"),
        [_row(service, slo) for service in report.services for slo in service.slos],
    )
    for service in report.services:
        yield from _service(report, service)
    yield from ("## How this was counted", "")
    for rule in rules.gathered(report):
        whose = f" ({', '.join(rule.slos)})" if rule.slos else ""
        yield f"- **{rule.number}**{whose} {plain(rule.text)}"


def _row(service: ServiceReport, slo: SloReport) -> tuple[str, ...]:
    verdict = story.verdict(slo.met)
    return (
        plain(service.name),
        plain(slo.name),
        words.objective(slo.objective),
        story.by_events(slo),
        story.coverage(slo),
        f"**{verdict}**" if slo.met is False else verdict,
        story.budget_events(slo),
    )


def _service(report: Report, service: ServiceReport) -> Iterator[str]:
    yield from (f"## {plain(story.named(service))}", "")
    if service.owner:
        yield from (f"Owner: {plain(service.owner)}", "")
    for slo in service.slos:
        yield from _slo(slo)
    if service.incidents:
        yield from ("### Incidents", "")
        yield from _table(
            ("When", "Lasted:", "Cause", "Detected after:", "Severity"),
            [
                (
                    words.span(trouble.start_ms, trouble.end_ms, report.zone),
                    story.length(trouble, report.as_of_ms),
                    plain(story.cause(trouble)),
                    story.detection(trouble),
                    trouble.severity,
                )
                for trouble in service.incidents
            ],
        )
    elif any(slo.tally.kept for slo in service.slos):
        yield from ("No incidents.", "")
    if service.maintenance:
        yield from ("### Maintenance and corrections, not counted", "")
        yield from _table(
            ("When", "Why"),
            [
                (
                    words.span(window.start_ms, window.end_ms, report.zone),
                    plain(story.why_not_counted(window, report.zone)),
                )
                for window in service.maintenance
            ],
        )


def _slo(slo: SloReport) -> Iterator[str]:
    yield from (f"### {plain(slo.name)}: {story.result(slo)}", "")
    if not slo.tally.kept:
        yield from (f"No sample of this {slo.span.NOUN} is kept: availability is unknown.", "")
        return
    yield from _table(
        ("What", "Value"),
        [
            ("Objective", plain(story.promise(slo))),
            ("Available, by events", f"{story.by_events(slo)} ({story.events(slo)})"),
            (
                "Available, by time",
                f"{story.by_time(slo)} ({story.verdict(slo.met_by_time)})",
            ),
            *([("Parts", story.parts(slo))] if story.parts(slo) else []),
            *([("Locations", story.reach(slo))] if slo.reach else []),
            ("Downtime", story.downtime(slo)),
            ("Budget used", story.budget(slo)),
            ("Coverage", story.coverage(slo)),
            ("Unknown", story.unknown_time(slo)),
            ("Not counted", story.not_counted(slo)),
        ],
    )
    looks = [strip.look(part, slo.objective) for part in slo.parts]
    legend = ", ".join(f"{look.mark} {look.word}" for look in strip.Look if look in looks)
    yield from (f"`{''.join(look.mark for look in looks)}` ({legend})", "")
    if not isinstance(slo.span, Month):
        yield from _spans("Month", slo, [part for part in slo.parts if part.tally])
    if slo.before:
        yield from _spans(f"{slo.span.NOUN.capitalize()} before", slo, slo.before)


def _spans(head: str, slo: SloReport, each: Sequence[Part | Before]) -> Iterator[str]:
    """One row each."""
    yield from _table(
        (head, "Available:", "Coverage:", "Result", "Budget used:"),
        [
            (
                one.span.short,
                *strip.few(one.tally, slo.objective),
                story.verdict(one.tally.met(slo.objective)),
                words.used(one.tally.consumed(slo.objective)),
            )
            for one in each
            if one.tally
        ],
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; a head that ends in a colon is of a column of numbers, set at the right."""
    yield "| " + " | ".join(head.rstrip(":") for head in heads) + " |"
    yield "|" + "|".join("---:" if head.endswith(":") else "---" for head in heads) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def plain(text: str) -> str:
    """*text* with nothing in it that Markdown would take for its own, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
