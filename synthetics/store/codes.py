"""Both outcomes of a sample as one small number, and as the mark that the accounting counts."""

from __future__ import annotations

from probes.result import Outcome
from slo.timeline import Mark

OUTCOMES = (Outcome.GOOD, Outcome.BAD, Outcome.VOID)
NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}


def code(outcome: int, confirmed: int) -> int:
    """The code of a first *outcome* and what was *confirmed*, each as numbered in `OUTCOMES`."""
    return outcome * 3 + confirmed


def _mark(first: Outcome, confirmed: Outcome) -> Mark:
    if first is Outcome.GOOD:
        return Mark.GOOD
    if first is Outcome.VOID:
        return Mark.VOID
    return Mark.BAD if confirmed is Outcome.BAD else Mark.BLIP


MARKS: tuple[Mark, ...] = tuple(_mark(first, after) for first in OUTCOMES for after in OUTCOMES)
"""By code: what a sample is to an availability SLI."""
