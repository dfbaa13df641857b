"""
Samples from JSON lines, one object a line:

    {"probe": "checkout", "location": "local", "scheduled_at": "2026-10-01T00:00:00Z",
     "outcome": "good", "confirmed": "good", "duration_s": 0.123, "reason": ""}

Only *probe*, *scheduled_at* and *outcome* must be there.  A mistake is named with its line and,
where it has one, its column; what else is in the file can still be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.result import Outcome
from synthetics.config.words import clip, did_you_mean
from synthetics.store.bare import NO_REASON, Bare, Kind
from synthetics.store.codes import NUMBERS
from synthetics.words import many

FIELDS = ("probe", "location", "scheduled_at", "outcome", "confirmed", "duration_s", "reason")
OUTCOMES = tuple(outcome.value for outcome in NUMBERS)
LONGEST_S = 366 * 86_400
LONGEST_TEXT = 100
"""Characters of a location or a reason; they are words to group by, not messages."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DECODE = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """
    One line that cannot be taken.

    Attributes:
        line: From 1.
        column: From 1; 0 where the line as a whole is meant.
        what: What is wrong, one line.
        mend: How to mend it, one line; may be empty.
    """

    line: int
    column: int
    what: str
    mend: str

    def at(self, file: str) -> str:
        """The mistake with its place in *file*, and how to mend it."""
        place = f"{file}:{self.line}:{self.column}" if self.column else f"{file}:{self.line}"
        return f"{place}: {self.what}" + (f"\n  to mend: {self.mend}" if self.mend else "")


class _Bad(ValueError):
    """What is wrong with the value of a key, or with the line as a whole."""

    def __init__(self, key: str, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.key = key
        self.what = what
        self.mend = mend


class Lines:
    """
    Reads lines for a configuration.

    Args:
        probes: Identifiers that there are.
        location: Where a sample was asked from if it does not say so.
        now_ms: The present; what is due later cannot have been seen.

    Attributes:
        samples: What was read so far.
        bad: What could not be.
    """

    def __init__(self, probes: Iterable[str], location: str, now_ms: int) -> None:
        self._probes = tuple(probes)
        self._location = location
        self._now_ms = now_ms
        self._kinds: dict[tuple[Any, ...], int] = {}
        self.samples = Bare()
        self.bad: list[BadLine] = []

    def read(self, lines: Iterable[str]) -> None:
        """Read all *lines*, the first being line 1; empty ones are passed over."""
        samples, kinds, now_ms = self.samples, self._kinds, self._now_ms
        for number, line in enumerate(lines, 1):
            text = line.strip(" \t\r\n")
            if not text:
                continue
            try:
                data, end = _DECODE(text)
                if end != len(text) or type(data) is not dict:
                    raise _Bad("", "more than one JSON object a line, or none", f"write {_SHAPE}")
                at_ms = _instant(data.pop("scheduled_at", None), now_ms)
                took_us = _duration(data.pop("duration_s", 0))
                said = tuple(map(data.pop, _WORDS, _NOTHING))
                kind = kinds.get(said)
                if kind is None:
                    kind = self._new_kind(said)
                if data:
                    self._refuse_key(next(iter(data)))
            except (ValueError, RecursionError) as error:
                self.bad.append(_bad_line(number, line, text, error))
            except TypeError:
                key = next(key for key, value in zip(_WORDS, said, strict=True) if _group(value))
                self.bad.append(
                    _bad_line(number, line, text, _Bad(key, f"`{key}` is not text", "write text"))
                )
            else:
                samples.scheduled_ms.append(at_ms)
                samples.duration_us.append(took_us)
                samples.kind.append(kind)

    def _new_kind(self, said: tuple[Any, ...]) -> int:
        probe, location, outcome, confirmed, reason = said
        if probe is None:
            raise _Bad("", "`probe` is missing", "add it")
        if probe not in self._probes:
            raise _Bad(
                "probe",
                f"there is no probe `{clip(str(probe))}` in the configuration",
                did_you_mean(str(probe), self._probes, none="add it below `probes`"),
            )
        if outcome is None:
            raise _Bad("", "`outcome` is missing", f"add it: {', '.join(OUTCOMES)}")
        first = _outcome("outcome", outcome)
        after = first if confirmed is None else _outcome("confirmed", confirmed)
        if after is not first and first is not Outcome.BAD:
            raise _Bad(
                "confirmed",
                f"only a bad sample is asked again, so one that is {first} stays {first}",
                "leave `confirmed` out",
            )
        location = self._location if location is None else _text("location", location)
        reason = _text("reason", reason) if reason else ""
        if reason and first is Outcome.GOOD:
            raise _Bad("reason", "a good sample has no reason", "leave `reason` out")
        if not reason and first is not Outcome.GOOD:
            reason = NO_REASON
        kinds = self.samples.kinds
        kinds.append(Kind(probe, location, NUMBERS[first], NUMBERS[after], reason))
        self._kinds[said] = len(kinds) - 1
        return len(kinds) - 1

    @staticmethod
    def _refuse_key(key: str) -> None:
        raise _Bad(key, f"there is no key `{clip(key)}` in a result", did_you_mean(key, FIELDS))


_WORDS = ("probe", "location", "outcome", "confirmed", "reason")
_NOTHING = (None,) * len(_WORDS)
_SHAPE = '{"probe": …, "scheduled_at": …, "outcome": …}'


def _instant(value: object, now_ms: int) -> int:
    if value is None:
        raise _Bad("", "`scheduled_at` is missing", "add it, such as 2026-10-01T00:00:00Z")
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]  # else a TypeError
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _Bad(
            "scheduled_at",
            f"{_shown(value)} is no time with an offset",
            "write it as 2026-10-01T00:00:00Z or 2026-10-01T02:00:00+02:00",
        )
    at_ms = (moment - _EPOCH) // _MILLISECOND
    if at_ms < 0:
        raise _Bad("scheduled_at", f"{_shown(value)} is before 1970", "look at the year")
    if at_ms > now_ms:
        raise _Bad(
            "scheduled_at",
            f"{_shown(value)} is still to come, so nothing can have been seen",
            "look at the date and the offset, and at the clock of this machine",
        )
    return at_ms


def _duration(value: object) -> int:
    if type(value) not in (float, int) or not 0 <= value <= LONGEST_S:  # type: ignore[operator]
        raise _Bad(
            "duration_s",
            f"{_shown(value)} is no number of seconds from 0 to a year",
            "write seconds, such as 0.123, or leave it out",
        )
    return round(value * 1_000_000)  # type: ignore[operator]


def _outcome(key: str, value: object) -> Outcome:
    if value not in OUTCOMES:
        raise _Bad(key, f"{_shown(value)} is no outcome", did_you_mean(str(value), OUTCOMES))
    return Outcome(value)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _Bad(key, f"{_shown(value)} is not text", "put it in quotes")
    if not value or len(value) > LONGEST_TEXT or not value.isprintable():
        raise _Bad(
            key,
            f"{_shown(value)} is not 1 to {LONGEST_TEXT} printable characters of UTF-8",
            "write a word to group by, such as timeout",
        )
    return value


def _group(value: object) -> bool:
    return isinstance(value, dict | list)


def _shown(value: object) -> str:
    if value == "":
        return "an empty text"
    return f"`{clip(value if isinstance(value, str) else json.dumps(value))}`"


def _bad_line(number: int, line: str, text: str, error: Exception) -> BadLine:
    indent = len(line) - len(line.lstrip(" \t\r\n"))
    if isinstance(error, json.JSONDecodeError):
        what = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return BadLine(line=number, column=indent + error.colno, what=what, mend=f"write {_SHAPE}")
    if not isinstance(error, _Bad):
        return BadLine(line=number, column=0, what=f"this cannot be read: {error}", mend="")
    column = 0
    if error.key:
        place = re.search(rf"{re.escape(json.dumps(error.key))}\s*:?\s*", text)
        column = indent + place.end() + 1 if place else 0
    return BadLine(line=number, column=column, what=error.what, mend=error.mend)


def listing(bad: Sequence[BadLine], file: str, most: int) -> str:
    """The first *most* of *bad* lines of *file*, and how many more there are."""
    shown = [each.at(file) for each in bad[:most]]
    if len(bad) > most:
        shown.append(f"… and {many(len(bad) - most, 'more bad line')}")
    return "\n".join(shown)
