"""The month on a terminal: 80 columns, the answer first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetics import words
from synthetics.reports import columns, rules, story, strip
from synthetics.reports.model import MonthReport, ServiceReport, SloReport, Trouble

CELLS = 80
HEADS = ("Service", "SLO", "Objective", "Available", "Known", "Result", "Budget used")


def render(report: MonthReport) -> str:
    """*report* as lines of at most 80 columns."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: MonthReport) -> Iterator[str]:
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


def _service(report: MonthReport, service: ServiceReport) -> Iterator[str]:
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
        yield from (*_field("Samples", "none kept of this month: unknown"), "")
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
    looks = [strip.look(day, slo.objective) for day in slo.days]
    yield from _field("Days", "".join(look.mark for look in looks))
    yield from _field("", "".join(f"{day:<7}" for day in (1, 8, 15, 22, 29)).rstrip())
    seen = [look for look in strip.Look if look in looks]
    yield from _legend([f"{look.mark} {look.word}" for look in seen])
    yield from _before(slo)
    yield ""


def _legend(items: Sequence[str]) -> Iterator[str]:
    """*items* side by side, none of them broken over two lines."""
    unbroken = "   ".join(item.replace(" ", "\u00a0") for item in items)
    for line in _field("", unbroken):
        yield line.replace("\u00a0", " ")


def _before(slo: SloReport) -> Iterator[str]:
    head = "Months before"
    for past in slo.before:
        said = words.month_short(past.month.year, past.month.number)
        available, known = strip.before(past, slo.objective)
        said += columns.right(available, 10)
        if past.tally.kept:
            said += f"  {story.verdict(past.tally.met(slo.objective)):<7}"
            said += f"  {strip.budget_bar(past, slo.objective, 19):<19}  {known} known"
        yield (columns.left(f"  {head}", 19) + said).rstrip()
        head = ""
    used = [past.consumed(slo.objective) for past in slo.before]
    if any(each is not None for each in used):
        over = any(each is not None and each > 1 for each in used)
        yield from _legend(["█ budget used", *(["> more than all of it"] if over else [])])


def _incident(report: MonthReport, trouble: Trouble) -> Iterator[str]:
    when = words.span(trouble.start_ms, trouble.end_ms, report.zone)
    yield f"    {when}, {story.length(trouble, report.as_of_ms)}"
    said = f"{story.cause(trouble)}; {trouble.severity} after {story.detection(trouble)}"
    yield from columns.wrap(said, CELLS, first=" " * 6, others=" " * 6)


def _field(name: str, value: str) -> Iterator[str]:
    lead = columns.left(f"  {name}", 19)
    yield from columns.wrap(value, CELLS, first=lead, others=" " * 19)
