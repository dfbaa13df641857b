"""A mark a day or a month: told apart by shape and by word, never by colour alone."""

from __future__ import annotations

import math
from enum import Enum
from fractions import Fraction

from synthetics import words
from synthetics.reports.model import Part, Tally

MOSTLY_KNOWN = Fraction(95, 100)
"""A day, or a month, of which less is known is not called free of failures."""


class Look(Enum):
    """What a part looks like; the value is (word, mark in text)."""

    WELL = ("no failure", "█")
    GAPS = ("no failure seen, partly unknown", "▓")
    HURT = ("failures, objective met", "▆")
    MISSED = ("objective missed", "▂")
    NOT_COUNTED = ("not counted", "m")
    UNKNOWN = ("unknown", "?")
    COMING = ("not yet", "·")

    @property
    def word(self) -> str:
        """Its name in the legend."""
        return self.value[0]

    @property
    def mark(self) -> str:
        """Its mark in a line of text."""
        return self.value[1]

    @property
    def slug(self) -> str:
        """Its name in a style sheet."""
        return self.name.lower().replace("_", "-")


def look(part: Part, objective: Fraction) -> Look:
    """How *part* looks beside *objective*, taken for that part alone."""
    if part.tally is None:
        return Look.COMING
    counts = part.tally.counts
    if not counts.valid:
        return Look.NOT_COUNTED if counts.excluded else Look.UNKNOWN
    if not counts.failed:
        known = part.tally.time.coverage
        return Look.WELL if known is None or known >= MOSTLY_KNOWN else Look.GAPS
    return Look.HURT if part.tally.met(objective) else Look.MISSED


def told(part: Part, objective: Fraction) -> str:
    """*part* in one line: ``Wed 14 Oct: 98.40%, 23 of 1,440 bad, down 23m``."""
    said = part.span.title
    kind = look(part, objective)
    if part.tally is None or not part.tally.known:
        return f"{said}: {kind.word}"
    counts, time = part.tally.counts, part.tally.time
    said += f": {words.availability(counts.sli, objective)}"
    if counts.failed:
        said += f", {words.count(counts.failed)} of {words.count(counts.valid)} bad"
    if time.down_ms:
        said += f", down {words.lost(time.down_ms)}"
    if time.excluded_ms:
        said += f", not counted {words.allowed(time.excluded_ms)}"
    if time.unknown_ms:
        said += f", unknown {words.lost(time.unknown_ms)}"
    return said


def few(tally: Tally, objective: Fraction) -> tuple[str, str]:
    """A span in a few characters: availability, or ``no data``, and coverage."""
    if not tally.kept:
        return "no data", ""
    return (
        words.availability(tally.counts.sli, objective),
        words.covered(tally.time.coverage),
    )


def budget_bar(tally: Tally, objective: Fraction, cells: int) -> str:
    """Which part of its budget a span used, as a bar; ``>`` at its end: more than all."""
    consumed = tally.consumed(objective)
    if consumed is None:
        return ""
    if consumed > 1:
        return "█" * (cells - 1) + ">"
    filled = math.ceil(consumed * cells)
    return "█" * filled + "░" * (cells - filled)
