"""The report on a terminal: 80 columns, the answer first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetics import words
from synthetics.reports import columns, rules, story, strip
from synthetics.reports.model import Before, Part, Report, ServiceReport, SloReport, Trouble
from synthetics.reports.spans import Month

CELLS = 80
HEADS = ("Service", "SLO", "Objective", "Available", "Known", "Result", "Budget used")


def render(report: Report) -> str:
    """*report* as lines of at most 80 columns."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    if report.label:
        yield from columns.wrap(report.label, CELLS - 4, first="*** ", others="*** ")
        yield ""
    yield story.title(report)
    yield "═" * CELLS
    yield from columns.wrap(story.answer(report), CELLS)
    yield from columns.wrap(story.standing(report), CELLS)
    if report.unpromised:
        yield from columns.wrap(story.unpromised(report), CELLS)
    rows = [HEADS, *(_row(service, slo) for service in report.services for slo in service.slos)]
    if len(rows) > 1:
        yield ""
        heads, *lines = columns.table(rows, numbers=frozenset({2, 3, 4, 6}), cells=CELLS)
        yield from (heads, "─" * columns.width(heads), *lines)
    for service in report.services:
        yield from _service(report, service)
    if report.services:
        yield from ("", "How this was counted", "─" * CELLS)
        for rule in rules.gathered(report):
            whose = f"({', '.join(rule.slos)}) " if rule.slos else ""
            yield from columns.wrap(
                whose + rule.text, CELLS, first=f"{rule.number:<4} ", others=" " * 5
            )


def _row(service: ServiceReport, slo: SloReport) -> tuple[str, ...]:
    result = story.verdict(slo.met)
    return (
        service.name,
        slo.name,
        words.objective(slo.objective),
        story.by_events(slo),
        story.coverage(slo),
        result.upper() if slo.met is False else result,
        story.budget_events(slo),
    )


def _service(report: Report, service: ServiceReport) -> Iterator[str]:
    owner = f" · owner {service.owner}" if service.owner else ""
    yield from ("", columns.clip(story.named(service) + owner, CELLS), "─" * CELLS)
    for slo in service.slos:
        yield from _slo(slo)
    if service.incidents:
        yield "  Incidents"
        for trouble in service.incidents:
            yield from _incident(report, trouble)
    elif any(slo.tally.kept for slo in service.slos):
        yield "  Incidents        none"
    for window in service.maintenance:
        when = words.span(window.start_ms, window.end_ms, report.zone)
        why = story.why_not_counted(window, report.zone)
        yield from _field("Not counted", f"{when}, {why}")


def _slo(slo: SloReport) -> Iterator[str]:
    name = slo.name if slo.name == slo.id else f"{slo.name} ({slo.id})"
    result = story.result(slo).upper()
    said = f"{name}: " + (result if slo.met is None else f"{story.by_events(slo)}, {result}")
    yield from columns.wrap(said, CELLS, others="  ")
    if not slo.tally.kept:
        yield from (*_field("Samples", f"none kept of this {slo.span.NOUN}: unknown"), "")
        return
    yield from _field("Objective", story.promise(slo))
    yield from _field("By events", f"{story.by_events(slo)}  {story.events(slo)}")
    yield from _field("By time", f"{story.by_time(slo)}  {story.verdict(slo.met_by_time)}")
    if story.parts(slo):
        yield from _field("Parts", story.parts(slo))
    if slo.reach:
        yield from _field("Locations", story.reach(slo))
    yield from _field("Downtime", story.downtime(slo))
    yield from _field("Budget used", story.budget(slo))
    yield from _field(
        "Coverage",
        f"{story.coverage(slo)} known; not counted {story.not_counted(slo)}, "
        f"unknown {story.unknown_time(slo)}",
    )
    months = [] if isinstance(slo.span, Month) else slo.parts
    if not months:
        yield from _days(slo)
    yield from _spans("Months", slo, months)
    yield from _spans(f"{slo.span.NOUN.capitalize()}s before", slo, slo.before)
    tallies = [one.tally for one in months] + [one.tally for one in slo.before]
    used = [
        share for tally in tallies if tally and (share := tally.consumed(slo.objective)) is not None
    ]
    if used:
        over = ["> more than all of it"] if max(used) > 1 else []
        yield from _legend(["█ budget used", *over])
    yield ""


def _days(slo: SloReport) -> Iterator[str]:
    looks = [strip.look(day, slo.objective) for day in slo.parts]
    yield from _field("Days", "".join(look.mark for look in looks))
    yield from _field("", "".join(f"{day:<7}" for day in (1, 8, 15, 22, 29)).rstrip())
    seen = [look for look in strip.Look if look in looks]
    yield from _legend([f"{look.mark} {look.word}" for look in seen])


def _legend(items: Sequence[str]) -> Iterator[str]:
    """*items* side by side, none of them broken over two lines."""
    unbroken = "   ".join(item.replace(" ", "\u00a0") for item in items)
    for line in _field("", unbroken):
        yield line.replace("\u00a0", " ")


def _spans(head: str, slo: SloReport, each: Sequence[Part | Before]) -> Iterator[str]:
    """One line each."""
    widest = max((len(one.span.short) for one in each), default=0)
    for one in each:
        said = f"{one.span.short:<{widest}}"
        if one.tally is None:
            said += columns.right(strip.Look.COMING.word, 10)
        else:
            available, known = strip.few(one.tally, slo.objective)
            said += columns.right(available, 10)
            if one.tally.kept:
                said += f"  {story.verdict(one.tally.met(slo.objective)):<7}"
                said += f"  {strip.budget_bar(one.tally, slo.objective, 19):<19}  {known} known"
        yield (columns.left(f"  {head}", 19) + said).rstrip()
        head = ""


def _incident(report: Report, trouble: Trouble) -> Iterator[str]:
    when = words.span(trouble.start_ms, trouble.end_ms, report.zone)
    yield f"    {when}, {story.length(trouble, report.as_of_ms)}"
    said = f"{story.cause(trouble)}; {trouble.severity} after {story.detection(trouble)}"
    yield from columns.wrap(said, CELLS, first=" " * 6, others=" " * 6)


def _field(name: str, value: str) -> Iterator[str]:
    lead = columns.left(f"  {name}", 19)
    yield from columns.wrap(value, CELLS, first=lead, others=" " * 19)
