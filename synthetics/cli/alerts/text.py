"""Incidents as text for a terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence

import click

from synthetics import words
from synthetics.reports import columns
from synthetics.store.deliveries import Delivery, State
from synthetics.store.events import Event
from synthetics.store.incidents import Alert
from synthetics.web.alerts import Told

WIDE = 200
INDENT = "  "

_LOOKS = {"page": "red", "ticket": "yellow"}


def lines(found: Sequence[Told], at_ms: int, *, days: int) -> Iterator[str]:
    """What to print of *found*, the state of things at *at_ms*."""
    still = sum(1 for one in found if one.incident.closed_ms is None)
    ended = len(found) - still
    late = sum(1 for one in found for delivery in one.deliveries if delivery.state is State.OWED)
    said = [f"{words.many(still, 'incident')} open" if still else "No incident is open"]
    if days:
        said.append(f"{ended or 'none'} ended in the last {words.many(days, 'day')}")
    if late:
        said.append(f"{words.many(late, 'message')} owed")
    yield ", ".join(said) + "."
    for one in found:
        yield ""
        yield from _incident(one, at_ms)


def _incident(one: Told, at_ms: int) -> Iterator[str]:
    incident = one.incident
    is_open = incident.closed_ms is None
    head = f"{'open' if is_open else 'over'}  {incident.severity}  {incident.id}"
    colour = _LOOKS.get(incident.severity) if is_open else None
    yield click.style(head, fg=colour, bold=is_open) + f"  {incident.summary}"
    began_ms = incident.opened_ms if incident.since_ms is None else incident.since_ms
    end_ms = at_ms if incident.closed_ms is None else incident.closed_ms
    lasted = words.about(max(end_ms - began_ms, 0))
    until = f"for {lasted}" if is_open else f"to {words.iso(end_ms)}, {lasted}"
    yield f"{INDENT}{incident.service}, since {words.iso(began_ms)}, {until}"
    for answer in one.answers:
        said = f": {answer.note}" if answer.note else ""
        yield f"{INDENT}taken on by {answer.author} at {words.iso(answer.at_ms)}{said}"
    if is_open and incident.severity == "page" and not one.answers:
        yield f"{INDENT}nobody has taken it on"
    yield from _table(
        [("ALERT", "SEVERITY", "FIRED", "RESOLVED", "BECAUSE"), *map(_alert, one.alerts)],
        frozenset(),
    )
    if one.events:
        yield from _table([("WHEN", "WHAT", "WHY"), *map(_event, one.events)], frozenset())
    if one.deliveries:
        yield from _table(
            [
                ("TOLD", "WHAT", "STATE", "TRIES", "OWED SINCE", "LAST FAILURE"),
                *(_delivery(each, at_ms) for each in one.deliveries),
            ],
            frozenset({3}),
        )
    else:
        yield f"{INDENT}nobody was to be told"


def _alert(one: Alert) -> tuple[str, ...]:
    return (
        f"{one.slo}/{one.tier}",
        one.severity,
        words.iso(one.fired_ms),
        "fires" if one.resolved_ms is None else words.iso(one.resolved_ms),
        one.resolution or (f"held by {one.held}" if one.held else ""),
    )


def _event(one: Event) -> tuple[str, ...]:
    whose = one.receiver or (f"{one.slo}/{one.tier}" if one.slo else "")
    return words.iso(one.at_ms), f"{one.kind}: {whose}" if whose else one.kind, one.detail


def _delivery(one: Delivery, at_ms: int) -> tuple[str, ...]:
    state = one.state.value
    if one.state is State.OWED:
        state += f" for {words.about(max(at_ms - one.owed_ms, 0))}"
    failure = ": ".join(part for part in (one.reason, one.detail) if part)
    return (
        one.receiver,
        f"{one.event} ({one.severity})",
        state,
        str(one.attempts),
        words.iso(one.owed_ms),
        failure,
    )


def _table(rows: Sequence[Sequence[str]], numbers: frozenset[int]) -> Iterator[str]:
    cells = shutil.get_terminal_size((WIDE, 24)).columns if sys.stdout.isatty() else WIDE
    for number, line in enumerate(columns.table(rows, numbers=numbers, cells=cells - len(INDENT))):
        yield INDENT + (click.style(line, dim=True) if number == 0 else line)
