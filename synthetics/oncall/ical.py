"""Who is on call as an iCalendar feed (RFC 5545), for the calendars that people look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from synthetics.oncall.rotation import Rotation, Shift

LONGEST_LINE = 75
"""Octets of a line, without its end."""

LOOK_BACK_MS = 60 * 86_400_000
"""How far back the beginning of a shift is looked for that goes on."""


def feed(
    rotations: Sequence[Rotation],
    names: Mapping[str, str],
    *,
    from_ms: int,
    to_ms: int,
    stamp_ms: int,
    person: str | None = None,
) -> str:
    """
    The shifts that touch ``[from_ms, to_ms)``, one event each.

    The same shift has the same UID in every feed, so that a calendar that is subscribed to it
    follows a change rather than showing it twice.

    Args:
        rotations: Whose shifts.
        names: What people are called, by identifier.
        from_ms: What the feed speaks of begins here ...
        to_ms: ... and ends here.
        stamp_ms: When it was made.
        person: Only the shifts of this one.
    """
    title = rotations[0].name if len(rotations) == 1 else "On call"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Synthetics//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(title)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for rotation in rotations:
        cut = from_ms - LOOK_BACK_MS
        for shift in rotation.shifts(cut, to_ms):
            if shift.to_ms > from_ms and shift.person and person in {None, shift.person}:
                lines += _event(rotation, shift, names, stamp_ms, since=shift.from_ms > cut)
    lines.append("END:VCALENDAR")
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line))


def _event(
    rotation: Rotation, shift: Shift, names: Mapping[str, str], stamp_ms: int, *, since: bool
) -> Iterator[str]:
    person = shift.person or ""
    when = _utc(shift.from_ms) if since else f"always-{person}"
    yield "BEGIN:VEVENT"
    yield f"UID:{rotation.id}-{when}@synthetics"
    yield f"DTSTAMP:{_utc(stamp_ms)}"
    yield f"DTSTART:{_utc(shift.from_ms)}"
    yield f"DTEND:{_utc(shift.to_ms)}"
    yield f"SUMMARY:{_text(f'{names.get(person, person)} is on call: {rotation.name}')}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _utc(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, tz=UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """*value* as TEXT: what separates is escaped."""
    for char in "\\;,":
        value = value.replace(char, f"\\{char}")
    return "\\n".join(value.splitlines())


def _folded(line: str) -> Iterator[str]:
    """*line* in pieces of at most `LONGEST_LINE` octets, no character torn; later ones indented."""
    piece, room = "", LONGEST_LINE
    for char in line:
        octets = len(char.encode())
        if octets > room:
            yield piece
            piece, room = " ", LONGEST_LINE - 1
        piece += char
        room -= octets
    yield piece
