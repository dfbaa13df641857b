"""Where the marks of a chart go: geometry for the HTML report's inline SVG, no markup."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from slo.budget import INFINITE, Rate
from synthetics import words
from synthetics.reports import story, strip
from synthetics.reports.model import SloReport
from synthetics.reports.strip import Look

WIDTH = 744
"""Both charts are drawn on a sheet this wide, so that their parts stand above each other."""
GAP = 3
MARGIN = 4
"""Room for the last point of a line."""
PLOT_TOP, PLOT_BOTTOM = 12, 112

SIGNS = {
    Look.WELL: "",
    Look.GAPS: "?",
    Look.HURT: "!",
    Look.MISSED: "✕",
    Look.NOT_COUNTED: "M",
    Look.UNKNOWN: "?",
    Look.COMING: "",
}
"""What stands inside a cell, so that colour is not needed to read it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A day or month of the strip: its place, look, name below it, and words for a pointer."""

    x: float
    width: float
    look: Look
    mark: str
    told: str

    @property
    def sign(self) -> str:
        """The character inside it."""
        return SIGNS[self.look]

    @property
    def middle(self) -> float:
        """Where text is centred."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Line:
    """
    The burn-down of a budget.

    Attributes:
        points: ``x,y`` pairs for a polyline, from the full budget to the last part known.
        zero: Height at which nothing is left.
        even: Points of the line along which the budget would last exactly.
        floor: The share that the bottom stands for, in words; below 0 % if overspent.
        end: Where the last point is, and what it says.
    """

    points: str
    zero: float
    even: str
    floor: str
    end: tuple[float, float, str]
    spent: bool


def cells(slo: SloReport) -> list[Cell]:
    """The daily strip."""
    each = WIDTH / len(slo.parts)
    return [
        Cell(
            x=round(number * each + GAP / 2, 2),
            width=round(each - GAP, 2),
            look=strip.look(part, slo.objective),
            mark=part.span.mark,
            told=strip.told(part, slo.objective),
        )
        for number, part in enumerate(slo.parts)
    ]


def summary(slo: SloReport) -> str:
    """The strip in one sentence, for those who do not see it."""
    looks = Counter(strip.look(part, slo.objective) for part in slo.parts)
    noun = slo.parts[0].span.NOUN
    return "; ".join(f"{words.many(looks[look], noun)} {look.word}" for look in Look if looks[look])


def burn_down(slo: SloReport) -> Line | None:
    """What was left of the budget at the end of each part; ``None`` where nothing is known."""
    left = [
        (number, Fraction(share))
        for number, part in enumerate(slo.parts, start=1)
        if (budget := slo.budget_after(part))
        and (share := budget.period_remaining) is not None
        and share != -INFINITE
    ]
    if not left:
        return None
    bottom = min(Fraction(0), *(share for _, share in left))
    each = (WIDTH - MARGIN) / len(slo.parts)

    def height(share: Fraction) -> float:
        part = float((1 - share) / (1 - bottom))
        return round(PLOT_TOP + part * (PLOT_BOTTOM - PLOT_TOP), 2)

    places = [(0.0, height(Fraction(1)))]
    places += [(round(number * each, 2), height(share)) for number, share in left]
    zero = height(Fraction(0))
    return Line(
        points=" ".join(f"{x},{y}" for x, y in places),
        zero=zero,
        even=f"0,{PLOT_TOP} {WIDTH},{zero}",
        floor=words.covered(bottom),
        end=(*places[-1], story.left(slo.budget.period_remaining)),
        spent=left[-1][1] < 0,
    )


def bar(share: Rate | None) -> float:
    """How much of a bar of 100 is filled by a share of budget; full when all or more is used."""
    return 0.0 if share is None else float(min(1, share)) * 100
