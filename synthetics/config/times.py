"""The types of times that recur and of times on a wall: ``mon-fri``, ``09:00-18:00``, a day."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from probes.fields import Refused, said
from synthetics.oncall.hours import DAYS, MINUTES

EN_DASH = "\N{EN DASH}"
"""What people write between two days or times, as well as a hyphen."""
_DAY = "|".join("".join(f"[{char.upper()}{char}]" for char in day) for day in DAYS)
DAYS_PATTERN = rf"^({_DAY})([-{EN_DASH}]({_DAY}))?$"
TIMES_PATTERN = rf"^([01][0-9]|2[0-3]):[0-5][0-9][-{EN_DASH}](([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
WALL_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]$"

Days = tuple[int, ...]
"""Days of the week, 0 is Monday."""


def parse_days(value: object) -> str:
    """
    Check ``mon``, ``mon-fri``, ``Mon–Fri`` or ``sat-mon``.

    Raises:
        Refused: Something else.
    """
    if not isinstance(value, str) or not re.fullmatch(DAYS_PATTERN, value):
        raise Refused(f"{said(value)} is no day of the week", mend="write it as mon or mon-fri")
    return value


def days(text: str) -> Days:
    """The days that `parse_days` took; those of ``sat-mon`` are three."""
    first, _, last = text.replace(EN_DASH, "-").lower().partition("-")
    begin = DAYS.index(first)
    return tuple((begin + n) % 7 for n in range((DAYS.index(last or first) - begin) % 7 + 1))


def parse_times(value: object) -> tuple[int, int]:
    """
    Read ``09:00-18:00`` as minutes from midnight; ``22:00-06:00`` ends on the next day.

    Raises:
        Refused: Something else, or no time at all.
    """
    if not isinstance(value, str) or not re.fullmatch(TIMES_PATTERN, value):
        raise Refused(
            f"{said(value)} is no time from and to",
            mend="write it as 09:00-18:00, until midnight as 18:00-24:00",
        )
    parts = value.replace(EN_DASH, "-").split("-")
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in parts)
    if begin == end:
        raise Refused(f"`{value}` ends when it begins", mend="write 00:00-24:00 for the whole day")
    return begin, end if end > begin else end + MINUTES


def parse_pieces(value: object) -> list[tuple[int, int]]:
    """
    Read one time from and to, or several.

    Raises:
        Refused: As `parse_times`.
    """
    if not isinstance(value, list):
        return [parse_times(value)]
    found = []
    for place, each in enumerate(value):
        try:
            found.append(parse_times(each))
        except Refused as refused:
            raise Refused(refused.what, mend=refused.mend, at=(place,)) from None
    if not found:
        raise Refused("an empty list is no time", mend="leave the day out")
    return found


def parse_day(value: object) -> date:
    """
    Read ``2026-12-31``.

    Raises:
        Refused: Not a day.
    """
    try:
        if isinstance(value, str) and re.fullmatch(DAY_PATTERN, value):
            return date.fromisoformat(value)
    except ValueError as error:
        raise Refused(f"`{value}` is no day: {error}", mend="write it as 2026-12-31") from None
    raise Refused(f"{said(value)} is no day", mend="write it as 2026-12-31")


def parse_wall(value: object) -> datetime:
    """
    Read ``2026-11-02T09:00``, as the clock on a wall shows it.

    Raises:
        Refused: Not that, or with an offset: the time zone is said beside it.
    """
    if isinstance(value, str) and re.fullmatch(WALL_PATTERN, value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise Refused(f"`{value}` is no time: {error}", mend="mend the day") from None
    longer = re.fullmatch(r"(.{16})(:\d\d)?(Z|[+-]\d\d:\d\d)", str(value))
    if longer and re.fullmatch(WALL_PATTERN, longer[1]):
        raise Refused(
            f"{said(value)} has an offset, but the clock of `timezone` is meant",
            mend=f"write {longer[1]}",
        )
    raise Refused(f"{said(value)} is no day and time", mend="write it as 2026-11-02T09:00")


DaysOfWeek = Annotated[
    str,
    BeforeValidator(parse_days),
    WithJsonSchema({"type": "string", "pattern": DAYS_PATTERN, "examples": ["mon-fri"]}),
]
_TIMES = {"type": "string", "pattern": TIMES_PATTERN, "examples": ["09:00-18:00"]}
Times = Annotated[
    list[tuple[int, int]],
    BeforeValidator(parse_pieces),
    WithJsonSchema({"anyOf": [_TIMES, {"type": "array", "minItems": 1, "items": _TIMES}]}),
]
Day = Annotated[
    date,
    BeforeValidator(parse_day),
    WithJsonSchema({"type": "string", "pattern": DAY_PATTERN, "examples": ["2026-12-31"]}),
]
Wall = Annotated[
    datetime,
    BeforeValidator(parse_wall),
    WithJsonSchema({"type": "string", "pattern": WALL_PATTERN, "examples": ["2026-11-02T09:00"]}),
]
