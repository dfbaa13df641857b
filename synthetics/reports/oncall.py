"""Who is on call, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from synthetics import words
from synthetics.config.model import Config
from synthetics.config.model_oncall import Person
from synthetics.oncall.ical import feed
from synthetics.oncall.rotation import Rotation, Shift
from synthetics.reports import columns

DAY_MS = 86_400_000
AHEAD_DAYS = (15, 60, 371)
"""How far ahead hand-overs are looked for, until there are enough."""

FEED_DAYS = 90
HANDOVERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """
    One rotation at one instant.

    Attributes:
        now: The shift that goes on; it begins no earlier than it was asked for.
        until_ms: When it ends; ``None`` if it does not within a year.
        coming: Those after it.
    """

    rotation: Rotation
    now: Shift
    until_ms: int | None
    coming: tuple[Shift, ...]


def on_call(rotation: Rotation, at_ms: int, handovers: int = HANDOVERS) -> OnCall:
    """Who is on call at *at_ms*, and the next *handovers* hand-overs."""
    shifts: list[Shift] = []
    end_ms = at_ms
    for days in AHEAD_DAYS:
        end_ms = at_ms + days * DAY_MS
        shifts = rotation.shifts(at_ms, end_ms)
        if len(shifts) > handovers + 1:
            break
    now, *coming = shifts
    return OnCall(
        rotation=rotation,
        now=now,
        until_ms=None if now.to_ms == end_ms else now.to_ms,
        coming=tuple(coming[:handovers]),
    )


def as_json(config: Config, one: OnCall) -> dict[str, Any]:
    """*one* for programs: instants on the clock of the rotation."""
    zone = one.rotation.zone
    person = config.people.get(one.now.person or "")
    return {
        "rotation": one.rotation.id,
        "name": one.rotation.name,
        "timezone": zone.key,
        "at": words.iso(one.now.from_ms, zone),
        "person": one.now.person,
        "person_name": person.name if person else None,
        "receivers": list(person.receivers) if person else [],
        "until": None if one.until_ms is None else words.iso(one.until_ms, zone),
        "next": [
            {
                "person": shift.person,
                "person_name": config.people[shift.person].name if shift.person else None,
                "from": words.iso(shift.from_ms, zone),
            }
            for shift in one.coming
        ],
    }


def text(config: Config, found: Sequence[OnCall], cells: int) -> Iterator[str]:
    """*found* as a table for each rotation."""
    for place, one in enumerate(found):
        if place:
            yield ""
        zone = one.rotation.zone
        other = f"  {one.rotation.name}" if one.rotation.name != one.rotation.id else ""
        yield f"{one.rotation.id}{other}"
        until = "" if one.until_ms is None else f"until {words.moment(one.until_ms, zone)}"
        person = config.people.get(one.now.person or "")
        rows = [("  now", _name(config, one.now.person), until, _told_by(person))]
        rows += [
            (
                "  then",
                _name(config, shift.person),
                f"from {words.moment(shift.from_ms, zone)}",
                "",
            )
            for shift in one.coming
        ]
        yield from columns.table([("", "", "", ""), *rows], numbers=frozenset(), cells=cells)[1:]


def calendar(
    config: Config, rotations: Sequence[Rotation], at_ms: int, person: str | None = None
) -> str:
    """The shifts around *at_ms* and for three months on, as iCalendar."""
    return feed(
        rotations,
        {one.id: one.name for one in config.people.values()},
        from_ms=at_ms - 7 * DAY_MS,
        to_ms=at_ms + FEED_DAYS * DAY_MS,
        stamp_ms=at_ms,
        person=person,
    )


def _name(config: Config, person: str | None) -> str:
    if person is None:
        return "nobody"
    name = config.people[person].name
    return person if name == person else f"{name} ({person})"


def _told_by(person: Person | None) -> str:
    return f"told by {', '.join(person.receivers)}" if person else ""
