"""Calendar expressions of systemd (``OnCalendar``) as cron expressions."""

from __future__ import annotations

import re

from synthetics.convert.hours import known

_SHORT = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"(?:(\*)|(\d+)(?:\.\.(\d+))?)(?:/(\d+))?")
_DATE = re.compile(r"(?:([^-~\s]+)-)?([^-~\s]+)([-~])([^-~\s]+)")


class Unsaid(Exception):
    """No cron expression says that; the message says why."""


def as_cron(written: str) -> tuple[str, str]:
    """
    One expression, or several on lines of their own.

    Returns:
        The five fields, and the name of a time zone or nothing.

    Raises:
        Unsaid: No one expression of cron comes at these times.
    """
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    if not lines:
        raise Unsaid("it is empty")
    several = [_one(line) for line in lines]
    zones = {zone for _, zone in several}
    if len(zones) > 1:
        raise Unsaid("it goes by the clocks of several time zones")
    fields = [list(column) for column in zip(*(cron for cron, _ in several), strict=True)]
    different = [column for column in fields if len(set(column)) > 1]
    if len(different) > 1:
        raise Unsaid("its lines differ in more than one field")
    return " ".join(",".join(dict.fromkeys(column)) for column in fields), zones.pop()


def _one(line: str) -> tuple[list[str], str]:
    words = line.split()
    zone = ""
    if len(words) > 1 and known(words[-1]) and not re.match(r"[\d*]", words[-1]):
        zone = words.pop()
    if len(words) == 1 and words[0].lower() in _SHORT:
        words = _SHORT[words[0].lower()].split()
    weekday, month, day = "*", "*", "*"
    if words and words[0][:3].lower() in _DAYS:
        weekday = _weekdays(words.pop(0).rstrip(","))
    if words and (date := _DATE.fullmatch(words[0])):
        month, day = _date(*date.groups())
        words.pop(0)
    clock = words.pop(0).split(":") if words else ["00", "00"]
    if words or len(clock) not in (2, 3):
        raise Unsaid("it is not understood")
    if clock[2:] and clock[2] not in ("0", "00"):
        raise Unsaid("cron knows no seconds")
    if "*" not in (day, weekday):
        raise Unsaid("a day of the month that must be a day of the week too")
    return [_field(clock[1], 59), _field(clock[0], 23), day, month, weekday], zone


def _date(year: str | None, month: str, sign: str, day: str) -> tuple[str, str]:
    if year not in (None, "*"):
        raise Unsaid("cron knows no years")
    if sign == "~":
        if day.lstrip("0") != "1":
            raise Unsaid("of the days before the end of a month cron knows the last only")
        return _field(month, 12), "L"
    return _field(month, 12), _field(day, 31)


def _weekdays(text: str) -> str:
    found = []
    for part in text.split(","):
        first, _, last = part.lower().partition("..")
        days = [one[:3] for one in (first, last) if one]
        if not set(days) <= set(_DAYS):
            raise Unsaid(f"`{part}` is no day of the week")
        found.append("-".join(str(_DAYS.index(one) + 1) for one in days))
    return ",".join(found)


def _field(text: str, highest: int) -> str:
    """One field, of which *highest* is the last value."""
    found = []
    for part in text.split(","):
        parsed = _PART.fullmatch(part)
        if parsed is None:
            raise Unsaid(f"`{part}` is not understood")
        star, first, last, step = parsed.groups()
        if star:
            value = "*"
        elif last:
            value = f"{int(first)}-{int(last)}"
        else:
            value = f"{int(first)}-{highest}" if step else str(int(first))
        found.append(f"{value}/{int(step)}" if step else value)
    return ",".join(found)
