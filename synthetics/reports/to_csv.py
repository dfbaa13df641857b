"""The report as a table for spreadsheets: one row an SLO, RFC 4180, numbers unrounded."""

from __future__ import annotations

import csv
import io

from synthetics import words
from synthetics.reports import policy_text, story
from synthetics.reports.model import Report, ServiceReport, SloReport

Cell = str | int | float | None

COLUMNS = (
    # after the one of what it is a report of
    *("state", "as_of", "label", "service", "service_name", "slo", "slo_name"),
    *("objective", "sli", "met", "met_by_time", "valid", "good", "bad", "excluded", "void"),
    *("up_s", "down_s", "excluded_s", "unknown_s", "availability_by_time", "coverage"),
    *("budget_consumed", "budget_remaining", "budget_time_s", "incidents", "timezone"),
    *("period_from", "period_to", "budget_period_consumed", "budget_period_remaining"),
    *("locations", "uptime", "reachability", "accounting"),
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a spreadsheet takes a text for a formula, and would run it."""


def render(report: Report) -> str:
    """One row an SLO, and one a service without any; unknown is empty, and lines end in CR LF."""
    sheet = io.StringIO(newline="")
    rows = csv.writer(sheet, lineterminator="\r\n")
    rows.writerow((report.span.NOUN, *COLUMNS))
    for service in report.services:
        for slo in service.slos:
            rows.writerow([_safe(cell) for cell in _row(report, service, slo)])
    for bare in report.unpromised:
        cells = (*_head(report), bare.id, bare.name, *[""] * (COLUMNS.index("met") - 5))
        rest = [""] * (len(COLUMNS) - len(cells))
        rows.writerow([_safe(cell) for cell in (*cells, "no objective", *rest)])
    return sheet.getvalue()


def _head(report: Report) -> tuple[Cell, ...]:
    return str(report.span), report.state.value, words.iso(report.as_of_ms), report.label


def _row(report: Report, service: ServiceReport, slo: SloReport) -> tuple[Cell, ...]:
    counts, time = slo.tally.counts, slo.tally.time
    return (
        *_head(report),
        *(service.id, service.name, slo.id, slo.name),
        *(words.decimal(slo.objective), words.machine(counts.sli)),
        *(story.verdict(slo.met), story.verdict(slo.met_by_time)),
        *(counts.valid, counts.good, counts.failed, counts.excluded, counts.void),
        *(words.seconds(time.up_ms), words.seconds(time.down_ms)),
        *(words.seconds(time.excluded_ms), words.seconds(time.unknown_ms)),
        *(words.machine(time.availability), words.machine(time.coverage)),
        *(words.machine(slo.budget.consumed), words.machine(slo.budget.remaining)),
        *(words.seconds(slo.budget.allowed_ms), len(slo.incidents), slo.period.zone.key),
        *(words.iso(slo.period.from_ms), words.iso(slo.period.to_ms)),
        words.machine(slo.budget.period_consumed),
        words.machine(slo.budget.period_remaining),
        *_locations(slo),
        policy_text.text(slo.rules),
    )


def _locations(slo: SloReport) -> tuple[Cell, ...]:
    reach = slo.reach
    if reach is None:
        return None, None, None
    return reach.locations, words.machine(reach.uptime), words.machine(reach.reachability)


def _safe(cell: Cell) -> Cell:
    """A text that a spreadsheet would run is set off with an apostrophe; numbers stay numbers."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA_STARTS) and cell != "-inf":
        return "'" + cell
    return cell
